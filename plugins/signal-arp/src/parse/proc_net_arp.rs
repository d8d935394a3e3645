//! Linux's `/proc/net/arp`.

use std::net::Ipv4Addr;

use vmkit_plugin::Mac;

use crate::table::{Entry, State, is_interface};

/// Of the flags: the entry is resolved.
const COMPLETE: u32 = 0x2;
/// Of the flags: it was entered by hand.
const PERMANENT: u32 = 0x4;

/// `192.168.1.64     0x1         0x2         52:54:00:4b:5e:57     *        br0`. An unresolved
/// entry has flags 0x0 and a MAC of zeros; the file does not tell whether it has failed.
pub(super) fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_ascii_whitespace();
    let address: Ipv4Addr = words.next()?.parse().ok()?;
    let flags = words.nth(1)?.strip_prefix("0x")?;
    let flags = u32::from_str_radix(flags, 16).ok().filter(|flags| flags & COMPLETE != 0)?;
    let mac: Mac = words.next()?.parse().ok()?;
    let interface = words.nth(1).filter(|name| is_interface(name))?;
    (!mac.is_zero()).then(|| Entry {
        address: address.into(),
        mac: Some(mac),
        state: if flags & PERMANENT != 0 { State::Permanent } else { State::Cached },
        age: None,
        interface: Some(interface.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolved_entries_only() {
        let text = "IP address       HW type     Flags       HW address            Mask     Device\n\
            192.168.1.64     0x1         0x2         52:54:00:4b:5e:57     *        br0\n\
            192.168.1.65     0x1         0x6         52:54:00:4b:5e:58     *        br0\n\
            192.168.1.66     0x1         0x0         00:00:00:00:00:00     *        br0\n\
            192.168.1.67     0x1\n";
        let found: Vec<_> = text
            .lines()
            .filter_map(entry)
            .map(|entry| format!("{} {} {:?}", entry.address, entry.mac.unwrap(), entry.state))
            .collect();
        assert_eq!(
            found,
            ["192.168.1.64 52:54:00:4b:5e:57 Cached", "192.168.1.65 52:54:00:4b:5e:58 Permanent"]
        );
    }
}
