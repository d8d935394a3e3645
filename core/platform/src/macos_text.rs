//! Parses the output of macOS's tools.

use std::{
    collections::HashMap,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use vmkit_types::{InterfaceKind, Prefix, Route};

/// Runs every parser on a text, for fuzzing.
pub fn parse_for_test(text: &str) {
    black_box((routes(text), listed_processes(text), inactive(text)));
    let types = types(text);
    for (port, bridge) in bridge_members(text) {
        black_box([port, bridge].map(|name| kind(name, types.get(name).copied())));
    }
}

/// The routes of IPv4 in the output of `netstat -rn`, without the neighbours among them. `None`: the text
/// has no table of them.
pub(crate) fn routes(text: &str) -> Option<Vec<Route>> {
    // The routes of IPv6 follow.
    let mut lines = text.lines().take_while(|line| line.trim() != "Internet6:");
    let header = lines.by_ref().find(|line| line.starts_with("Destination"));
    // Releases before 10.15 have two more columns before this one.
    let column = |name| header?.split_whitespace().position(|title| title == name);
    let (flags, interface) = (column("Flags")?, column("Netif")?);
    let route = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        // W: cloned for one neighbour. R and B: packets are dropped.
        if fields.get(flags)?.contains(['W', 'R', 'B']) {
            return None;
        }
        Some(Route {
            destination: destination(fields.first()?)?,
            gateway: fields.get(1)?.parse::<IpAddr>().ok(),
            interface: (*fields.get(interface)?).to_owned(),
        })
    };
    Some(lines.filter_map(route).collect())
}

/// Parses `default`, `192.168.1`, `224.0.0/4` or `192.168.1.254/32`. Trailing zero octets may be
/// missing, and without a length the number of octets gives it.
fn destination(text: &str) -> Option<Prefix> {
    if text == "default" {
        return Some(Prefix { address: Ipv4Addr::UNSPECIFIED.into(), length: 0 });
    }
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let mut octets = [0_u8; 4];
    let mut count = 0;
    for part in address.split('.') {
        *octets.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    let length = match length {
        Some(length) => length.parse().ok().filter(|length| *length <= 32)?,
        None => u8::try_from(8 * count).ok()?,
    };
    Some(Prefix { address: octets.into(), length })
}

/// The `type:` of each interface, from the output of `ifconfig -v`. It is in English everywhere.
pub(crate) fn types(text: &str) -> HashMap<&str, &str> {
    let mut interface = "";
    let mut types = HashMap::new();
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            interface = line.split(':').next().unwrap_or_default();
        } else if let Some(name) = line.strip_prefix("\ttype: ") {
            types.insert(interface, name.trim());
        }
    }
    types
}

/// Each port with its bridge, from the output of `ifconfig`.
pub(crate) fn bridge_members(text: &str) -> Vec<(&str, &str)> {
    let mut bridge = "";
    let mut members = Vec::new();
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            bridge = line.split(':').next().unwrap_or_default();
        } else if let Some(member) = line.trim_start().strip_prefix("member: ") {
            members.extend(member.split_whitespace().next().map(|member| (member, bridge)));
        }
    }
    members
}

/// The interfaces without a cable or access point, from the output of `ifconfig`. The flags `UP` and
/// `RUNNING` only describe the driver.
pub(crate) fn inactive(text: &str) -> Vec<&str> {
    let mut interface = "";
    let mut inactive = Vec::new();
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            interface = line.split(':').next().unwrap_or_default();
        } else if line.trim() == "status: inactive" {
            inactive.push(interface);
        }
    }
    inactive
}

