//! Machines of an inventory, from the plugin interface to the wire.

use vmkit_abi::{Machine, MachineState as State};
use vmkit_types::{ListedMachine, MachineState, Reading, SubjectCard, Unread, bounded};
use vmkit_wire::{FromWorker, MACHINES_IN_FRAME, WireError, WireMachine};

/// Most machines that are passed on: one more than the host keeps, so that it sees that there are more.
const MOST_MACHINES: usize = 10_001;
/// Most attributes of one machine that are passed on.
const MOST_ATTRIBUTES: usize = 512;
/// Longest text of a machine that is passed on, in bytes. A machine with as many and as long ones as there
/// can be fits into a frame.
const TEXT_LIMIT: usize = 1024;

/// The machines that are passed on.
pub(crate) fn machines_out(machines: &[Machine]) -> Vec<WireMachine> {
    machines.iter().take(MOST_MACHINES).map(machine_out).collect()
}

/// Sends them in frames, each within its limit.
pub(crate) fn send_all(
    machines: &[WireMachine],
    send: &impl Fn(&FromWorker) -> Result<(), WireError>,
) -> Result<(), WireError> {
    machines.chunks(MACHINES_IN_FRAME).try_for_each(|items| send_some(items, send))
}

fn send_some(
    items: &[WireMachine],
    send: &impl Fn(&FromWorker) -> Result<(), WireError>,
) -> Result<(), WireError> {
    match send(&FromWorker::Machines { items: items.to_vec() }) {
        Err(WireError::TooLong(_)) if items.len() > 1 => {
            let (first, second) = items.split_at(items.len() / 2);
            send_some(first, send)?;
            send_some(second, send)
        }
        outcome => outcome,
    }
}

fn machine_out(machine: &Machine) -> WireMachine {
    let text = |text: &str| bounded(text, TEXT_LIMIT).to_owned();
    let attributes = machine.ext.iter().take(MOST_ATTRIBUTES);
    let attributes: Vec<(String, String)> =
        attributes.map(|pair| (text(&pair.key), text(&pair.value))).collect();
    let mut listed =
        ListedMachine::from_attributes(text(&machine.id), text(&machine.name), &attributes);
    fill_from_fields(&mut listed, machine);
    listed.into()
}

/// What an older plugin says in the fields of the struct alone.
fn fill_from_fields(listed: &mut ListedMachine, machine: &Machine) {
    let state = match machine.state {
        State::STOPPED => Some(MachineState::Stopped),
        State::RUNNING => Some(MachineState::Running),
        State::PAUSED => Some(MachineState::Paused),
        State::MISSING => Some(MachineState::Missing),
        _ => None,
    };
    let text = |text: &str| bounded(text, TEXT_LIMIT).to_owned();
    fill(&mut listed.state, state);
    fill(&mut listed.pid, machine.pid.into_option());
    fill(&mut listed.hostname, machine.hostname.as_ref().into_option().map(|name| text(name)));
    fill(&mut listed.console, machine.console_log.as_ref().into_option().map(|path| text(path)));
    let macs = machine.macs.iter().take(MOST_ATTRIBUTES).filter_map(|mac| mac.parse().ok());
    let cards: Vec<SubjectCard> =
        macs.map(|mac| SubjectCard { mac: Some(mac), ..SubjectCard::default() }).collect();
    fill(&mut listed.cards, Some(cards).filter(|cards| !cards.is_empty()));
}

fn fill<T>(reading: &mut Reading<T>, value: Option<T>) {
    if let (Reading::Unknown(Unread::NotTried), Some(value)) = (&*reading, value) {
        *reading = Reading::Known(value);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use vmkit_abi::{
        Attribute,
        stable::{ROption, RVec},
    };

    use super::*;

    fn machine(ext: &[(&str, &str)]) -> Machine {
        let attribute =
            |(key, value): &(&str, &str)| Attribute { key: (*key).into(), value: (*value).into() };
        Machine {
            id: "1".into(),
            name: "web".into(),
            state: State::RUNNING,
            pid: ROption::RSome(42),
            macs: RVec::from(vec!["52:54:00:00:00:01".into()]),
            hostname: ROption::RNone,
            console_log: ROption::RSome("/v/web.log".into()),
            ext: ext.iter().map(attribute).collect(),
        }
    }

    #[test]
    fn attributes_win_over_fields_of_an_older_plugin() {
        let old = machine_out(&machine(&[])).listed().unwrap();
        assert_eq!(old.state, Reading::Known(MachineState::Running));
        assert_eq!(old.pid, Reading::Known(42));
        assert_eq!(old.console, Reading::Known("/v/web.log".to_owned()));
        assert_eq!(old.hostname, Reading::Unknown(Unread::NotTried));
        let card = "52:54:00:00:00:01 - - -".parse().unwrap();
        assert_eq!(old.cards, Reading::Known(vec![card]));

        let ext = [
            ("state", "paused"),
            ("absent", "pid"),
            ("unknown", "console denied /v/web.log"),
            ("card", "52:54:00:00:00:02 user - -"),
        ];
        let new = machine_out(&machine(&ext)).listed().unwrap();
        assert_eq!(new.state, Reading::Known(MachineState::Paused));
        assert_eq!(new.pid, Reading::Absent);
        assert_eq!(new.console, Reading::Unknown(Unread::Denied("/v/web.log".to_owned())));
        let card = "52:54:00:00:00:02 user - -".parse().unwrap();
        assert_eq!(new.cards, Reading::Known(vec![card]));
    }

    #[test]
    fn what_is_passed_on_is_bounded_and_split_into_frames() {
        let long = "x".repeat(10_000);
        let ext = vec![("disk", long.as_str()); 1000];
        let out = machines_out(&vec![machine(&ext); 3]);
        let listed = out[0].clone().listed().unwrap();
        let disks = listed.disks.known().unwrap();
        assert_eq!((disks.len(), disks[0].len()), (MOST_ATTRIBUTES, TEXT_LIMIT));

        let sent = RefCell::new(Vec::new());
        let small = |message: &FromWorker| {
            let FromWorker::Machines { items } = message else { return Ok(()) };
            if items.len() > 2 {
                return Err(WireError::TooLong(items.len()));
            }
            sent.borrow_mut().push(items.len());
            Ok(())
        };
        send_all(&vec![WireMachine::default(); 70], &small).unwrap();
        assert_eq!(sent.borrow().iter().sum::<usize>(), 70);
        let never = |_: &FromWorker| Err(WireError::TooLong(1));
        assert!(send_all(&[WireMachine::default()], &never).is_err());
    }
}
