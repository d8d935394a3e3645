//! `/var/db/dhcpd_leases` of macOS's bootpd. The newest entry comes first.
//!
//! ```text
//! {
//!     name=web
//!     ip_address=192.168.64.30
//!     hw_address=1,52:54:0:4b:5e:57
//!     identifier=1,52:54:0:4b:5e:57
//!     lease=0x65f0c5a2
//! }
//! ```

use std::net::Ipv4Addr;

use vmkit_types::{bounded, is_host_address};

use crate::{
    client_id::{mac_of_client_id, octets},
    lease::{Lease, NotThisFormat, Validity},
};

/// What bootpd writes for a lease without end: the largest time of 32 bits.
const INFINITE: u64 = 0xffff_ffff;

/// Longest name that is kept, in bytes: that of a host in DNS.
const LONGEST_NAME: usize = 255;

/// The leases in this text, in its order. Skips entries without `identifier`, which are addresses that a
/// client declined, and entries without `lease`, whose end is unknown.
pub(super) fn leases(text: &str) -> Result<Vec<Lease>, NotThisFormat> {
    let mut leases = Vec::new();
    let mut entry: Option<Entry<'_>> = None;
    let (mut text_seen, mut known) = (false, false);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line, &mut entry) {
            ("{", _) => entry = Some(Entry::default()),
            ("}", _) => leases.extend(entry.take().and_then(Entry::into_lease)),
            (_, Some(entry)) => {
                // A key may have no value.
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                known |= line.contains('=');
                entry.set(key.trim_end(), value.trim_start());
            }
            (_, None) => {}
        }
        text_seen |= !matches!(line, "{" | "}");
    }
    if text_seen && !known { Err(NotThisFormat) } else { Ok(leases) }
}

#[derive(Default)]
struct Entry<'a> {
    name: Option<&'a str>,
    address: Option<&'a str>,
    hardware: Option<&'a str>,
    identifier: Option<&'a str>,
    lease: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn set(&mut self, key: &str, value: &'a str) {
        let field = match key {
            "name" => &mut self.name,
            "ip_address" => &mut self.address,
            "hw_address" => &mut self.hardware,
            "identifier" => &mut self.identifier,
            "lease" => &mut self.lease,
            _ => return,
        };
        *field = Some(value);
    }

    fn into_lease(self) -> Option<Lease> {
        let identifier = self.identifier?;
        let address: Ipv4Addr = self.address?.parse().ok()?;
        let digits = self.lease?.strip_prefix("0x")?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let end = u64::from_str_radix(digits, 16).ok().filter(|_| plain)?;
        let client_id = octets(identifier);
        let hardware = self.hardware.and_then(octets);
        let mac_in = |octets: &Option<Vec<u8>>| mac_of_client_id(octets.as_deref()?);
        // bootpd writes the hardware address only if the client sent no typed identifier.
        let mac = mac_in(&hardware).or_else(|| mac_in(&client_id));
        let name = self.name.filter(|name| mac.is_none() && !name.is_empty());
        is_host_address(address.into()).then(|| Lease {
            address: address.into(),
            mac,
            name: name.map(|name| bounded(name, LONGEST_NAME).to_owned()),
            client_id,
            validity: if end >= INFINITE { Validity::Forever } else { Validity::Until(end) },
            length: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, summary::lines};

    #[test]
    fn reads_every_entry_of_a_used_mac() {
        let text = include_str!("../../tests/data/dhcpd_leases");
        let expected = include_str!("../../tests/data/dhcpd_leases.expected");
        assert_eq!(lines(Format::MacOs, text), expected.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_lease_without_a_mac_keeps_its_name() {
        let text = include_str!("../../tests/data/dhcpd_leases");
        let leases = Format::MacOs.leases(text).unwrap();
        let names: Vec<_> =
            leases.iter().map(|lease| (lease.mac.is_some(), lease.name.as_deref())).collect();
        assert!(names.contains(&(false, Some("db"))), "{names:?}");
        assert!(names.iter().all(|(has_mac, name)| !has_mac || name.is_none()), "{names:?}");
    }

    #[test]
    fn skips_incomplete_entries() {
        let of = |body: &str| lines(Format::MacOs, &format!("{{\n{body}\n}}\n"));
        let whole = "ip_address=10.0.0.2\nhw_address=1,2:0:0:0:0:1\nidentifier=1,2:0:0:0:0:1\n";
        assert_eq!(of(&format!("{whole}lease=0x10")), ["10.0.0.2 02:00:00:00:00:01 16"]);
        assert_eq!(of(&format!("{whole}lease=0xffffffff")), ["10.0.0.2 02:00:00:00:00:01 forever"]);
        let rows = [
            whole.to_owned(),
            format!("{whole}lease"),
            format!("{whole}lease=16"),
            format!("{whole}lease=0x+1"),
            format!("{whole}lease=0x"),
            format!("{whole}lease=0x1{}", "0".repeat(20)),
            "identifier=1,2:0:0:0:0:1\nlease=0x10".to_owned(),
            "ip_address=10.0.0.999\nidentifier=1,2:0:0:0:0:1\nlease=0x10".to_owned(),
            "ip_address=127.0.0.1\nidentifier=1,2:0:0:0:0:1\nlease=0x10".to_owned(),
        ];
        for body in rows {
            assert_eq!(of(&body), [""; 0], "{body}");
        }
        assert_eq!(lines(Format::MacOs, ""), [""; 0]);
        assert_eq!(lines(Format::MacOs, "\n}\n{\n{\n}"), [""; 0]);
        for text in ["ip_address=10.0.0.2\n", "[\n{\n\"ip-address\": \"10.0.0.2\"\n}\n]"] {
            assert!(Format::MacOs.leases(text).is_err(), "{text}");
        }
    }
}
