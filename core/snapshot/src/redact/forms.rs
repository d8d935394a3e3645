//! The forms in which MACs, addresses and identifiers stand in texts.

use std::net::{Ipv4Addr, Ipv6Addr};

use vmkit_types::Mac;

use crate::hex::{self, Hex};

/// The ends of names for reverse look-ups, RFC 1035, 3.5, and RFC 3596, 2.5.
const REVERSE_V4: &[u8] = b".in-addr.arpa";
const REVERSE_V6: &[u8] = b"ip6.arpa";

/// Most octets of one identifier: a DUID has no more (RFC 8415, 11.1). What follows is another one.
const MOST_OCTETS: usize = 130;
/// Most bytes in which an IPv6 address with a port is looked for. An address has at most 45.
const MOST_OF_V6: usize = 64;
/// One byte more than the longest MAC with dots: a longer run is no MAC, and long runs take linear time.
const MOST_OF_DOTTED: usize = 18;

/// Something that identifies, at the beginning of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Form {
    /// A MAC, with what separates its octets: nothing, `:`, `-`, or `.` every four digits.
    Mac(Mac, Option<u8>),
    /// Octets of another number: a DUID, a client identifier, an interface identifier.
    Octets(Vec<u8>),
    /// An IPv4 address, with what separates its octets.
    V4(Ipv4Addr, u8),
    /// The name for a reverse look-up of an IPv4 address.
    Reverse4(Ipv4Addr),
    /// The name for a reverse look-up of an IPv6 address.
    Reverse6(Ipv6Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A MAC, an address or an identifier with `0x` before its digits.
    Hex(Hex),
    /// A key in base64.
    Key,
}

/// The form that `text` begins with, and its length. The byte before it is no letter or digit.
pub(super) fn at_start(text: &[u8]) -> Option<(Form, usize)> {
    octets(text)
        .or_else(|| fours(text))
        .or_else(|| reverse6(text))
        .or_else(|| v6(text))
        .or_else(|| dotted_octets(text))
        .or_else(|| v4(text))
        .or_else(|| unseparated(text))
        .or_else(|| dotted(text))
        .or_else(|| hex::at_start(text).map(|(hex, length)| (Form::Hex(hex), length)))
        .or_else(|| key(text))
}

fn ends_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}

