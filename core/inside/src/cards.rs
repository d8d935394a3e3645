//! The cards and addresses of `ip -j addr`, or of `ip addr` where it knows no JSON, as busybox's.

use serde::Deserialize;
use vmkit_types::{Mac, Prefix, Unread, bounded};

use crate::facts::{GuestAddress, GuestCard};

/// Most cards: a host of containers has some hundreds.
const MOST_CARDS: usize = 1024;
/// Most addresses of a card that are read.
const MOST: usize = 64;
/// Longest name: the kernel's own limit is 15.
pub(crate) const LONGEST_NAME: usize = 64;

#[derive(Deserialize)]
struct Row {
    ifname: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    address: String,
    #[serde(default)]
    addr_info: Vec<AddressRow>,
}

#[derive(Deserialize)]
struct AddressRow {
    #[serde(default)]
    local: String,
    #[serde(default)]
    prefixlen: u8,
    #[serde(default)]
    dynamic: bool,
}

/// Reads the cards.
pub(crate) fn read(text: &str) -> Result<Vec<GuestCard>, Unread> {
    let cards = if text.trim_start().starts_with('[') { document(text)? } else { lines(text) };
    // Each system has a loopback.
    if cards.is_empty() {
        return Err(Unread::Malformed("the guest's addresses name no card".to_owned()));
    }
    if cards.len() > MOST_CARDS {
        return Err(Unread::Malformed(format!("the guest has more than {MOST_CARDS} cards")));
    }
    Ok(cards.into_iter().filter(|card| card.name != "lo").collect())
}

fn document(text: &str) -> Result<Vec<GuestCard>, Unread> {
    let rows: Vec<Row> = serde_json::from_str(text)
        .map_err(|error| Unread::Malformed(format!("the guest's addresses: {error}")))?;
    let card = |row: Row| {
        let addresses = row.addr_info.iter().take(MOST).filter_map(|each| {
            Some(GuestAddress {
                prefix: prefix(&each.local, each.prefixlen)?,
                dynamic: each.dynamic,
            })
        });
        GuestCard {
            name: bounded(&row.ifname, LONGEST_NAME).to_owned(),
            mac: mac(&row.address),
            up: row.flags.iter().any(|flag| flag == "UP"),
            carrier: row.flags.iter().any(|flag| flag == "LOWER_UP"),
            addresses: addresses.collect(),
        }
    };
    Ok(rows.into_iter().map(card).collect())
}

fn lines(text: &str) -> Vec<GuestCard> {
    let mut cards: Vec<GuestCard> = Vec::new();
    for line in text.lines() {
        if let Some(card) = header(line) {
            if cards.len() > MOST_CARDS {
                break;
            }
            cards.push(card);
            continue;
        }
        let Some(card) = cards.last_mut() else { continue };
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("link/ether"), Some(address)) => card.mac = mac(address),
            (Some("inet" | "inet6"), Some(address)) if card.addresses.len() < MOST => {
                let (address, length) = address.split_once('/').unwrap_or((address, "32"));
                let prefix = length.parse().ok().and_then(|length| prefix(address, length));
                let dynamic = words.any(|word| word == "dynamic");
                card.addresses.extend(prefix.map(|prefix| GuestAddress { prefix, dynamic }));
            }
            _ => {}
        }
    }
    cards
}

/// A line such as `2: eth0@if5: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP`.
fn header(line: &str) -> Option<GuestCard> {
    let (number, rest) = line.split_once(": ")?;
    number.parse::<u32>().ok()?;
    let (name, rest) = rest.split_once(": ")?;
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let flags = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'))?.0;
    let has = |wanted: &str| flags.split(',').any(|flag| flag == wanted);
    Some(GuestCard {
        name: bounded(name, LONGEST_NAME).to_owned(),
        mac: None,
        up: has("UP"),
        carrier: has("LOWER_UP"),
        addresses: Vec::new(),
    })
}

fn mac(text: &str) -> Option<Mac> {
    text.parse().ok()
}

/// The network of an address, unless the length is none.
pub(crate) fn prefix(address: &str, length: u8) -> Option<Prefix> {
    let address: std::net::IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (length <= longest).then_some(Prefix { address, length })
}
