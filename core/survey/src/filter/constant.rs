//! Values as tools write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vmkit_types::Mac;

use super::rules::{Expr, Family};

/// A number, MAC, address, network, range, or the name of an interface or a constant.
pub(super) fn constant(word: &str) -> Expr {
    if let Some(number) = number(word) {
        return Expr::Number(number);
    }
    if let Some((address, length)) = word.split_once('/')
        && let Ok(length) = length.parse()
    {
        return prefix(address, Some(length));
    }
    if let Some((low, high)) = word.split_once('-')
        && let (Some(low), Some(high)) = (number(low), number(high))
    {
        return Expr::Range(Box::new(Expr::Number(low)), Box::new(Expr::Number(high)));
    }
    Expr::Text(word.to_owned())
}

/// A network.
pub(super) fn prefix(address: &str, length: Option<u8>) -> Expr {
    match (address.parse::<IpAddr>(), length) {
        (Ok(IpAddr::V4(address)), Some(length @ 0..=32)) => {
            Expr::Prefix { address: u32::from(address).into(), bits: 32, length }
        }
        (Ok(IpAddr::V6(address)), Some(length @ 0..=128)) => {
            Expr::Prefix { address: address.into(), bits: 128, length }
        }
        _ => Expr::Unknown,
    }
}

/// The number that a word stands for.
pub(super) fn number(word: &str) -> Option<u128> {
    if let Some(digits) = word.strip_prefix("0x") {
        return u128::from_str_radix(digits, 16).ok();
    }
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    if let Ok(address) = word.parse::<Ipv4Addr>() {
        return Some(u32::from(address).into());
    }
    if let Some(mac) = mac(word) {
        return Some(mac);
    }
    word.parse::<Ipv6Addr>().ok().map(u128::from)
}

/// A MAC, whose octets may have one digit (ebtables).
pub(super) fn mac(word: &str) -> Option<u128> {
    if word.split(':').count() != 6 {
        return None;
    }
    let whole: Vec<String> = word.split(':').map(|octet| format!("{octet:0>2}")).collect();
    let mac: Mac = whole.join(":").parse().ok()?;
    Some(mac.octets().iter().fold(0, |number, octet| number << 8 | u128::from(*octet)))
}

/// The number of a priority such as `filter - 1` (nft(8)).
pub(super) fn priority(words: &str, family: Family) -> i64 {
    let compact: String = words.chars().filter(|c| !c.is_whitespace()).collect();
    if let Ok(number) = compact.parse() {
        return number;
    }
    let end = compact.find(['+', '-']).unwrap_or(compact.len());
    let (name, offset) = compact.split_at(end);
    let bridge = family == Family::Bridge;
    let named = match name {
        "raw" => -300,
        "mangle" => -150,
        "dstnat" if bridge => -300,
        "dstnat" => -100,
        "filter" if bridge => -200,
        "security" => 50,
        "out" | "srcnat" if !bridge => 100,
        "out" => 100,
        "srcnat" => 300,
        _ => 0,
    };
    named + offset.trim_start_matches('+').parse::<i64>().unwrap_or(0)
}