fn octet(digits: &[u8]) -> Option<u8> {
    let valid = (1..=2).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    valid.then(|| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
}

/// Six octets or more, separated by `:` or `-`; or four with two digits each, as an IAID has.
fn octets(text: &[u8]) -> Option<(Form, usize)> {
    let separator = *text.get(1..3)?.iter().find(|byte| matches!(byte, b':' | b'-'))?;
    let (mut found, mut end) = (Vec::new(), 0);
    loop {
        let digits = run(&text[end..], |byte| byte.is_ascii_hexdigit());
        let Some(octet) = octet(&text[end..end + digits]) else { break };
        found.push(octet);
        end += digits;
        if found.len() == MOST_OCTETS {
            break;
        }
        if text.get(end) != Some(&separator) || hex_starts(&text[end + 1..]).is_none() {
            break;
        }
        end += 1;
    }
    if !ends_word(text, end) || text.get(end..end + 2) == Some(b"::") {
        return None;
    }
    match <[u8; 6]>::try_from(&found[..]) {
        Ok(mac) => Some((Form::Mac(Mac::new(mac), Some(separator)), end)),
        Err(_) if found.len() > 6 => Some((Form::Octets(found), end)),
        Err(_) if found.len() >= 4 && separator == b':' && end == 3 * found.len() - 1 => {
            Some((Form::Octets(found), end))
        }
        Err(_) => None,
    }
}

/// Four groups or more of four digits with `-` between them: a DUID in another form.
fn fours(text: &[u8]) -> Option<(Form, usize)> {
    let (mut found, mut end) = (Vec::new(), 0);
    while found.len() < MOST_OCTETS {
        let next = end + usize::from(!found.is_empty());
        let Some(digits) = text.get(next..next + 4).filter(|_| next == end || text[end] == b'-')
        else {
            break;
        };
        let (Some(first), Some(second)) = (octet(&digits[..2]), octet(&digits[2..])) else { break };
        found.extend([first, second]);
        end = next + 4;
    }
    (found.len() >= 8 && ends_word(text, end)).then_some((Form::Octets(found), end))
}

/// A MAC with dots between its six octets, as macOS's `netstat` shows it on bridges. Its stand-in has colons.
fn dotted_octets(text: &[u8]) -> Option<(Form, usize)> {
    let start = &text[..text.len().min(MOST_OF_DOTTED)];
    let end = run(start, |byte| byte.is_ascii_hexdigit() || byte == b'.');
    let octets: Option<Vec<u8>> = text[..end].split(|byte| *byte == b'.').map(octet).collect();
    let mac = <[u8; 6]>::try_from(octets?).ok()?;
    ends_word(text, end).then_some((Form::Mac(Mac::new(mac), Some(b':')), end))
}

/// Whether an octet follows.
fn hex_starts(text: &[u8]) -> Option<u8> {
    octet(&text[..run(text, |byte| byte.is_ascii_hexdigit())])
}

fn v6(text: &[u8]) -> Option<(Form, usize)> {
    // Every address with a port after it, in netstat's form: `:::22`. The rest of it is no address.
    if text.starts_with(b":::") {
        return Some((Form::V6(Ipv6Addr::UNSPECIFIED), 2));
    }
    let start = &text[..text.len().min(MOST_OF_V6)];
    let mut end = run(start, |byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
    while end > 2 && matches!(text[end - 1], b'.' | b':') && text.get(end - 2..end) != Some(b"::") {
        end -= 1;
    }
    let word = std::str::from_utf8(&text[..end]).ok().filter(|word| word.contains(':'))?;
    // A port may follow in netstat's form, after a dot.
    let word = match word.rsplit_once('.') {
        Some((address, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && address.parse::<Ipv6Addr>().is_ok() =>
        {
            address
        }
        _ => word,
    };
    let address = word.parse().ok()?;
    ends_word(text, word.len()).then_some((Form::V6(address), word.len()))
}

fn v4(text: &[u8]) -> Option<(Form, usize)> {
    let first = run(text, |byte| byte.is_ascii_digit());
    let separator = *text.get(first).filter(|byte| matches!(byte, b'.' | b'-' | b'_'))?;
    let (mut octets, mut end) = ([0; 4], 0);
    for (place, octet) in octets.iter_mut().enumerate() {
        if place > 0 {
            (text.get(end) == Some(&separator)).then_some(())?;
            end += 1;
        }
        let digits = run(&text[end..], |byte| byte.is_ascii_digit());
        let valid = (1..=3).contains(&digits);
        *octet = valid
            .then(|| std::str::from_utf8(&text[end..end + digits]).ok()?.parse().ok())
            .flatten()?;
        end += digits;
    }
    if !ends_word(text, end) {
        return None;
    }
    if separator == b'.' && text[end..].starts_with(REVERSE_V4) {
        octets.reverse();
        return Some((Form::Reverse4(octets.into()), end + REVERSE_V4.len()));
    }
    Some((Form::V4(octets.into(), separator), end))
}

fn reverse6(text: &[u8]) -> Option<(Form, usize)> {
    let nibbles = text.get(..64)?;
    let mut octets = [0; 16];
    for (place, pair) in nibbles.chunks_exact(4).enumerate() {
        let [low, b'.', high, b'.'] = *pair else { return None };
        octets[15 - place] = octet(&[high, low])?;
    }
    let end = 64 + REVERSE_V6.len();
    (text.get(64..end)? == REVERSE_V6).then_some((Form::Reverse6(octets.into()), end))
}

/// Twelve hexadecimal digits, or more of a longer identifier; digits alone are a number.
fn unseparated(text: &[u8]) -> Option<(Form, usize)> {
    let end = run(text, |byte| byte.is_ascii_hexdigit());
    let is_number = text[..end].iter().all(u8::is_ascii_digit);
    if end < 12 || !end.is_multiple_of(2) || is_number || !ends_word(text, end) {
        return None;
    }
    let octets: Option<Vec<u8>> = text[..end].chunks_exact(2).map(octet).collect();
    let octets = octets?;
    match <[u8; 6]>::try_from(&octets[..]) {
        Ok(mac) => Some((Form::Mac(Mac::new(mac), None), end)),
        Err(_) => Some((Form::Octets(octets), end)),
    }
}

/// `5254.004b.5e57`, as switches print it.
fn dotted(text: &[u8]) -> Option<(Form, usize)> {
    let text_of = text.get(..14).filter(|_| ends_word(text, 14))?;
    let (b'.', b'.') = (text_of[4], text_of[9]) else { return None };
    let digits = [&text_of[..4], &text_of[5..9], &text_of[10..]].concat();
    match unseparated(&digits)? {
        (Form::Mac(mac, _), 12) => Some((Form::Mac(mac, Some(b'.')), 14)),
        _ => None,
    }
}

/// Public keys of SSH all begin with the length of their algorithm's name.
fn key(text: &[u8]) -> Option<(Form, usize)> {
    if !text.starts_with(b"AAAA") {
        return None;
    }
    let end = run(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    (end > 4).then_some((Form::Key, end))
}
