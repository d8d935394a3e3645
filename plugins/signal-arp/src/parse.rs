//! What macOS's `arp -an` prints.
//!
//! `? (IP) at MAC|(incomplete) on IF [ifscope] [permanent] [published] [[ethernet|bridge|…]]`:
//! octets without leading zeros, no state and no age; words after the interface may be added by
//! any release.

use std::net::Ipv4Addr;

use vmkit_plugin::Mac;

use crate::table::{Entry, State};

/// Longest interface name that is taken over, in bytes: `IFNAMSIZ` of macOS.
const INTERFACE_NAME_LIMIT: usize = 16;

/// The entry on this line. `None` for lines that tie no MAC to an address: unresolved entries,
/// the host's own addresses (which `arp` marks permanent), headings, anything not understood.
pub(crate) fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    // The host name: `?` with -n.
    words.next()?;
    let address: Ipv4Addr = words.next()?.strip_prefix('(')?.strip_suffix(')')?.parse().ok()?;
    let mac: Mac = words.next().filter(|word| *word == "at").and(words.next())?.parse().ok()?;
    let interface = words.next().filter(|word| *word == "on").and(words.next())?;
    let usable = !mac.is_zero() && !mac.is_multicast() && interface.len() <= INTERFACE_NAME_LIMIT;
    // A published entry is one that the host answers for.
    let of_host = words.any(|word| word == "permanent" || word == "published");
    (usable && !of_host).then(|| Entry {
        address,
        mac: Some(mac),
        state: State::Cached,
        age: None,
        interface: Some(interface.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> Vec<String> {
        let line = |entry: Entry| {
            let (mac, interface) = (entry.mac.unwrap(), entry.interface.unwrap());
            format!("{} {mac} {interface}", entry.address)
        };
        text.lines().filter_map(entry).map(line).collect()
    }

    #[test]
    fn a_table_of_a_mac_with_machines_gives_its_resolved_neighbours() {
        assert_eq!(
            summary(include_str!("../tests/data/arp-an.txt")),
            include_str!("../tests/data/arp-an.expected").lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let lines = [
            "",
            "?",
            "arp: no entries",
            "? () at 52:54:0:12:3:4 on en0",
            "? (999.1.1.1) at 52:54:0:12:3:4 on en0 [ethernet]",
            "? (192.168.64.2) at 52:54:0:12:3 on bridge100 [bridge]",
            "? (192.168.64.2) at 0:0:0:0:0:0 on bridge100 [bridge]",
            "? (192.168.64.2) at ff:ff:ff:ff:ff:ff on bridge100 [bridge]",
            "? (192.168.64.2) at 52:54:0:12:3:4",
            "? (192.168.64.2) at 52:54:0:12:3:4 on an-interface-name-too-long [bridge]",
            "\u{1b}[2J? (192.168.64.2",
        ];
        for line in lines {
            assert_eq!(entry(line), None, "{line:?}");
        }
    }
}
