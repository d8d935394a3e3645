//! Parsers of the texts in which tools print the neighbour table, one file each. A snapshot may have any
//! of these texts, on every platform.

pub(crate) mod arp;
mod ip_neigh;
mod ndp;
mod netstat;
mod proc_net_arp;

use crate::table::Entry;

/// Parses a whole text; the error is the fault in it.
type Parse = fn(&str) -> Result<Vec<Entry>, String>;

/// The artefacts of a snapshot that have a neighbour table, and their parsers.
pub(crate) const ARTEFACTS: &[(&str, Parse)] = &[
    (IP_NEIGH_JSON, ip_neigh::json),
    ("neigh/ip-neigh.txt", |text| Ok(lines(text, ip_neigh::entry))),
    ("neigh/ip-6-neigh.json", ip_neigh::json),
    ("neigh/ip-6-neigh.txt", |text| Ok(lines(text, ip_neigh::entry))),
    ("neigh/proc-net-arp.txt", |text| Ok(lines(text, proc_net_arp::entry))),
    (ARP_TXT, |text| Ok(lines(text, arp::entry))),
    ("neigh/arp-anl.txt", |text| Ok(lines(text, arp::long_entry))),
    ("neigh/ndp-an.txt", |text| Ok(lines(text, ndp::entry))),
    (NETSTAT_TXT, |text| Ok(netstat::entries(text))),
];

/// What Linux records: both address families.
pub(crate) const IP_NEIGH_JSON: &str = "neigh/ip-neigh.json";
/// What macOS records of IPv4.
pub(crate) const ARP_TXT: &str = "neigh/arp-an.txt";
/// What macOS records of both families, among the routes.
pub(crate) const NETSTAT_TXT: &str = "neigh/netstat-rn.txt";
/// The texts of macOS's whole table.
pub(crate) const OF_MACOS: [&str; 3] = [ARP_TXT, "neigh/arp-anl.txt", NETSTAT_TXT];

pub(crate) use ip_neigh::{json, to_json};

/// The entries of the artefact of this name.
pub(crate) fn parse(artefact: &str, text: &str) -> Result<Vec<Entry>, String> {
    let known = ARTEFACTS.iter().find(|(name, _)| *name == artefact);
    known.map_or_else(|| Ok(Vec::new()), |(_, parse)| parse(text))
}

/// Whether these texts of macOS, each with its name, name nobody: a connected Mac knows at least its router.
pub(crate) fn names_nobody<'t>(texts: impl Iterator<Item = (&'static str, &'t [u8])>) -> bool {
    let mut texts = texts.peekable();
    texts.peek().is_some()
        && texts.all(|(name, text)| {
            let entries = parse(name, &String::from_utf8_lossy(text)).unwrap_or_default();
            entries.iter().all(|entry| entry.mac.is_none())
        })
}

fn lines(text: &str, entry: fn(&str) -> Option<Entry>) -> Vec<Entry> {
    text.lines().filter_map(entry).collect()
}
