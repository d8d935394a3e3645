//! Checks a line of a text.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use vmkit_model::{Place, TraceKind};

use super::{
    octets::{Hosts, is_numbered_mac, is_numbered_v6},
    shapes::{octets, unescaped, words},
    traces::Traces,
};
use crate::hex::in_usual_form;

/// Words that identify nobody, one a line.
static KNOWN: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../redact/words.txt").lines().collect());
/// What numbered names of a redaction begin with.
const STAND_INS: [&str; 4] = ["vm", "host", "user", "x"];
/// Most digits of a number that is no serial number, and those of a time since 1970.
const MOST_DIGITS: usize = 7;
const DIGITS_OF_TIME: usize = 10;
/// Longest text in which a MAC with something behind it is looked for.
const LONGEST_MAC: usize = 32;
/// The first second of 2100, with which leases end that never do.
const NEVER: &str = "4102444800";
/// The lifetime in seconds of an address that stays, as `ip` writes it.
const FOREVER: &str = "4294967295";

/// Checks a line.
pub(super) fn check(path: &str, place: Place, line: &str, traces: &mut Traces, hosts: &mut Hosts) {
    let line = in_usual_form(&unescaped(line));
    for word in words(&line) {
        // With nanoseconds, a time has a long number.
        if word.parse::<jiff::Timestamp>().is_ok() {
            continue;
        }
        if let Some(kind) = kind_of(word, path, place, hosts) {
            traces.add(path, place, kind, word);
        }
    }
}

/// What of the word could identify.
fn kind_of(word: &str, path: &str, place: Place, hosts: &mut Hosts) -> Option<TraceKind> {
    if let Some(octets) = octets(word) {
        return match <[u8; 6]>::try_from(&octets[..]) {
            Ok(mac) => (!is_numbered_mac(mac)).then_some(TraceKind::Mac),
            Err(_) => (!is_numbered_identifier(&octets)).then_some(TraceKind::Identifier),
        };
    }
    if let Ok(address) = word.parse::<Ipv6Addr>() {
        return (!is_numbered_v6(address)).then_some(TraceKind::Address);
    }
    // The identifier of a bridge is its priority and its MAC.
    if let Some((_, mac)) = word.split_once('.').filter(|(_, mac)| is_like_mac(mac)) {
        return kind_of(mac, path, place, hosts);
    }
    let mut worst = None;
    let mut next = 0;
    let split = word.split([':', '.', '-', '_']).map(|part| {
        let place = next;
        next += part.len() + 1;
        (place, part)
    });
    let parts: Vec<(usize, &str)> = split.filter(|(_, part)| !part.is_empty()).collect();
    let mut at = 0;
    while let Some((_, part)) = parts.get(at) {
        if let Some(address) = address(&parts[at..], word) {
            if !hosts.count(address, path, place) {
                worst = Some(TraceKind::Address);
            }
            at += 4;
            continue;
        }
        if let Some(octets) = octets(part) {
            let mac = <[u8; 6]>::try_from(&octets[..]);
            let numbered = mac.map_or_else(|_| is_numbered_identifier(&octets), is_numbered_mac);
            worst = worst.or((!numbered).then_some(TraceKind::Identifier));
        } else if !is_common(part) {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            worst = worst.or(Some(if digits { TraceKind::Identifier } else { TraceKind::Word }));
        }
        at += 1;
    }
    worst
}

/// Whether it could be a MAC with something behind it. A word of any length is no MAC.
fn is_like_mac(text: &str) -> bool {
    text.len() <= LONGEST_MAC && text.matches(':').count() == 5
}

/// An address whose octets are parts of a word, as in `dhcp-192-168-77-50`, by their places in it. A
/// version or a date is none.
fn address(parts: &[(usize, &str)], word: &str) -> Option<Ipv4Addr> {
    let parts: &[(usize, &str); 4] = parts.first_chunk()?;
    let mut octets = [0; 4];
    for (octet, (_, part)) in octets.iter_mut().zip(parts) {
        *octet = part.parse().ok()?;
    }
    let [(start, _), .., (last, part)] = parts;
    let text = word.get(*start..last + part.len())?;
    let is_joined = |separator: &str| parts.map(|(_, part)| part).join(separator) == text;
    [".", "-", "_"].into_iter().any(is_joined).then(|| {
        let address = Ipv4Addr::from(octets);
        if word.ends_with("in-addr.arpa") {
            Ipv4Addr::from([octets[3], octets[2], octets[1], octets[0]])
        } else {
            address
        }
    })
}

/// Whether an identifier of seven octets or more consists of zeros, of a number, or of a numbered MAC.
fn is_numbered_identifier(octets: &[u8]) -> bool {
    let Some((head, mac)) = octets.split_last_chunk::<6>() else {
        return octets.iter().rev().skip(2).all(|octet| *octet == 0);
    };
    let small = |head: &[u8]| head.iter().filter(|octet| **octet != 0).count() <= 3;
    let is_number = head.iter().chain(&mac[..4]).all(|octet| *octet == 0);
    is_number || (small(head) && is_numbered_mac(*mac))
}

fn is_common(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let letters: Vec<&str> =
        part.split(|c: char| c.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    match letters[..] {
        // The number of an identifier has zeros before it.
        [] => {
            part.trim_start_matches('0').len() <= MOST_DIGITS
                || (digits == DIGITS_OF_TIME && part.starts_with('1'))
                || part == NEVER
                || part == FOREVER
        }
        [only] if digits == 0 => only.len() == 1 || KNOWN.contains(only),
        _ if part.starts_with("0x") => part.len() <= 10,
        [kind] if STAND_INS.contains(&kind) && part.starts_with(kind) => true,
        [first, ..] if part.starts_with(first) && first.len() > 1 => {
            digits <= 5 && KNOWN.contains(first)
        }
        [first, ..] if part.starts_with(first) => letters.len() == 1 && digits <= 5,
        _ => {
            digits <= 2 * MOST_DIGITS
                && letters.iter().all(|run| run.len() <= 4)
                && letters.len() <= 2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_of_numbers_and_one_of_a_device_differ_in_each_form() {
        let rows = [
            ("00:01:00:01:00:00:00:00:52:54:00:00:00:01", false),
            ("00:01:00:01:2c:1d:aa:bb:52:54:00:4b:5e:57", true),
            ("0001-0001-0000-0000-5254-0000-0001", false),
            ("0001-0001-2c1d-1234-5254-004b-5e57", true),
            ("0001-0001-0000-0000", false),
        ];
        for (word, identifies) in rows {
            let kind = kind_of(word, "a", Place::File, &mut Hosts::default());
            assert_eq!(kind == Some(TraceKind::Identifier), identifies, "{word}: {kind:?}");
            assert!(identifies || kind.is_none(), "{word}: {kind:?}");
        }
    }

    #[test]
    fn checks_a_mebibyte_of_anything_that_could_be_an_address() {
        // What is repeated, and what stands at the end.
        let rows = [
            ("-", ""),
            (".", "x"),
            (":", "g"),
            ("1", ""),
            ("1.1:", "g"),
            ("1_1:", ""),
            ("1-", "g"),
            ("a.", "1:1:1:1:1:1"),
            ("aa:", ""),
            ("ab", ""),
            ("%41", ""),
            ("\\", "u"),
        ];
        for (part, end) in rows {
            let line = part.repeat((1 << 20) / part.len()) + end;
            let (mut traces, mut hosts) = (Traces::default(), Hosts::default());
            check("a", Place::File, &line, &mut traces, &mut hosts);
            assert!(traces.into_sorted().len() <= 1, "{part}");
        }
    }
}
