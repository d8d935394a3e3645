//! The output of macOS's `ndp -an`: `Neighbor Linklayer-Address Netif Expire St Flgs Prbs`.
//!
//! An address without global scope ends in `%` and its interface. Flag `R` marks a neighbour that says it
//! routes, which a machine may do as well, so it says nothing about whose entry it is.

use std::net::Ipv6Addr;

use vmkit_plugin::Mac;

use crate::table::{Entry, State, is_interface};

/// The entry on this line. `None` for the host's own addresses, which never expire, for unresolved entries,
/// headings and lines of another form.
pub(super) fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    let address = words.next()?;
    let address = address.split_once('%').map_or(address, |(address, _)| address);
    let address: Ipv6Addr = address.parse().ok()?;
    let mac: Mac = words.next()?.parse().ok()?;
    let interface = words.next().filter(|name| is_interface(name))?;
    let expires = words.next()?;
    let state = match words.next()? {
        "R" => State::Reachable,
        "S" => State::Stale,
        "D" => State::Delay,
        "P" => State::Probe,
        _ => return None,
    };
    let usable = expires != "permanent" && !mac.is_zero() && !mac.is_multicast();
    usable.then(|| Entry {
        address: address.into(),
        mac: Some(mac),
        state,
        age: None,
        interface: Some(interface.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_resolved_neighbours_with_interface_and_state() {
        let text = "\
            Neighbor                             Linklayer Address  Netif Expire    St Flgs Prbs\n\
            2001:db8::50                         3c:0:0:0:0:1         en0 permanent R           \n\
            2001:db8::64                         52:54:0:4b:5e:57     en0 13s       R           \n\
            2001:db8::65                         (incomplete)         en0 expired   I           3\n\
            fe80::1%lo0                          (incomplete)         lo0 permanent R           \n\
            fe80::1%en0                          34:e5:ec:1a:0:b      en0 23h59m58s S  R        \n\
            fe80::5054:ff:fe4b:5e57%bridge100    52:54:0:4b:5e:57 bridge100 5s      D           \n\
            fe80::5054:ff:fe4b:5e58%bridge100    52:54:0:4b:5e:58 bridge100 expired N           \n\
            192.168.1.1                          34:e5:ec:1a:0:b      en0 5s        R           \n\
            fe80::2%en0                          34:e5:ec:1a:0:b\n";
        let found: Vec<_> = text
            .lines()
            .filter_map(entry)
            .map(|Entry { address, mac, state, interface, .. }| {
                format!("{address} {} {} {}", mac.unwrap(), state.word(), interface.unwrap())
            })
            .collect();
        let expected = [
            "2001:db8::64 52:54:00:4b:5e:57 REACHABLE en0",
            "fe80::1 34:e5:ec:1a:00:0b STALE en0",
            "fe80::5054:ff:fe4b:5e57 52:54:00:4b:5e:57 DELAY bridge100",
        ];
        assert_eq!(found, expected);
    }
}
