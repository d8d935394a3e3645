//! Scanning a line by plain string search, each in linear time.

use std::net::IpAddr;

/// The address at the beginning of `text`, its prefix length if `/n` follows, and the rest.
pub(crate) fn leading_address(text: &str) -> Option<(IpAddr, Option<u8>, &str)> {
    let of_address = |character: char| character.is_ascii_hexdigit() || ".:".contains(character);
    let end = text.find(|character| !of_address(character)).unwrap_or(text.len());
    // A full stop or colon after it is not part of it.
    let word = &text[..end];
    let address = word.parse().or_else(|_| word.trim_end_matches(['.', ':']).parse()).ok()?;
    let rest = &text[end..];
    let Some(after) = rest.strip_prefix('/') else { return Some((address, None, rest)) };
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    Some((address, after[..digits].parse().ok(), &after[digits..]))
}

/// The address that follows `label` in `text`.
pub(crate) fn address_after(text: &str, label: &str) -> Option<IpAddr> {
    let (_, after) = text.split_once(label)?;
    leading_address(after).map(|(address, ..)| address)
}

/// The last word of `text`.
pub(crate) fn last_word(text: &str) -> &str {
    text.trim_end().rsplit(' ').next().unwrap_or_default()
}

/// The first word of `text`.
pub(crate) fn first_word(text: &str) -> &str {
    text.split_ascii_whitespace().next().unwrap_or_default()
}

/// The prefix length of a netmask: dotted (`255.255.255.0`), hexadecimal as BSD prints it
/// (`0xffffff00`), or the length itself.
pub(crate) fn prefix_of_mask(mask: &str) -> Option<u8> {
    let bits = if let Some(digits) = mask.strip_prefix("0x") {
        u32::from_str_radix(digits, 16).ok()?
    } else if let Ok(IpAddr::V4(mask)) = mask.parse() {
        mask.to_bits()
    } else {
        return mask.parse().ok().filter(|length| *length <= 128);
    };
    let length = bits.leading_ones();
    // A netmask has no gaps.
    (bits.count_ones() == length).then(|| u8::try_from(length).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_address_at_the_beginning() {
        let rows = [
            ("192.168.1.64/24 via x", Some("192.168.1.64 Some(24) \" via x\"")),
            ("10.0.2.15.", Some("10.0.2.15 None \"\"")),
            ("10.0.2.15, lease", Some("10.0.2.15 None \", lease\"")),
            ("fe80::1/64", Some("fe80::1 Some(64) \"\"")),
            ("10.0.2.15/999", Some("10.0.2.15 None \"\"")),
            ("300.1.1.1", None),
            ("", None),
            ("é", None),
        ];
        for (text, expected) in rows {
            let found = leading_address(text);
            let found =
                found.map(|(address, prefix, rest)| format!("{address} {prefix:?} {rest:?}"));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn reads_netmasks_in_every_notation() {
        let rows = [
            ("255.255.255.0", Some(24)),
            ("0xffffff00", Some(24)),
            ("0.0.0.0", Some(0)),
            ("64", Some(64)),
            ("255.0.255.0", None),
            ("0xzz", None),
            (".", None),
            ("200", None),
        ];
        for (mask, expected) in rows {
            assert_eq!(prefix_of_mask(mask), expected, "{mask}");
        }
    }
}