/// The kind of an interface, by macOS's names and its `type:`. Wi-Fi and Ethernet are both called en.
pub(crate) fn kind(name: &str, type_name: Option<&str>) -> InterfaceKind {
    const BY_PREFIX: &[(&str, InterfaceKind)] = &[
        ("bridge", InterfaceKind::Bridge),
        ("vmenet", InterfaceKind::Tap),
        ("tap", InterfaceKind::Tap),
        ("utun", InterfaceKind::Vpn),
        ("ipsec", InterfaceKind::Vpn),
        ("ppp", InterfaceKind::Vpn),
        ("tun", InterfaceKind::Vpn),
        ("lo", InterfaceKind::Loopback),
        ("vlan", InterfaceKind::Ethernet),
    ];
    let numbered = |prefix| {
        let number: Option<&str> = name.strip_prefix(prefix);
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if numbered("en") {
        return match type_name {
            Some("Wi-Fi") => InterfaceKind::Wifi,
            Some("Ethernet" | "Wired" | "USB") => InterfaceKind::Ethernet,
            _ => InterfaceKind::Unknown,
        };
    }
    let row = BY_PREFIX.iter().find(|(prefix, _)| numbered(prefix));
    row.map_or(InterfaceKind::Unknown, |(_, kind)| *kind)
}

/// One line of `ps -ww -o pid=,uid=,ruid=,etime=,args=`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ListedProcess {
    pub(crate) pid: u32,
    pub(crate) effective_user: Option<u32>,
    pub(crate) user: Option<u32>,
    pub(crate) age: Option<Duration>,
    pub(crate) arguments: Vec<String>,
}

/// The processes in the output of `ps -ww -o pid=,uid=,ruid=,etime=,args=`.
pub(crate) fn listed_processes(text: &str) -> Vec<ListedProcess> {
    let process = |line: &str| {
        let mut rest = line;
        let mut column = || {
            let (column, behind) = rest.trim_start().split_once(' ')?;
            rest = behind;
            Some(column)
        };
        let (pid, effective_user, user) = (column()?.parse().ok()?, column()?, column()?);
        let age = elapsed(column()?);
        Some(ListedProcess {
            pid,
            effective_user: user_number(effective_user),
            user: user_number(user),
            age,
            arguments: split_options(rest.trim()),
        })
    };
    text.lines().filter_map(process).collect()
}

/// A user's number. That of nobody, 4294967294, is printed as -2 by some releases.
fn user_number(text: &str) -> Option<u32> {
    let signed = || text.parse::<i32>().ok().map(i32::cast_unsigned);
    text.parse().ok().or_else(signed)
}

/// Splits a joined command line before each option and after its name. `ps` does not mark where an
/// argument ends, and this keeps paths with spaces whole.
fn split_options(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    for (index, piece) in line.split(" -").enumerate() {
        if index == 0 {
            arguments.push(piece.to_owned());
            continue;
        }
        let (option, value) = piece.split_once(' ').map_or((piece, None), |(o, v)| (o, Some(v)));
        arguments.push(format!("-{option}"));
        arguments.extend(value.map(str::to_owned));
    }
    arguments
}

