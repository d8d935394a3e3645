//! Machines, to and from `snapshot.json` and `qmp.json`.

use std::{path::Path, time::SystemTime};

use jiff::Timestamp;
use vmkit_model::{Card, Cards, End, Machine, Net, Power, ProcessDoubt, QmpStatus};
use vmkit_types::{NetworkMode, Reading, Unread};

use crate::{devices, document, listed};

/// The words of the network modes.
const MODES: [(NetworkMode, &str); 3] = [
    (NetworkMode::Bridged, "bridged"),
    (NetworkMode::Shared, "shared"),
    (NetworkMode::User, "user"),
];

/// Most host keys of one machine that are read. A server has one of each of five kinds.
const MOST_HOST_KEYS: usize = 32;

/// Most network cards of one machine that are read, as of a running machine.
pub(super) const MOST_CARDS: usize = 32;

/// The reading of a value that a snapshot does not record.
fn unread<T>() -> Reading<T> {
    Reading::Unknown(Unread::NotTried)
}

fn read_or_unread<T>(value: Option<T>) -> Reading<T> {
    value.map_or_else(unread, Reading::Known)
}

/// The machine in the document, without its console log. Malformed values are named in `problems`.
pub(crate) fn read(
    vm: &document::Machine,
    monitor: Option<&document::Monitor>,
    directory: &Path,
    problems: &mut Vec<String>,
) -> Machine {
    let cards = cards(vm, monitor.and_then(|monitor| monitor.link_up), problems);
    let mut known_host_keys = Vec::new();
    for text in vm.known_host_keys.iter().take(MOST_HOST_KEYS) {
        match text.parse() {
            Ok(key) => known_host_keys.push(key),
            Err(_) => problems.push(format!("host key {text:?} of {:?}", vm.name)),
        }
    }
    let mut time_of = |what: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        let time = time(text);
        if time.is_none() {
            problems.push(format!("{what} {text:?} of {:?}", vm.name));
        }
        time
    };
    let started_at = time_of("start time", &vm.started_at);
    let console_written_at = time_of("time of the console log", &vm.console_written_at);
    let qmp = monitor.and_then(|monitor| monitor.status.as_ref());
    let qmp = qmp.map(|status| QmpStatus {
        running: status == "running",
        state: status.clone(),
        unopened: Vec::new(),
        version: monitor.and_then(|monitor| monitor.version.clone()),
    });
    let manager = vm.manager.as_deref().unwrap_or("vm-toolkit");
    Machine {
        own_name: vm.own_name.as_ref().unwrap_or(&vm.name).clone(),
        foreign: vm.foreign,
        directory: Some(directory.to_owned()),
        hostname: read_or_unread(vm.hostname.clone()),
        username: read_or_unread(vm.username.clone()),
        cards,
        known_host_keys,
        power: power(vm.state.as_deref(), qmp.as_ref()),
        end: match vm.end.as_deref() {
            Some("with-computer") => Reading::Known(End::WithComputer),
            Some("by-itself") => Reading::Known(End::ByItself),
            Some(_) => {
                let why = "the record does not say".to_owned();
                Reading::Unknown(Unread::Failed(why))
            }
            None => Reading::Absent,
        },
        pid: vm.pid,
        doubt: vm.doubt.as_deref().and_then(doubt),
        started_at,
        qmp: read_or_unread(qmp),
        devices: monitor.map_or_else(unread, |monitor| devices::read(&monitor.devices, problems)),
        console_written_at,
        ..listed::read(vm, Machine::new(manager.into(), &vm.name), problems)
    }
}

/// The cards that the document lists, or else the one that its fields describe.
fn cards(vm: &document::Machine, link_up: Option<bool>, problems: &mut Vec<String>) -> Cards {
    if vm.cards.is_empty() {
        let (mac, recorded_mac) = (vm.mac.clone(), vm.recorded_mac.clone());
        let only = document::Card { mac, recorded_mac, net: vm.net.clone(), link_up };
        return Cards::from(card(&only, &vm.name, problems));
    }
    if let Some(more) = vm.cards.len().checked_sub(MOST_CARDS).filter(|more| *more > 0) {
        let name = &vm.name;
        problems.push(format!("{more} network cards of {name:?}: at most {MOST_CARDS} are read"));
    }
    let listed = vm.cards.iter().take(MOST_CARDS);
    let mut cards: Cards = listed.map(|listed| card(listed, &vm.name, problems)).collect();
    if let (Reading::Unknown(_), Some(up)) = (&cards.first.link_up, link_up) {
        cards.first.link_up = Reading::Known(up);
    }
    cards
}

fn card(card: &document::Card, machine: &str, problems: &mut Vec<String>) -> Card {
    let mut parsed = |what: &str, text: &Option<String>| match text {
        Some(text) if text.parse::<vmkit_types::Mac>().is_err() => {
            problems.push(format!("{what} {text:?} of {machine:?}"));
            None
        }
        text => text.as_deref().and_then(|text| text.parse().ok()),
    };
    let mac = read_or_unread(parsed("MAC", &card.mac));
    let recorded_mac = parsed("recorded MAC", &card.recorded_mac);
    Card {
        recorded_mac: recorded_mac.map_or_else(|| mac.clone(), Reading::Known),
        mac,
        mac_source: None,
        net: read_or_unread(card.net.as_ref().and_then(net)),
        link_up: read_or_unread(card.link_up),
    }
}

/// An RFC 3339 time within the range of this computer's clock.
pub(crate) fn time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok()?.try_into().ok()
}

