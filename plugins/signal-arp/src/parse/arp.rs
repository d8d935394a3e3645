//! The output of macOS's `arp -an`.
//!
//! `? (IP) at MAC|(incomplete) on IF [ifscope] [permanent] [published] [[ethernet|bridge|…]]`:
//! octets without leading zeros, no state and no age. Any release may add words after the interface.

use std::net::Ipv4Addr;

use vmkit_plugin::Mac;

use crate::table::{Entry, State, is_interface};

/// The entry on this line. `None` for lines without a neighbour's MAC: unresolved entries, the host's own
/// addresses (which `arp` marks permanent), headings and lines of another form.
pub(crate) fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    // The host name: `?` with -n.
    words.next()?;
    let address: Ipv4Addr = words.next()?.strip_prefix('(')?.strip_suffix(')')?.parse().ok()?;
    let mac: Mac = words.next().filter(|word| *word == "at").and(words.next())?.parse().ok()?;
    let interface = words.next().filter(|word| *word == "on").and(words.next())?;
    // The host itself answers for a published entry.
    let of_host = words.any(|word| word == "permanent" || word == "published");
    (!of_host).then(|| resolved(address, mac, interface)).flatten()
}

/// The entry on a line of `arp -anl`: `Neighbor Linklayer-Address Expire(O) Expire(I) Netif Refs Prbs`. The
/// host's own addresses and those entered by hand never expire.
pub(super) fn long_entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    let address: Ipv4Addr = words.next()?.parse().ok()?;
    let mac = words.next()?.parse().ok()?;
    let expires = words.next().filter(|_| words.next().is_some())?;
    let interface = words.next()?;
    (expires != "(none)").then(|| resolved(address, mac, interface)).flatten()
}

fn resolved(address: Ipv4Addr, mac: Mac, interface: &str) -> Option<Entry> {
    let usable = !mac.is_zero() && !mac.is_multicast() && is_interface(interface);
    usable.then(|| Entry {
        address: address.into(),
        mac: Some(mac),
        state: State::Cached,
        age: None,
        interface: Some(interface.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str, entry: fn(&str) -> Option<Entry>) -> Vec<String> {
        let line = |entry: Entry| {
            let (mac, interface) = (entry.mac.unwrap(), entry.interface.unwrap());
            format!("{} {mac} {interface}", entry.address)
        };
        text.lines().filter_map(entry).map(line).collect()
    }

    #[test]
    fn reads_the_resolved_neighbours_of_a_mac() {
        assert_eq!(
            summary(include_str!("../../tests/data/arp-an.txt"), entry),
            include_str!("../../tests/data/arp-an.expected").lines().collect::<Vec<_>>()
        );
    }

    #[test]
    fn reads_the_long_form() {
        let text = "\
            Neighbor                Linklayer Address Expire(O) Expire(I)          Netif Refs Prbs\n\
            192.168.1.1             34:e5:ec:1a:0:b   27s       27s                  en0    1\n\
            192.168.1.23            (incomplete)      expired   (none)               en0    1    2\n\
            192.168.64.1            1e:0:ea:12:6f:64  (none)    (none)         bridge100\n\
            192.168.64.36           52:54:0:3:2:d8    expired   12m3s          bridge100    1\n\
            224.0.0.251             1:0:5e:0:0:fb     (none)    (none)               en0\n";
        let expected =
            ["192.168.1.1 34:e5:ec:1a:00:0b en0", "192.168.64.36 52:54:00:03:02:d8 bridge100"];
        assert_eq!(summary(text, long_entry), expected);
    }

    #[test]
    fn skips_lines_of_other_forms() {
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
