//! The fields of one machine out of several entries.

use std::{path::PathBuf, sync::Arc};

use vmkit_model::{Card, Cards, Endpoint, MacSource, Machine, Net};
use vmkit_types::{ListedMachine, Reading, SubjectCard, Unread};

use crate::names::{valid_hostname, valid_username};

/// Longest path that a system opens.
const PATH_LIMIT: usize = 4096;

/// Fills what the first entry does not know from another one of the same machine.
pub(super) fn fill_listed(sum: &mut ListedMachine, other: &ListedMachine) {
    take(&mut sum.state, &other.state);
    take(&mut sum.pid, &other.pid);
    take(&mut sum.hostname, &other.hostname);
    take(&mut sum.username, &other.username);
    take(&mut sum.console, &other.console);
    take(&mut sum.monitor, &other.monitor);
    take(&mut sum.guest_agent, &other.guest_agent);
    take(&mut sum.ssh, &other.ssh);
    take(&mut sum.identity_file, &other.identity_file);
    take(&mut sum.forwards, &other.forwards);
    take(&mut sum.disks, &other.disks);
    take(&mut sum.addresses, &other.addresses);
    take(&mut sum.remarks, &other.remarks);
    let filled = match (&sum.cards, &other.cards) {
        (Reading::Known(own), Reading::Known(others)) => {
            Some(own.iter().map(|card| filled(card, others)).collect())
        }
        _ => None,
    };
    match filled {
        Some(cards) => sum.cards = Reading::Known(cards),
        None => take(&mut sum.cards, &other.cards),
    }
}

/// Fills what an inventory of somebody else may add to a machine that others list: remarks and addresses,
/// which are shown as its own.
pub(super) fn add_claims(sum: &mut ListedMachine, other: &ListedMachine) {
    take(&mut sum.addresses, &other.addresses);
    take(&mut sum.remarks, &other.remarks);
}

/// Known wins over absent, absent over unknown, and a reason over none.
fn take<T: Clone>(own: &mut Reading<T>, other: &Reading<T>) {
    fn rank<T>(reading: &Reading<T>) -> u8 {
        match reading {
            Reading::Known(_) => 3,
            Reading::Absent => 2,
            Reading::Unknown(Unread::NotTried) => 0,
            Reading::Unknown(_) => 1,
        }
    }
    if rank(other) > rank(own) {
        own.clone_from(other);
    }
}

/// A card with what another entry says of the card with its MAC.
fn filled(card: &SubjectCard, others: &[SubjectCard]) -> SubjectCard {
    let same = others.iter().find(|other| card.mac.is_some() && other.mac == card.mac);
    let Some(same) = same else { return card.clone() };
    SubjectCard {
        mac: card.mac,
        mode: card.mode.or(same.mode),
        interface: card.interface.clone().or_else(|| same.interface.clone()),
        port: card.port.clone().or_else(|| same.port.clone()),
    }
}

/// The machine of an entry. Its process and its state are unknown.
pub(super) fn machine_of(manager: &Arc<str>, listed: &ListedMachine) -> Machine {
    let mut machine = Machine::new(Arc::clone(manager), &listed.name);
    machine.instance = Reading::Known(listed.id.clone());
    fill(&mut machine, listed);
    machine
}

/// Fills what the machine does not know from an entry.
pub(super) fn fill(machine: &mut Machine, listed: &ListedMachine) {
    let valid = |reading: &Reading<String>, what: &str, valid: fn(&str) -> bool| match reading {
        Reading::Known(text) if !valid(text) => Reading::Unknown(malformed(what)),
        reading => reading.clone(),
    };
    take(&mut machine.hostname, &valid(&listed.hostname, "its host name", valid_hostname));
    take(&mut machine.username, &valid(&listed.username, "its user", valid_username));
    take(&mut machine.identity_file, &path(&listed.identity_file, "its identity file"));
    take(&mut machine.forwards, &listed.forwards);
    take(&mut machine.manager_addresses, &listed.addresses);
    take(&mut machine.remarks, &listed.remarks);
    if machine.endpoints.is_empty() {
        machine.endpoints = Endpoint::all(&listed.ssh, &machine.forwards);
    }
    for (own, listed, what) in [
        (&mut machine.console_log, &listed.console, "its console"),
        (&mut machine.guest_agent, &listed.guest_agent, "its guest agent"),
    ] {
        if own.is_none() {
            *own = path(listed, what).known();
        }
    }
    let Reading::Known(cards) = &listed.cards else { return };
    let nothing_known = machine.cards == Cards::default();
    if nothing_known && !cards.is_empty() {
        machine.cards = cards.iter().map(card).collect();
        return;
    }
    let Cards { first, others } = &mut machine.cards;
    for own in std::iter::once(first).chain(others) {
        let same = cards.iter().find(|card| card.mac.is_some() && card.mac == own.known_mac());
        if let Some(same) = same.filter(|_| !matches!(own.net, Reading::Known(_))) {
            take(&mut own.net, &net(same));
        }
    }
}

/// An absolute path that can be shown and handed over.
fn path(reading: &Reading<String>, what: &str) -> Reading<PathBuf> {
    match reading {
        Reading::Known(text) => {
            let plain = text.len() <= PATH_LIMIT && !text.contains(char::is_control);
            let path = PathBuf::from(text);
            if plain && path.is_absolute() {
                Reading::Known(path)
            } else {
                Reading::Unknown(malformed(what))
            }
        }
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why.clone()),
    }
}

fn malformed(what: &str) -> Unread {
    Unread::Malformed(what.to_owned())
}

fn card(listed: &SubjectCard) -> Card {
    let unsaid = || Unread::Failed("its manager does not say".to_owned());
    let mac = listed.mac.map_or_else(|| Reading::Unknown(unsaid()), Reading::Known);
    Card {
        mac_source: listed.mac.map(|_| MacSource::Manager),
        recorded_mac: mac.clone(),
        mac,
        net: net(listed),
        link_up: Reading::Unknown(Unread::Unsupported),
    }
}

fn net(listed: &SubjectCard) -> Reading<Net> {
    let SubjectCard { mode, interface, port, .. } = listed;
    let unsaid = || Unread::Failed("its manager does not say how it is connected".to_owned());
    mode.map_or_else(
        || Reading::Unknown(unsaid()),
        |mode| {
            let (interface, port) = (interface.clone(), port.clone());
            Reading::Known(Net { mode, interface, port, netdev: None })
        },
    )
}
