//! Texts: words that are known to identify nobody stay, and everything else gets a stand-in.

use std::{fmt::Write as _, net::IpAddr};

use vmkit_types::Mac;

use super::{
    forms::{Form, at_start},
    stand_ins::StandIns,
};
use crate::hex::{self, Hex};

/// Most words of a name.
const MOST_PARTS: usize = 16;

/// Redacts a text of any encoding.
pub(super) fn redact(text: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    let text = &percent_decoded(text)[..];
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let rest = &text[at..];
        let kept = escape_sequence(rest).max(time(rest));
        if kept > 0 {
            out.extend_from_slice(&rest[..kept]);
            at += kept;
        } else if let Some((form, length)) = at_start(rest) {
            out.extend_from_slice(replaced(&form, &rest[..length], stand_ins).as_bytes());
            at += length;
        } else if let Some((stand_in, length)) = name(rest, stand_ins) {
            out.extend_from_slice(stand_in.as_bytes());
            at += length;
        } else if is_letter(*byte) {
            let word = &rest[..rest.iter().take_while(|byte| is_letter(**byte)).count()];
            if stand_ins.words.knows(word) {
                out.extend_from_slice(word);
            } else {
                out.extend_from_slice(stand_ins.words.stand_in(word).as_bytes());
            }
            at += word.len();
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    out
}

/// Redacts the text of a field that holds a name, which may be one of the known words.
pub(super) fn redact_name(text: &str, stand_ins: &mut StandIns<'_>) -> String {
    match stand_ins.names.stand_in(text) {
        Some(stand_in) => stand_in.to_owned(),
        None => redact_str(text, stand_ins),
    }
}

pub(super) fn redact_str(text: &str, stand_ins: &mut StandIns<'_>) -> String {
    String::from_utf8_lossy(&redact(text.as_bytes(), stand_ins)).into_owned()
}

/// Letters and digits, also those of other alphabets.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// The length of a terminal's control sequence (ECMA-48, 5.4), which holds no words.
fn escape_sequence(text: &[u8]) -> usize {
    let Some(parameters) = text.strip_prefix(b"\x1b[") else { return 0 };
    let length = parameters.iter().take_while(|byte| matches!(byte, b'0'..=b'?')).count();
    let ends = parameters.get(length).is_some_and(|byte| matches!(byte, b'@'..=b'~'));
    if ends { length + 3 } else { 0 }
}

/// The length of a time in the form of RFC 3339.
fn time(text: &[u8]) -> usize {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let is_time = text.len() >= FORM.len()
        && FORM.iter().zip(text).all(|(form, byte)| match form {
            b'0' => byte.is_ascii_digit(),
            other => other == byte,
        });
    let Some((b'.', fraction)) = text.get(FORM.len()..).and_then(<[u8]>::split_first) else {
        return if is_time { FORM.len() } else { 0 };
    };
    // Nanoseconds have nine digits.
    let digits = fraction.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    if is_time { FORM.len() + 1 + digits } else { 0 }
}

/// The text with `%41` as `A`, where there is such. Router pages list names in this form.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().filter(|_| *first == b'%');
        let octet = digits.and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
            u8::from_str_radix(digits, 16).ok()
        });
        out.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { &after[2..] } else { after };
    }
    out
}

/// The name that the text begins with, if it is not one of the known words, and its length.
fn name<'a>(text: &[u8], stand_ins: &'a StandIns<'_>) -> Option<(&'a str, usize)> {
    let names = stand_ins.names;
    if !text.first().is_some_and(|first| names.begin_with(*first)) {
        return None;
    }
    let mut ends = Vec::new();
    // A guest may write a MiB of dashes: looking further than names reach would take minutes.
    for place in 1..=names.longest().min(text.len()) {
        let next = text.get(place);
        if next.is_some_and(|byte| is_letter(*byte)) {
            continue;
        }
        if next.is_none() || is_letter(text[place - 1]) {
            ends.push(place);
        }
        if !matches!(next, Some(b'-' | b'_' | b'.')) || ends.len() == MOST_PARTS {
            break;
        }
    }
    ends.into_iter().rev().find_map(|end| {
        let word = std::str::from_utf8(&text[..end]).ok()?;
        let stand_in = names.stand_in(word)?;
        (!stand_ins.words.knows(word.as_bytes())).then_some((stand_in, end))
    })
}

