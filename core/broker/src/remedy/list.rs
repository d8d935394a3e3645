//! The commands that the broker runs, word by word.

/// `vm` itself, of the broker's own tree.
pub(super) const VM: &str = "vm";

/// The list: `{port}`, `{bridge}`, `{uplink}`, `{card}` and `{link}` are interfaces, `{subnet}` is a network
/// of this computer, `{data}` is a data directory and `{name}` a machine's name, which `vm` reads with the
/// rights of its user.
const LIST: &[&str] = &[
    "ip link set {port} master {bridge}",
    "ip link set {card} master {bridge}",
    "ip link add link {uplink} name vm-host type macvlan mode bridge",
    "ip route replace {subnet} dev {link}",
    "ip rule add to {subnet} priority 2500 lookup main",
    "ip link set {bridge} type bridge stp_state 0",
    "ip link set {uplink} up",
    "ip neigh flush dev {bridge}",
    "bridge link set dev {port} state 3",
    "bridge link set dev {port} isolated off",
    "iw dev {uplink} set 4addr on",
    "sysctl -w net.bridge.bridge-nf-call-iptables=0",
    "sysctl -w net.ipv4.ip_forward=1",
    "iptables -I FORWARD -i {bridge} -o {bridge} -j ACCEPT",
    "iptables -I FORWARD -i {bridge} -j ACCEPT",
    "iptables -I INPUT -i {bridge} -p udp --dport 67 -j ACCEPT",
    "systemctl restart dnsmasq",
    "dhcpcd -1 {bridge}",
    "vm hosts-sync --apply {name}",
    "vm --data-dir {data} hosts-sync --apply {name}",
    "ifconfig {uplink} up",
    "route -n add -net {subnet} -interface {link}",
    "defaults write /Library/Preferences/SystemConfiguration/com.apple.vmnet.plist Shared_Net_Address \
     -string 192.168.231.1",
    "arp -a -d",
    "/usr/libexec/ApplicationFirewall/socketfilterfw --add /usr/libexec/bootpd",
    "/usr/libexec/ApplicationFirewall/socketfilterfw --unblockapp /usr/libexec/bootpd",
];

/// What an argument stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The port of a machine of the user's.
    Port,
    /// A bridge.
    Bridge,
    /// An adapter of this computer.
    Uplink,
    /// A bridge or an adapter.
    Link,
    /// A network in which this computer has an address.
    Subnet,
    /// A data directory.
    DataDirectory,
    /// A machine's name.
    Name,
}

/// The arguments with their meanings, if the words are a command of the list.
pub(super) fn parse(words: &[String]) -> Option<Vec<(Meaning, &str)>> {
    LIST.iter().find_map(|template| matched(template, words))
}

fn matched<'a>(template: &str, words: &'a [String]) -> Option<Vec<(Meaning, &'a str)>> {
    let parts: Vec<&str> = template.split(' ').collect();
    if parts.len() != words.len() {
        return None;
    }
    let mut arguments: Vec<(Meaning, &str)> = Vec::new();
    for (part, word) in parts.into_iter().zip(words) {
        match meaning(part) {
            None if part == word => {}
            None => return None,
            Some(meaning) => {
                let same = |(other, value): &(Meaning, &str)| *other != meaning || value == word;
                if !arguments.iter().all(same) {
                    return None;
                }
                arguments.push((meaning, word));
            }
        }
    }
    Some(arguments)
}

fn meaning(part: &str) -> Option<Meaning> {
    Some(match part {
        "{port}" => Meaning::Port,
        "{bridge}" => Meaning::Bridge,
        "{uplink}" | "{card}" => Meaning::Uplink,
        "{link}" => Meaning::Link,
        "{subnet}" => Meaning::Subnet,
        "{data}" => Meaning::DataDirectory,
        "{name}" => Meaning::Name,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_commands_of_the_list_are_recognised() {
        type Row = (&'static str, Option<&'static [(Meaning, &'static str)]>);
        let rows: [Row; 8] = [
            (
                "ip link set tap1 master br0",
                Some(&[(Meaning::Port, "tap1"), (Meaning::Bridge, "br0")]),
            ),
            (
                "iptables -I FORWARD -i br0 -o br0 -j ACCEPT",
                Some(&[(Meaning::Bridge, "br0"), (Meaning::Bridge, "br0")]),
            ),
            ("iptables -I FORWARD -i br0 -o br1 -j ACCEPT", None),
            ("ip link set tap1 master br0 up", None),
            ("ip link delete tap1", None),
            ("sysctl -w kernel.modprobe=/tmp/x", None),
            ("sh -c id", None),
            ("", None),
        ];
        for (line, expected) in rows {
            assert_eq!(parse(&words(line)).as_deref(), expected, "{line}");
        }
    }

    /// The list is that of the remedies, no more and no less.
    #[test]
    fn every_command_of_a_remedy_that_needs_root_is_in_the_list() {
        let remedies = include_str!("../../../diagnose/remedies.toml");
        let commands = remedies
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .filter_map(|(key, value)| ["command", "then"].contains(&key.trim()).then_some(value));
        let quoted = |value: &str| -> Vec<String> {
            value.split('"').skip(1).step_by(2).map(str::to_owned).collect()
        };
        let needed: BTreeSet<String> = commands
            .flat_map(|value| value.split("], [").map(quoted).collect::<Vec<_>>())
            .filter(|words| words.first().is_some_and(|word| word == "sudo"))
            .map(|words| words[1..].join(" "))
            .collect();
        let with_data_directory = |line: &&&str| !line.contains("{data}");
        let listed: BTreeSet<String> =
            LIST.iter().filter(with_data_directory).map(|line| (*line).to_owned()).collect();
        assert_eq!(listed, needed);
    }
}
