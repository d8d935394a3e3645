//! The programs that give a guest its addresses.

use vmkit_types::{Reading, bounded};

use crate::{cards::LONGEST_NAME, facts::Managed, parts::Parts};

/// The names that processes of these programs have: the kernel keeps 15 bytes of each.
const PROGRAMS: [&str; 11] = [
    "dhclient",
    "dhcpcd",
    "udhcpc",
    "systemd-network",
    "systemd-networkd",
    "NetworkManager",
    "connmand",
    "wickedd",
    "wickedd-dhcp4",
    "sshd",
    "dropbear",
];
/// Most cards of one manager.
const MOST: usize = 64;

/// The running programs, each once.
pub(crate) fn programs(text: &str) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for line in text.lines() {
        let known = PROGRAMS.into_iter().find(|program| *program == line.trim());
        found.extend(known.filter(|program| !found.contains(program)));
    }
    found
}

/// The cards of the managers that could be asked.
pub(crate) fn managed(parts: &Parts) -> Reading<Vec<Managed>> {
    let networkd = parts.text("links").ok().map(|text| rows(text, networkd));
    let others = parts.text("devices").ok().map(|text| rows(text, network_manager));
    if networkd.is_none() && others.is_none() {
        return Reading::Absent;
    }
    let all = [networkd, others].into_iter().flatten().flatten();
    Reading::Known(all.collect())
}

fn rows(text: &str, read: fn(&str) -> Option<Managed>) -> Vec<Managed> {
    text.lines().filter_map(read).take(MOST).collect()
}

/// A line of `networkctl list`: number, card, kind, operational state, state of the setup.
fn networkd(line: &str) -> Option<Managed> {
    let mut words = line.split_whitespace();
    words.next()?.parse::<u32>().ok()?;
    let (card, state) = (words.next()?, words.nth(2)?);
    Some(row("systemd-networkd", card, state))
}

/// A line of `nmcli -t -f DEVICE,STATE device`: `eth0:connected`.
fn network_manager(line: &str) -> Option<Managed> {
    let (card, state) = line.split_once(':')?;
    // It adds the cause to some states: `connected (externally)`.
    Some(row("NetworkManager", card, state.split_whitespace().next()?))
}

fn row(manager: &'static str, card: &str, state: &str) -> Managed {
    let text = |text: &str| bounded(text, LONGEST_NAME).to_owned();
    Managed { manager, card: text(card), state: text(state) }
}