/// The stand-in in the form of what it replaces.
fn replaced(form: &Form, text: &[u8], stand_ins: &mut StandIns<'_>) -> String {
    let addresses = &mut stand_ins.addresses;
    match form {
        Form::Mac(mac, separator) => {
            let text = addresses.mac(*mac).to_string();
            match separator {
                Some(b':') => text,
                Some(b'-') => text.replace(':', "-"),
                _ => {
                    let digits = text.replace(':', "");
                    let every_four = [&digits[..4], &digits[4..8], &digits[8..]].join(".");
                    if separator.is_some() { every_four } else { digits }
                }
            }
        }
        Form::Octets(octets) => {
            let at = text.iter().position(|byte| matches!(byte, b':' | b'-'));
            // Some forms have two octets in a group.
            let group = if at == Some(4) { 2 } else { 1 };
            let mut out = String::new();
            for (place, octet) in stand_ins.identifier(octets).into_iter().enumerate() {
                let begins = place > 0 && place.is_multiple_of(group);
                let separator = at.filter(|_| begins).map(|at| char::from(text[at]));
                out.extend(separator);
                // Writing to a string cannot fail.
                write!(out, "{octet:02x}").ok();
            }
            out
        }
        Form::V4(address, separator) => {
            let text = addresses.v4(*address).to_string();
            text.replace('.', &char::from(*separator).to_string())
        }
        Form::Reverse4(address) => {
            let [a, b, c, d] = addresses.v4(*address).octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Form::V6(address) => addresses.ip(IpAddr::V6(*address)).to_string(),
        Form::Reverse6(address) => {
            let IpAddr::V6(address) = addresses.ip(IpAddr::V6(*address)) else {
                return String::new();
            };
            let mut out = String::new();
            for octet in address.octets().into_iter().rev() {
                write!(out, "{:x}.{:x}.", octet & 15, octet >> 4).ok();
            }
            out + "ip6.arpa"
        }
        Form::Hex(hex) => replaced_hex(hex, text, stand_ins),
        Form::Key => stand_ins.words.stand_in(text).to_owned(),
    }
}

/// The same for what is written with `0x`.
fn replaced_hex(form: &Hex, text: &[u8], stand_ins: &mut StandIns<'_>) -> String {
    let addresses = &mut stand_ins.addresses;
    match form {
        Hex::V4(address) => hex::in_form_of(text, &addresses.v4(*address).octets()),
        Hex::Number(address) => format!("{:#010x}", addresses.v4(*address).to_bits()),
        Hex::Reversed(address) => {
            format!("{:#010x}", addresses.v4(*address).to_bits().swap_bytes())
        }
        Hex::Octets(octets) => {
            let stand_in = match <[u8; 6]>::try_from(&octets[..]) {
                Ok(mac) => addresses.mac(Mac::new(mac)).octets().to_vec(),
                Err(_) => stand_ins.identifier(octets),
            };
            hex::in_form_of(text, &stand_in)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::Names;
    use super::*;

    #[test]
    fn replaces_a_thing_by_the_same_stand_in_everywhere() {
        let names = Names::new(["web", "ci-runner-7"], ["mac-mini"], ["alice", "ubuntu"]);
        let mut stand_ins = StandIns::new(&names);
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
            ("alice@mac-mini ubuntu webmaster", "user1@host1 ubuntu x1"),
            (
                "[\"8.8.8.8\",\"fe80::5054:ff:fe4b:5e57\"]",
                "[\"203.0.113.10\",\"fe80::5054:ff:fe00:1\"]",
            ),
            ("8.8.8.9 8.8.4.4 100.64.7.9", "203.0.113.11 198.51.100.10 100.64.2.10"),
            (
                "chaddr=52-54-00-4b-5e-57 0.0.0.0 127.0.0.1",
                "chaddr=52-54-00-00-00-01 0.0.0.0 127.0.0.1",
            ),
            ("2026-11-24T06:00:00Z 1.2 12:30", "2026-11-24T06:00:00Z 1.2 12:30"),
            // A MAC in other forms, and what is made from it.
            ("5254004b5e57 5254.004b.5e57 enx5254004b5e57", "525400000001 5254.0000.0001 x2"),
            ("at 52.54.0.4b.5e.57 UHLWIi", "at 52:54:00:00:00:01 UHLWIi"),
            (
                "33:33:ff:4b:5e:57 ff02::1:ff4b:5e57 33:33:00:00:00:fb",
                "33:33:ff:00:00:01 ff02::1:ff00:1 33:33:00:00:00:fb",
            ),
            (
                "00:01:00:01:2c:1d:aa:bb:52:54:00:4b:5e:57",
                "00:01:00:01:00:00:00:00:52:54:00:00:00:01",
            ),
            (
                "01:52:54:00:4b:5e:57 8000.52:54:0:4b:5e:57",
                "01:52:54:00:00:00:01 8000.52:54:00:00:00:01",
            ),
            (
                "mac 0x52 0x54 0x0 0x4b 0x5e 0x57, {0x52, 0x54, 0x00, 0x4b, 0x5e, 0x57}",
                "mac 0x52 0x54 0x00 0x00 0x00 0x01, {0x52, 0x54, 0x00, 0x00, 0x00, 0x01}",
            ),
            (
                "0x01:0x52:0x54:0x00:0x4b:0x5e:0x57 0xc0 0xa8 0x01 0x40",
                "0x01:0x52:0x54:0x00:0x00:0x00:0x01 0xc0 0xa8 0x01 0x0a",
            ),
            ("0xc0a80140 0x4001a8c0 0x80000000", "0xc0a8010a 0x0a01a8c0 0x80000000"),
            ("0001-0001-2c1d-aabb-5254-004b-5e57 DUID", "0001-0001-0000-0000-5254-0000-0001 DUID"),
            ("ff:b5:5e:67:ff:00:02:00:00:ab:11:9c", "00:00:00:00:00:00:00:00:00:00:00:01"),
            // An address in other forms.
            ("dhcp-192-168-1-64 ip-192-168-1-64.ec2", "dhcp-192-168-1-10 ip-192-168-1-10.x3"),
            ("64.1.168.192.in-addr.arpa", "10.1.168.192.in-addr.arpa"),
            (
                "7.5.e.5.b.4.e.f.f.f.0.0.4.5.0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa",
                "1.0.0.0.0.0.e.f.f.f.0.0.4.5.0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa",
            ),
            (
                "::ffff:192.168.1.64 fe80::1%en0 2a00:23c7:1::9 2a00:23c7:1::5/64",
                "::ffff:192.168.1.10 fe80::1%en0 2001:db8:0:1::9 2001:db8:0:1::5/64",
            ),
            // Every address with a port, as netstat writes it.
            ("tcp :::22 :::* LISTEN [::]:22 *:22", "tcp :::22 :::* LISTEN [::]:22 *:22"),
            // Words that nobody knows: SSIDs, serial numbers, domains, other alphabets, codes.
            ("BT%2D7XQ2HM A4%3A83%3AE7%3A00%3A00%3A50", "bt-x4 a4:83:e7:00:00:02"),
            ("serial 091291204400 Müller example.org", "serial x5 x6 example.org"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI+a/b= ci-runner-7_x", "ssh-ed25519 x7 vm2_x"),
            ("\x1b[0;32m OK \x1b[0m in 10ms", "\x1b[0;32m OK \x1b[0m in 10ms"),
        ];
        let mut wrong = Vec::new();
        for (text, expected) in rows {
            let redacted = redact_str(text, &mut stand_ins);
            if !redacted.eq_ignore_ascii_case(expected) {
                wrong.push(format!("{text}\n  {redacted}\n  {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn redacts_long_runs_of_anything_that_could_begin_something() {
        let hosts = ["-a", "a-b", "1.1", "a".repeat(5000).as_str()].map(str::to_owned);
        let names = Names::new(hosts.iter().map(String::as_str), [], []);
        // What is repeated, and what stands at the end so that it is none of the forms.
        let rows = [
            ("-", ""),
            ("_", "x"),
            (".", ":"),
            (":", "g"),
            ("1", ""),
            ("1.", "g"),
            ("1-", "g"),
            ("a-", "g"),
            ("a:", "g"),
            ("aa:", "g"),
            ("ab", "g"),
            ("%41", ""),
            ("%2d", ""),
            ("+", ""),
            ("a+", ""),
            ("/AAA", ""),
            ("1s", ""),
            ("0x1 ", ""),
            ("0x1", "g"),
            ("1s1", "ms"),
            ("\u{1b}[", "0"),
            ("\u{1b}[0", ""),
            ("2026-11-24T06:00:00.", ""),
            ("ä", "\u{0}"),
        ];
        for (part, end) in rows {
            let text = part.repeat((1 << 17) / part.len()) + end;
            let redacted = redact(text.as_bytes(), &mut StandIns::new(&names));
            assert!(!redacted.is_empty(), "{part}");
        }
    }
}
