//! The MAC inside a DHCP client identifier, RFC 2132 section 9.14, RFC 4361 and RFC 8415.

use vmkit_types::Mac;

/// Longest identifier that is read, in bytes: a DUID may have 130, and an IAID precedes it.
const LENGTH_LIMIT: usize = 140;

/// Type of an identifier that is an Ethernet address, and the hardware type of Ethernet.
const ETHERNET: u8 = 1;
/// Type of an identifier that has an IAID and a DUID.
const IAID_AND_DUID: u8 = 0xff;
/// Type of a DUID from a link-layer address and the time.
const DUID_LLT: u8 = 1;
/// Type of a DUID from a link-layer address.
const DUID_LL: u8 = 3;

/// The octets of an identifier as tools print it: in hexadecimal with colons, with or without leading
/// zeros. A comma is also a separator: macOS writes it after the type.
pub(crate) fn octets(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for part in text.split([':', ',']) {
        let digits =
            matches!(part.len(), 1..=2) && part.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !digits || octets.len() == LENGTH_LIMIT {
            return None;
        }
        octets.push(u8::from_str_radix(part, 16).ok()?);
    }
    Some(octets)
}

/// The MAC in a DHCP client identifier: `01 MAC`, or `ff IAID DUID` with a DUID that has one. A DUID made
/// from a machine's id has no MAC, and clones share it.
pub(crate) fn mac_of_client_id(octets: &[u8]) -> Option<Mac> {
    match octets {
        [ETHERNET, mac @ ..] => mac_of(mac),
        [IAID_AND_DUID, _, _, _, _, duid @ ..] => mac_of_duid(duid),
        _ => None,
    }
}

/// The MAC in a DUID, if its type has one.
pub(crate) fn mac_of_duid(duid: &[u8]) -> Option<Mac> {
    match duid {
        [0, DUID_LLT, 0, ETHERNET, _, _, _, _, mac @ ..] | [0, DUID_LL, 0, ETHERNET, mac @ ..] => {
            mac_of(mac)
        }
        _ => None,
    }
}

fn mac_of(octets: &[u8]) -> Option<Mac> {
    <[u8; 6]>::try_from(octets).ok().and_then(|octets| usable(Mac::new(octets)))
}

/// The MAC, if it can be that of one machine.
pub(crate) fn usable(mac: Mac) -> Option<Mac> {
    (!mac.is_zero() && !mac.is_multicast()).then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_mac_in_an_identifier() {
        let rows = [
            ("1,52:54:0:4b:5e:57", Some("52:54:00:4b:5e:57")),
            ("01:52:54:00:4b:5e:57", Some("52:54:00:4b:5e:57")),
            ("ff,0:4b:5e:57:0:1:0:1:2c:1a:5:9:52:54:0:4b:5e:57", Some("52:54:00:4b:5e:57")),
            ("ff:00:4b:5e:57:00:03:00:01:52:54:00:4b:5e:57", Some("52:54:00:4b:5e:57")),
            // The form of systemd: an enterprise number and a hash of the machine's id.
            ("ff,f1:f5:dd:7f:0:2:0:0:ab:11:cb:fc:dd:b2:d6:93:e:57", None),
            // Another kind of hardware, too short, too long, a group address.
            ("ff,0:0:0:1:0:3:0:20:52:54:0:4b:5e:57", None),
            ("1,52:54:0:4b:5e", None),
            ("1,52:54:0:4b:5e:57:1", None),
            ("1,ff:ff:ff:ff:ff:ff", None),
            ("0,77:65:62", None),
            ("*", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let mac = octets(text).and_then(|octets| mac_of_client_id(&octets));
            assert_eq!(mac.map(|mac| mac.to_string()).as_deref(), expected, "{text}");
        }
        assert_eq!(octets(&["0"; LENGTH_LIMIT + 1].join(":")), None);
    }
}
