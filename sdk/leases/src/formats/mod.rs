//! The formats of lease files, each parsed by a pure function.

mod dnsmasq;
mod isc;
mod kea;
mod libvirt;
mod macos;
mod parallels;

use crate::{Lease, NotThisFormat};

/// A format of lease files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `/var/db/dhcpd_leases` of macOS.
    MacOs,
    /// dnsmasq's own file.
    Dnsmasq,
    /// The status files of libvirt's helper for dnsmasq.
    Libvirt,
    /// The files of ISC dhcpd, and of `VMware`, which uses it.
    Isc,
    /// The file of Parallels.
    Parallels,
    /// The memory file of Kea.
    Kea,
}

impl Format {
    /// The leases in a file of this format, newest first as far as the file says so. Skips entries of
    /// another form.
    ///
    /// # Errors
    /// The text is not empty and nothing in it has this format.
    pub fn leases(self, text: &str) -> Result<Vec<Lease>, NotThisFormat> {
        match self {
            Self::MacOs => macos::leases(text),
            Self::Dnsmasq => dnsmasq::leases(text),
            Self::Libvirt => libvirt::leases(text),
            Self::Isc => isc::leases(text),
            Self::Parallels => parallels::leases(text),
            Self::Kea => kea::leases(text),
        }
    }

    /// The server that writes this format.
    pub const fn server(self) -> &'static str {
        match self {
            Self::MacOs => "macOS's DHCP server",
            Self::Dnsmasq => "dnsmasq",
            Self::Libvirt => "libvirt's dnsmasq",
            Self::Isc => "dhcpd",
            Self::Parallels => "Parallels' DHCP server",
            Self::Kea => "Kea",
        }
    }
}

#[cfg(test)]
mod hostile;

#[cfg(test)]
pub(crate) mod summary {
    //! Leases as lines, for tables of expectations.

    use super::{Format, Lease};
    use crate::lease::Validity;

    /// `ADDRESS MAC VALIDITY [LENGTH]`, one line for each lease.
    pub(crate) fn lines(format: Format, text: &str) -> Vec<String> {
        let leases = format.leases(text).unwrap_or_else(|_| panic!("not {format:?}"));
        leases.iter().map(line).collect()
    }

    fn line(lease: &Lease) -> String {
        let mac = lease.mac.map_or_else(|| "-".to_owned(), |mac| mac.to_string());
        let validity = match lease.validity {
            Validity::Ended => "ended".to_owned(),
            Validity::Until(end) => end.to_string(),
            Validity::Forever => "forever".to_owned(),
        };
        let length = lease.length.map_or_else(String::new, |length| format!(" {length}s"));
        format!("{} {mac} {validity}{length}", lease.address)
    }
}
