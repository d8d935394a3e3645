//! The file of all instances.

use serde_json::Value;
use vmkit_listing::{Json, ManagerFile, Processes, card_mac, plain_name, run_by, unread_machine};
use vmkit_plugin::{ListedMachine, MachineState, NetworkMode, Reading, SubjectCard, Unread};

use crate::{places::Places, process};

/// Most instances that are read.
const MOST_INSTANCES: usize = 1024;

/// Most cards of an instance that are read.
const MOST_CARDS: usize = 32;

/// The numbers of states in `virtual_machine.h` in which an instance has a process.
const RUNNING: std::ops::RangeInclusive<u64> = 2..=6;

/// The instances of this file that are not deleted. Deleted ones are in the bin until they are purged,
/// and cannot run.
pub(crate) fn instances(
    file: &ManagerFile,
    images: &Reading<Value>,
    processes: &Processes,
    places: &Places,
) -> Result<Vec<ListedMachine>, Unread> {
    let value = Json::read(file)?;
    let all = match Json::new(&file.path, &value).entries("") {
        Reading::Known(all) => all,
        Reading::Absent => Vec::new(),
        Reading::Unknown(why) => return Err(why),
    };
    let there = all.into_iter().filter(|(_, instance)| !instance.is_true("/deleted"));
    Ok(there
        .take(MOST_INSTANCES)
        .map(|(name, instance)| {
            if instance.entries("").known().is_none() {
                let why = instance.malformed(&format!("{} is not an object", name.escape_debug()));
                return unread_machine(name, plain_name(name, "?"), &why);
            }
            machine(name, instance, disks(name, images.as_ref()), processes, places)
        })
        .collect())
}

fn machine(
    name: &str,
    instance: Json<'_>,
    disks: Reading<Vec<String>>,
    processes: &Processes,
    places: &Places,
) -> ListedMachine {
    let mut machine = ListedMachine::new(name, plain_name(name, "?"));
    machine.hostname = Reading::Known(machine.name.clone());
    machine.username = instance.text("/ssh_username").map(str::to_owned);
    machine.identity_file = Reading::Known(places.key());
    machine.disks = disks;
    machine.ssh = Reading::Absent;
    machine.forwards = Reading::Absent;
    let process = processes.find(|process| process::runs(process, name, places));
    run_by(&mut machine, &process);
    if let Reading::Unknown(_) = machine.state {
        // The daemon writes the state as it changes. After a crash of the daemon it is an old one.
        machine.state = instance.number("/state").map(|state| {
            if RUNNING.contains(&state) { MachineState::Running } else { MachineState::Stopped }
        });
    }
    machine.cards = match cards(instance, places) {
        Ok(mut cards) => {
            let line = process.as_ref().known().map(|process| process::cards(process, places));
            for card in line.into_iter().flatten() {
                let same = cards.iter_mut().find(|own| own.mac.is_some() && own.mac == card.mac);
                if let Some(own) = same {
                    own.port = card.port;
                }
            }
            Reading::Known(cards)
        }
        Err(why) => Reading::Unknown(why),
    };
    machine
}

/// The card in the daemon's own network, then those in others.
fn cards(instance: Json<'_>, places: &Places) -> Result<Vec<SubjectCard>, Unread> {
    let mac = |json: Json<'_>, pointer: &str| match json.text(pointer) {
        Reading::Known(text) => card_mac(&places.instances(), pointer, text).map(Some),
        Reading::Absent => Ok(None),
        Reading::Unknown(why) => Err(why),
    };
    let own = SubjectCard {
        mac: mac(instance, "/mac_addr")?,
        mode: Some(NetworkMode::Shared),
        interface: places.bridge.map(str::to_owned),
        port: None,
    };
    let others = match instance.items("/extra_interfaces") {
        Reading::Known(others) => others,
        Reading::Absent => Vec::new(),
        Reading::Unknown(why) => return Err(why),
    };
    let other = |json: Json<'_>| {
        Ok(SubjectCard {
            mac: mac(json, "/mac_address")?,
            mode: Some(NetworkMode::Bridged),
            interface: json.text("/id").known().map(str::to_owned),
            port: None,
        })
    };
    std::iter::once(Ok(own)).chain(others.into_iter().take(MOST_CARDS).map(other)).collect()
}

/// The image of the instance of this name.
fn disks(name: &str, images: Reading<&Value>) -> Reading<Vec<String>> {
    let image = |images: &Value| {
        let path = images.get(name)?.pointer("/image/path")?.as_str()?;
        path.starts_with('/').then(|| vec![path.to_owned()])
    };
    match images.map(image) {
        Reading::Known(Some(disks)) => Reading::Known(disks),
        Reading::Known(None) | Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}
