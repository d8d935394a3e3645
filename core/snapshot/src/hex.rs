//! MACs and addresses that programs print as octets or numbers with `0x` before them.

use std::{fmt::Write as _, net::Ipv4Addr};

/// Most octets of one thing: a DUID has no more (RFC 8415, 11.1). What follows is another one.
const MOST_OCTETS: usize = 130;
/// Most bytes between two octets, such as `, `.
const LONGEST_GAP: usize = 2;

/// Something that is written with `0x`.
#[derive(Debug, PartialEq)]
pub(crate) enum Hex {
    /// `0x52 0x54 0x00 0x4b 0x5e 0x57`: six octets are a MAC, five and more an identifier.
    Octets(Vec<u8>),
    /// `0xc0 0xa8 0x01 0x40`.
    V4(Ipv4Addr),
    /// `0xc0a80140`: an address of a private network or of the link. Others look like any number.
    Number(Ipv4Addr),
    /// `0x4001a8c0`: the same in the order of a little-endian computer.
    Reversed(Ipv4Addr),
}

/// What the text begins with, and its length. The byte before it is no letter or digit.
pub(crate) fn at_start(text: &[u8]) -> Option<(Hex, usize)> {
    number(text).or_else(|| octets(text))
}

/// The text with what is written so in the usual form.
pub(crate) fn in_usual_form(text: &str) -> String {
    if !text.contains("0x") && !text.contains("0X") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(next) = rest.chars().next() {
        let begins = next == '0' && !before.is_some_and(char::is_alphanumeric);
        let length = if let Some((hex, length)) = at_start(rest.as_bytes()).filter(|_| begins) {
            out.push_str(&hex.in_usual_form());
            length
        } else {
            out.push(next);
            next.len_utf8()
        };
        before = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    out
}

impl Hex {
    fn in_usual_form(&self) -> String {
        match self {
            Self::V4(address) | Self::Number(address) | Self::Reversed(address) => {
                address.to_string()
            }
            Self::Octets(octets) => {
                let octets: Vec<String> = octets.iter().map(|it| format!("{it:02x}")).collect();
                octets.join(":")
            }
        }
    }
}

/// The octets in the form of the text that they replace: what stands between its octets stays.
pub(crate) fn in_form_of(text: &[u8], octets: &[u8]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for octet in octets {
        while let Some(byte) = text.get(at).filter(|_| digits(&text[at..]).is_none()) {
            out.push(char::from(*byte));
            at += 1;
        }
        // Writing to a string cannot fail.
        write!(out, "0x{octet:02x}").ok();
        at += digits(&text[at.min(text.len())..]).map_or(0, |digits| 2 + digits.len());
    }
    out
}

/// The digits behind a `0x`.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let [b'0', b'x' | b'X', rest @ ..] = text else { return None };
    let length = rest.iter().take(9).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let ends = rest.get(length).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (length > 0 && ends).then(|| &rest[..length])
}

fn value(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn number(text: &[u8]) -> Option<(Hex, usize)> {
    // 10.0.1.64 has seven digits where no zero is put before them.
    let digits = digits(text).filter(|digits| matches!(digits.len(), 7 | 8))?;
    let value = value(digits)?;
    let is_near = |address: &Ipv4Addr| address.is_private() || address.is_link_local();
    let (straight, reversed) = (Ipv4Addr::from(value), Ipv4Addr::from(value.swap_bytes()));
    let hex = if is_near(&straight) {
        Hex::Number(straight)
    } else {
        Hex::Reversed(Some(reversed).filter(is_near)?)
    };
    Some((hex, 2 + digits.len()))
}

/// Four octets and more, with the same between each two.
fn octets(text: &[u8]) -> Option<(Hex, usize)> {
    let (mut found, mut end, mut next) = (Vec::new(), 0, 0);
    let mut between: Option<&[u8]> = None;
    while found.len() < MOST_OCTETS {
        let rest = text.get(next..).unwrap_or_default();
        let Some(digits) = digits(rest).filter(|digits| digits.len() <= 2) else { break };
        found.push(u8::try_from(value(digits)?).ok()?);
        end = next + 2 + digits.len();
        let joins = |byte: &&u8| matches!(byte, b' ' | b',' | b':' | b'-' | b'.');
        let gap = text[end..].iter().take(LONGEST_GAP).take_while(joins).count();
        let gap = &text[end..end + gap];
        if gap.is_empty() || *between.get_or_insert(gap) != gap {
            break;
        }
        next = end + gap.len();
    }
    let hex = match *found {
        [a, b, c, d] => Hex::V4(Ipv4Addr::new(a, b, c, d)),
        [_, _, _, _, _, ..] => Hex::Octets(found),
        _ => return None,
    };
    Some((hex, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_what_is_written_with_0x() {
        let rows = [
            ("0x52 0x54 0x0 0x4b 0x5e 0x57 end", "52:54:00:4b:5e:57 end"),
            ("{0x52, 0X54, 0x00, 0x4B, 0x5e, 0x57}", "{52:54:00:4b:5e:57}"),
            ("0x01:0x52:0x54:0x00:0x4b:0x5e:0x57", "01:52:54:00:4b:5e:57"),
            ("ip=0xc0 0xa8 0x01 0x40.", "ip=192.168.1.64."),
            ("0xc0a80140 0x4001a8c0 0xa000140", "192.168.1.64 192.168.1.64 10.0.1.64"),
            ("0x12345678 0x8 0x1 0x2 0x3x a0xc0a80140", "0x12345678 0x8 0x1 0x2 0x3x a0xc0a80140"),
            ("0x52 0x54 0x00 0x4b 0x5e", "52:54:00:4b:5e"),
            ("0x", "0x"),
        ];
        for (text, expected) in rows {
            assert_eq!(in_usual_form(text), expected, "{text}");
        }
    }
}