/// `[[days-]hours:]minutes:seconds`.
fn elapsed(text: &str) -> Option<Duration> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let mut seconds = 0_u64;
    for part in clock.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    let days = days.parse::<u64>().ok()?.checked_mul(86_400)?;
    days.checked_add(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETSTAT: &str = "Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.168.1.254      UGScg                 en0       
default            link#22            UCSIg           bridge100      !
127                127.0.0.1          UCS                   lo0       
127.0.0.1          127.0.0.1          UH                    lo0       
169.254            link#14            UCS                   en0      !
192.168.1          link#14            UCS                   en0      !
192.168.1.64       52:54:0:4b:5e:57   UHLWIi                en0   1180
192.168.1.254/32   link#14            UCS                   en0      !
192.168.105        link#22            UC              bridge100      !
224.0.0/4          link#14            UmCS                  en0      !
10.9               127.0.0.1          UGRS                  lo0

Internet6:
Destination                             Gateway                         Flags         Netif Expire
default                                 fe80::%utun0                    UGcIg         utun0
fe80::1c5a:8eff:fe34:1%bridge100        1e.5a.8e.34.0.1                 UHLWI     bridge100
";

    #[test]
    fn reads_routes_without_neighbours() {
        let found: Vec<_> = routes(NETSTAT)
            .unwrap()
            .iter()
            .map(|route| {
                let gateway = route.gateway.map_or_else(|| "-".to_owned(), |at| at.to_string());
                format!("{} {gateway} {}", route.destination, route.interface)
            })
            .collect();
        let expected = [
            "0.0.0.0/0 192.168.1.254 en0",
            "0.0.0.0/0 - bridge100",
            "127.0.0.0/8 127.0.0.1 lo0",
            "127.0.0.1/32 127.0.0.1 lo0",
            "169.254.0.0/16 - en0",
            "192.168.1.0/24 - en0",
            "192.168.1.254/32 - en0",
            "192.168.105.0/24 - bridge100",
            "224.0.0.0/4 - en0",
        ];
        assert_eq!(found, expected);
        let old = "Destination        Gateway            Flags        Refs      Use   Netif Expire
default            10.0.0.1           UGSc           92        0     en1\n";
        assert_eq!(routes(old).unwrap()[0].interface, "en1");
    }

    #[test]
    fn reads_no_routes_from_other_text() {
        let header = "Destination Gateway Flags Netif\n";
        for text in [
            "",
            "Destination\n1 2 3",
            "1.2.3.4.5 x U en0",
            "256 x U en0",
            "1/33 x U en0",
            "default",
        ] {
            assert_eq!(routes(text), None, "{text}");
            assert_eq!(routes(&format!("{header}{text}")), Some(Vec::new()), "{text}");
        }
    }

    #[test]
    fn the_kind_of_an_interface_is_read_in_every_language() {
        let text = "\
            en0: flags=8863<UP> mtu 1500 index 14\n\tether a4:83:e7:11:22:33\n\tstatus: active\n\
            \ttype: Wi-Fi\n\tagent domain:Skywalk type:NetIf flags:0xa443 desc:\"x\"\n\
            en4: flags=8863<UP> mtu 1500 index 15\n\ttype: Ethernet\n\
            en7: flags=8863<UP> mtu 1500 index 16\n\tstatus: active\n\
            bridge100: flags=8a63<UP> mtu 1500 index 20\n\ttype: Ethernet\n";
        let types = types(text);
        let kinds = [
            ("en0", InterfaceKind::Wifi),
            ("en4", InterfaceKind::Ethernet),
            ("en7", InterfaceKind::Unknown),
            ("bridge100", InterfaceKind::Bridge),
            ("vmenet0", InterfaceKind::Tap),
            ("utun3", InterfaceKind::Vpn),
            ("lo0", InterfaceKind::Loopback),
            ("awdl0", InterfaceKind::Unknown),
            ("llw0", InterfaceKind::Unknown),
        ];
        for (name, expected) in kinds {
            assert_eq!(kind(name, types.get(name).copied()), expected, "{name}");
        }
    }

    /// A Mac with an unplugged dock, a VM in a private network and a bridged one.
    const IFCONFIG: &str = "lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\toptions=1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>
\tinet 127.0.0.1 netmask 0xff000000
en0: flags=8963<UP,BROADCAST,SMART,RUNNING,PROMISC,SIMPLEX,MULTICAST> mtu 1500
\toptions=6460<TSO4,TSO6,CHANNEL_IO,PARTIAL_CSUM,ZEROINVERT_CSUM>
\tether a4:83:e7:11:22:33
\tinet 192.168.1.50 netmask 0xffffff00 broadcast 192.168.1.255
\tnd6 options=201<PERFORMNUD,DAD>
\tmedia: autoselect
\tstatus: active
en1: flags=8963<UP,BROADCAST,SMART,RUNNING,PROMISC,SIMPLEX,MULTICAST> mtu 1500
\tether 36:2d:83:2e:75:c0
\tmedia: autoselect <full-duplex>
\tstatus: inactive
bridge0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\toptions=63<RXCSUM,TXCSUM,TSO4,TSO6>
\tConfiguration:
\t\tid 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0
\t\tmaxage 0 holdcnt 0 proto stp maxaddr 100 timeout 1200
\t\troot id 0:0:0:0:0:0 priority 0 ifcost 0 port 0
\t\tipfilter disabled flags 0x0
\tmember: en1 flags=3<LEARNING,DISCOVER>
\t        ifmaxaddr 0 port 11 priority 0 path cost 0
\tmedia: <unknown type>
\tstatus: inactive
utun0: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
\tinet6 fe80::1%utun0 prefixlen 64 scopeid 0x13
vmenet0: flags=8963<UP,BROADCAST,SMART,RUNNING,PROMISC,SIMPLEX,MULTICAST> mtu 1500
\tether 9a:0c:ab:ee:9f:d7
\tmedia: autoselect
\tstatus: active
bridge100: flags=8a63<UP,BROADCAST,SMART,RUNNING,ALLMULTI,SIMPLEX,MULTICAST> mtu 1500
\toptions=3<RXCSUM,TXCSUM>
\tether a6:83:e7:4a:b6:64
\tinet 192.168.64.1 netmask 0xffffff00 broadcast 192.168.64.255
\tConfiguration:
\t\tid 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0
\tmember: vmenet0 flags=3<LEARNING,DISCOVER>
\t        ifmaxaddr 0 port 20 priority 0 path cost 0
\tnd6 options=201<PERFORMNUD,DAD>
\tmedia: autoselect
\tstatus: active
bridge101: flags=8a63<UP,BROADCAST,SMART,RUNNING,ALLMULTI,SIMPLEX,MULTICAST> mtu 1500
\tmember: en0 flags=8003<LEARNING,DISCOVER,MACNAT>
\t        ifmaxaddr 0 port 14 priority 0 path cost 0
\tmember: vmenet1 flags=10003<LEARNING,DISCOVER,CSUM>
\t        ifmaxaddr 0 port 25 priority 0 path cost 0
\tmedia: autoselect
\tstatus: active
";

    #[test]
    fn reads_ports_and_interfaces_without_a_carrier() {
        let members = [
            ("en1", "bridge0"),
            ("vmenet0", "bridge100"),
            ("en0", "bridge101"),
            ("vmenet1", "bridge101"),
        ];
        assert_eq!(bridge_members(IFCONFIG), members);
        assert_eq!(inactive(IFCONFIG), ["en1", "bridge0"]);
    }

    #[test]
    fn reads_command_lines_with_spaces_in_paths() {
        let text = "    1     0     0 02-03:04:05 /sbin/launchd
 4242     0   501    01:21 qemu-system-aarch64 -m 4096 -daemonize -drive file=/Users/u/VM Büro/vms/web/web.qcow2,if=virtio
  bad line
";
        let listed = listed_processes(text);
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].age, Some(Duration::from_secs(2 * 86_400 + 3 * 3600 + 4 * 60 + 5)));
        let expected = [
            "qemu-system-aarch64",
            "-m",
            "4096",
            "-daemonize",
            "-drive",
            "file=/Users/u/VM Büro/vms/web/web.qcow2,if=virtio",
        ];
        assert_eq!(listed[1].arguments, expected);
        assert_eq!(listed[1].age, Some(Duration::from_secs(81)));
        assert_eq!((listed[1].effective_user, listed[1].user), (Some(0), Some(501)));
        assert_eq!(elapsed("-"), None);
        let users = ["4294967294", "-2", "0", "x", ""].map(user_number);
        assert_eq!(users, [Some(4_294_967_294), Some(4_294_967_294), Some(0), None, None]);
    }
}
