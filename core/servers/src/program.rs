//! Which programs are DHCP servers.

/// A DHCP server's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// dnsmasq, alone or of libvirt, Incus, LXD, Multipass, `NetworkManager` or vmkit.
    Dnsmasq,
    /// ISC's Kea.
    Kea,
    /// ISC dhcpd, and `VMware`'s, which is made from it.
    Isc,
    /// macOS's own, which the system starts on a request: its process is not looked for.
    Bootpd,
}

impl Program {
    /// The server that a process with these arguments is, by the name of its program.
    pub fn of(arguments: &[String]) -> Option<Self> {
        let name = arguments.first()?.rsplit('/').next()?;
        match name {
            "dnsmasq" => Some(Self::Dnsmasq),
            "kea-dhcp4" => Some(Self::Kea),
            "dhcpd" | "vmnet-dhcpd" => Some(Self::Isc),
            _ => None,
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dnsmasq => "dnsmasq",
            Self::Kea => "kea-dhcp4",
            Self::Isc => "dhcpd",
            Self::Bootpd => "bootpd",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_the_name_of_its_program() {
        let rows = [
            ("/usr/sbin/dnsmasq --conf-file=/x", Some(Program::Dnsmasq)),
            ("dnsmasq", Some(Program::Dnsmasq)),
            ("/usr/sbin/kea-dhcp4 -c /etc/kea/kea-dhcp4.conf", Some(Program::Kea)),
            ("/usr/bin/vmnet-dhcpd -s 6 vmnet8", Some(Program::Isc)),
            ("/usr/sbin/dhcpd -4", Some(Program::Isc)),
            ("/usr/sbin/kea-dhcp6 -c x", None),
            ("/bin/sh -c dnsmasq", None),
            ("", None),
        ];
        for (line, expected) in rows {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(Program::of(&arguments), expected, "{line}");
        }
        assert_eq!(Program::of(&[]), None);
    }
}