/// The state of its process. All states of `vm status` that have a process mean that it ran.
fn power(state: Option<&str>, qmp: Option<&QmpStatus>) -> Power {
    match state {
        Some("running" | "booting" | "initializing") if qmp.is_none_or(|qmp| qmp.running) => {
            Power::Running
        }
        Some("paused" | "running" | "booting" | "initializing") => Power::Paused,
        Some("stopped") => Power::Stopped,
        Some("missing") => Power::Missing,
        _ => Power::Unknown,
    }
}

fn doubt(word: &str) -> Option<ProcessDoubt> {
    ProcessDoubt::WORDS.iter().find(|(_, other)| *other == word).map(|(doubt, _)| *doubt)
}

fn net(net: &document::Net) -> Option<Net> {
    let mode = MODES.iter().find(|(_, word)| net.mode.as_deref() == Some(*word));
    let (mode, _) = mode?;
    let (interface, port) = (net.interface.clone(), net.port.clone());
    Some(Net { mode: *mode, interface, port, netdev: None })
}

/// The machine for the document.
pub(crate) fn write(machine: &Machine) -> document::Machine {
    let first = write_card(&machine.cards.first);
    let cards = if machine.cards.others.is_empty() {
        Vec::new()
    } else {
        machine.cards.all().map(write_card).collect()
    };
    let state = match machine.power {
        Power::Running => Some("running"),
        Power::Paused => Some("paused"),
        Power::Stopped => Some("stopped"),
        Power::Missing => Some("missing"),
        Power::Unknown => None,
    };
    document::Machine {
        name: machine.name.clone(),
        own_name: Some(machine.own_name.clone()).filter(|own| *own != machine.name),
        manager: Some(machine.manager.to_string()),
        foreign: machine.foreign,
        state: state.map(str::to_owned),
        end: match machine.end {
            Reading::Known(End::WithComputer) => Some("with-computer".to_owned()),
            Reading::Known(End::ByItself) => Some("by-itself".to_owned()),
            Reading::Unknown(_) => Some("unknown".to_owned()),
            Reading::Absent => None,
        },
        doubt: machine.doubt.and_then(|doubt| {
            let word = ProcessDoubt::WORDS.iter().find(|(other, _)| *other == doubt);
            word.map(|(_, word)| (*word).to_owned())
        }),
        pid: machine.pid,
        started_at: machine.started_at.and_then(text_of),
        console_written_at: machine.console_written_at.and_then(text_of),
        mac: first.mac,
        recorded_mac: first.recorded_mac,
        hostname: machine.hostname.as_ref().known().cloned(),
        username: machine.username.as_ref().known().cloned(),
        net: first.net,
        cards,
        known_host_keys: machine.known_host_keys.iter().map(ToString::to_string).collect(),
        forwards: listed::texts(&machine.forwards),
        endpoints: machine.endpoints.iter().map(listed::write_endpoint).collect(),
        identity_file: machine.identity_file.as_ref().known().map(|it| it.display().to_string()),
        manager_addresses: listed::texts(&machine.manager_addresses),
        remarks: listed::texts(&machine.remarks),
    }
}

/// In the form of RFC 3339.
fn text_of(time: SystemTime) -> Option<String> {
    Some(Timestamp::try_from(time).ok()?.to_string())
}

fn write_card(card: &Card) -> document::Card {
    let mac = card.mac.as_ref().known();
    let recorded = card.recorded_mac.as_ref().known().filter(|recorded| mac != Some(*recorded));
    document::Card {
        mac: mac.map(ToString::to_string),
        recorded_mac: recorded.map(ToString::to_string),
        net: card.net.as_ref().known().map(|net| document::Net {
            mode: Some(net.mode.to_string()),
            interface: net.interface.clone(),
            port: net.port.clone(),
        }),
        link_up: card.link_up.as_ref().known().copied(),
    }
}

/// The answer of the machine's monitor for the document; `None`: it did not answer.
pub(crate) fn monitor(machine: &Machine) -> Option<document::Monitor> {
    let status = machine.qmp.as_ref().known()?;
    let version = status.version.clone();
    let status = if status.running { "running" } else { status.state.as_str() };
    let link_up = machine.cards.first.link_up.as_ref().known().copied();
    let devices = devices::write(&machine.devices);
    Some(document::Monitor { status: Some(status.to_owned()), link_up, version, devices })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a machine ended, the word for it, and how that reads.
    #[test]
    fn an_end_that_is_not_known_is_written_as_such() {
        let document: document::Machine =
            serde_json::from_str(r#"{"name":"web","state":"stopped"}"#).unwrap();
        let again = |document: &document::Machine| {
            read(document, None, Path::new("/nowhere"), &mut Vec::new())
        };
        let unknown = |why: &str| Reading::Unknown(Unread::Failed(why.to_owned()));
        let recorded = unknown("the record does not say");
        let (with_computer, by_itself) =
            (Reading::Known(End::WithComputer), Reading::Known(End::ByItself));
        let rows = [
            (Reading::Absent, None, Reading::Absent),
            (by_itself.clone(), Some("by-itself"), by_itself),
            (with_computer.clone(), Some("with-computer"), with_computer),
            (unknown("the start of the computer is unknown"), Some("unknown"), recorded),
        ];
        for (end, word, expected) in rows {
            let written = write(&Machine { end, ..again(&document) });
            assert_eq!((written.end.as_deref(), again(&written).end), (word, expected));
        }
    }
}
