//! The QEMU of an instance, which is given files of the instance's folder.

use vmkit_listing::{belongs_to, plain_name, run_by, unread_machine};
use vmkit_plugin::{ListedMachine, NetworkMode, ProcessAnswer, Reading, SubjectCard, Unread};
use vmkit_qemu::CommandLine;

use crate::places::Places;

/// The user whom the daemon and its QEMU run as.
const ROOT: u32 = 0;

/// Whether the process is the QEMU of the instance of this name.
pub(crate) fn runs(process: &ProcessAnswer, name: &str, places: &Places) -> bool {
    name_of(process, places) == Some(name)
}

/// The machine of a QEMU that is an instance's. What its command line does not say is unknown
/// for this reason.
pub(crate) fn machine(
    process: &ProcessAnswer,
    places: &Places,
    why: &Unread,
) -> Option<ListedMachine> {
    let name = name_of(process, places)?;
    let mut machine = unread_machine(name, plain_name(name, "?"), why);
    run_by(&mut machine, &Reading::Known(process));
    machine.hostname = Reading::Known(machine.name.clone());
    machine.username = Reading::Unknown(why.clone());
    machine.identity_file = Reading::Known(places.key());
    machine.cards = Reading::Known(cards(process, places));
    machine.disks = Reading::Known(line(process).disks);
    machine.ssh = Reading::Absent;
    machine.forwards = Reading::Absent;
    Some(machine)
}

/// The cards of the process's command line. A tap is a port of the daemon's own bridge.
pub(crate) fn cards(process: &ProcessAnswer, places: &Places) -> Vec<SubjectCard> {
    let cards = line(process).cards.into_iter().map(|card| {
        let card = SubjectCard::from(card);
        match places.bridge {
            Some(bridge) if card.port.is_some() => SubjectCard {
                mode: Some(NetworkMode::Shared),
                interface: Some(bridge.to_owned()),
                ..card
            },
            _ => card,
        }
    });
    cards.collect()
}

fn line(process: &ProcessAnswer) -> CommandLine {
    CommandLine::parse(&process.arguments, 0)
}

/// The name of the instance in whose folder a file of the command line lies.
fn name_of<'a>(process: &'a ProcessAnswer, places: &Places) -> Option<&'a str> {
    if !belongs_to(process, ROOT) {
        return None;
    }
    let vault = places.vault();
    process.arguments.iter().find_map(|word| {
        let (name, file) = word.split_once(&vault)?.1.split_once('/')?;
        (!name.is_empty() && !file.is_empty()).then_some(name)
    })
}
