//! The neighbours in the output of macOS's `netstat -rn`, of both families.
//!
//! Columns by their headings: `Destination Gateway Flags Netif Expire`. A neighbour has the flags L and H,
//! and its MAC as the gateway: with dots between the octets where the interface is a bridge. `Expire` counts
//! the seconds of an IPv4 entry down from 1200.

use std::{net::IpAddr, time::Duration};

use vmkit_plugin::Mac;

use crate::table::{Entry, State, is_interface};

/// Seconds that macOS keeps an entry of IPv4.
const KEPT: u64 = 1200;

/// The places of the columns on a line.
#[derive(Clone, Copy)]
struct Columns {
    flags: usize,
    interface: usize,
    expires: usize,
}

/// The neighbours in the text.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut columns = None;
    let mut entries = Vec::new();
    for line in text.lines() {
        if line.starts_with("Destination") {
            columns = self::columns(line);
        } else if let Some(columns) = columns {
            entries.extend(entry(line, columns));
        }
    }
    entries
}

fn columns(heading: &str) -> Option<Columns> {
    let place = |name| heading.split_whitespace().position(|title| title == name);
    Some(Columns { flags: place("Flags")?, interface: place("Netif")?, expires: place("Expire")? })
}

fn entry(line: &str, columns: Columns) -> Option<Entry> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let flags = words.get(columns.flags)?;
    let interface = *words.get(columns.interface)?;
    // The host's own addresses lead to lo0.
    let neighbour = flags.contains('L') && flags.contains('H') && !flags.contains('R');
    if !neighbour || interface.starts_with("lo") || !is_interface(interface) {
        return None;
    }
    let address: IpAddr = words.first()?.split('%').next()?.parse().ok()?;
    let mac: Mac = words.get(1)?.replace('.', ":").parse().ok()?;
    let left = words.get(columns.expires).and_then(|left| left.parse::<u64>().ok());
    let age = left.filter(|_| address.is_ipv4()).and_then(|left| KEPT.checked_sub(left));
    let usable = !mac.is_zero() && !mac.is_multicast() && !address.is_multicast();
    usable.then(|| Entry {
        address,
        mac: Some(mac),
        state: State::Cached,
        age: age.map(Duration::from_secs),
        interface: Some(interface.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.168.1.254      UGScg                 en0
127.0.0.1          127.0.0.1          UH                    lo0
192.168.1          link#14            UCS                   en0      !
192.168.1.50/32    link#14            UCS                   en0      !
192.168.1.50       a4:83:e7:11:22:33  UHLWIi                lo0
192.168.1.64       52:54:0:4b:5e:57   UHLWIi                en0   1180
192.168.1.77       link#14            UHRLWIi               en0     12
192.168.1.255      ff:ff:ff:ff:ff:ff  UHLWbI                en0      !
192.168.64.3       da.9b.d0.54.e0.2   UHLWIi          bridge100   1199
192.168.64.4       52:54:0:0:0:4      UHLWI           bridge100      !
224.0.0.251        1:0:5e:0:0:fb      UHmLWI                en0

Internet6:
Destination                             Gateway                         Flags         Netif Expire
default                                 fe80::%utun0                    UGcIg         utun0
fe80::1c5a:8eff:fe34:1%bridge100        1e.5a.8e.34.0.1                 UHLI            lo0
fe80::5054:ff:fe4b:5e57%bridge100       52.54.0.4b.5e.57                UHLWI     bridge100
";

    #[test]
    fn reads_the_neighbours_among_the_routes() {
        let lines: Vec<_> = entries(TEXT)
            .iter()
            .map(|entry| {
                let (mac, interface) = (entry.mac.unwrap(), entry.interface.as_ref().unwrap());
                let age = entry.age.map_or_else(|| "-".to_owned(), |age| age.as_secs().to_string());
                format!("{} {mac} {interface} {age}", entry.address)
            })
            .collect();
        let expected = [
            "192.168.1.64 52:54:00:4b:5e:57 en0 20",
            "192.168.64.3 da:9b:d0:54:e0:02 bridge100 1",
            "192.168.64.4 52:54:00:00:00:04 bridge100 -",
            "fe80::5054:ff:fe4b:5e57 52:54:00:4b:5e:57 bridge100 -",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn reads_nothing_from_other_text() {
        for text in [
            "",
            "Destination Gateway\n1.2.3.4 x",
            "Destination Flags Netif Expire\n1 2",
            "a b c d e",
        ] {
            assert_eq!(entries(text), [], "{text}");
        }
    }
}
