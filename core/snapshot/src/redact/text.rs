//! Texts: every word that reads as a MAC, an address or a name is replaced.

use std::net::IpAddr;

use vmkit_types::Mac;

use super::{addresses::Addresses, names::Names};

/// Redacts a text of any encoding. Everything but ASCII words stays as it is.
pub(super) fn redact(text: &[u8], addresses: &mut Addresses, names: &Names) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|byte| is_word(**byte)).count();
        if length == 0 {
            out.push(*first);
            rest = &rest[1..];
            continue;
        }
        let (word, after) = rest.split_at(length);
        out.extend_from_slice(&replaced(word, addresses, names));
        rest = after;
    }
    out
}

/// Bytes of MACs, addresses and names.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'-' | b'_')
}

fn replaced(word: &[u8], addresses: &mut Addresses, names: &Names) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(word) else { return word.to_vec() };
    if let Some(whole) = whole(text, addresses, names) {
        return whole.into_bytes();
    }
    // Punctuation stands at the ends of words, and ports behind addresses.
    let core = text.trim_matches([':', '.', '-']);
    let start = text.len() - text.trim_start_matches([':', '.', '-']).len();
    let end = start + core.len();
    if core.len() < text.len() && !core.is_empty() {
        let inner = replaced(core.as_bytes(), addresses, names);
        return [&word[..start], &inner, &word[end..]].concat();
    }
    // `192.168.1.64:22`, `web.local`, `name:value`, `guest-web`.
    for separator in [':', '.', '-', '_'] {
        if let Some((before, after)) = text.split_once(separator) {
            let before = replaced(before.as_bytes(), addresses, names);
            let after = replaced(after.as_bytes(), addresses, names);
            return [&before[..], &[separator as u8], &after].concat();
        }
    }
    word.to_vec()
}

fn whole(text: &str, addresses: &mut Addresses, names: &Names) -> Option<String> {
    if text.len() >= 11
        && let Ok(mac) = text.parse::<Mac>()
    {
        let stand_in = addresses.mac(mac).to_string();
        return Some(if text.contains('-') { stand_in.replace(':', "-") } else { stand_in });
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(addresses.ip(address).to_string());
    }
    names.stand_in(text).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_thing_by_the_same_stand_in_everywhere() {
        let names = Names::new(["web"], ["mac-mini"], ["alice", "ubuntu"]);
        let mut addresses = Addresses::default();
        let mut redacted = |text: &str| {
            String::from_utf8(redact(text.as_bytes(), &mut addresses, &names)).unwrap()
        };
        let rows = [
            (
                "? (192.168.1.64) at 52:54:0:4b:5e:57 on en0",
                "? (192.168.1.10) at 52:54:00:00:00:01 on en0",
            ),
            ("192.168.1.64:22 web.local WEB", "192.168.1.10:22 vm1.local vm1"),
            (
                "DHCPACK of 192.168.1.64 from 192.168.1.254.",
                "DHCPACK of 192.168.1.10 from 192.168.1.254.",
            ),
            ("alice@mac-mini ubuntu webmaster", "user1@host1 ubuntu webmaster"),
            ("[\"8.8.8.8\",\"fe80::5054:ff:fe4b:5e57\"]", "[\"203.0.113.3\",\"fe80::1\"]"),
            (
                "chaddr=52-54-00-4b-5e-57 0.0.0.0 127.0.0.1",
                "chaddr=52-54-00-00-00-01 0.0.0.0 127.0.0.1",
            ),
            ("2026-11-24T06:00:00Z 1.2 12:30", "2026-11-24T06:00:00Z 1.2 12:30"),
        ];
        for (text, expected) in rows {
            assert_eq!(redacted(text), expected);
        }
    }
}
