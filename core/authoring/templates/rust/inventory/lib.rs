//! An inventory: it lists the VMs of one manager. Its id is the manager's name.
//!
//! This one reads a list of `NAME STATE MAC` lines in the user's home directory. Replace it by the files of
//! your manager.

use vmkit_plugin::{
    Cx, Error, ErrorCode, Inventory, ListedMachine, MachineState, NoConfig, Plugin, Reading,
    Result, SubjectCard,
};

/// The list, as `plugin.json` names it.
const LIST: &str = "{home}/.{{name}}/machines";
/// Most bytes that are read of it.
const LONGEST: u64 = 1 << 20;

/// The plugin.
pub struct {{type}};

impl Plugin for {{type}} {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for {{type}} {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let bytes = match cx.read_file(LIST, LONGEST) {
            Reading::Known(bytes) => bytes,
            Reading::Absent => return Ok(Vec::new()), // nobody uses the manager here
            Reading::Unknown(why) => return Err(Error::new(ErrorCode::Io, why.to_string())),
        };
        let mut machines = Vec::new();
        for line in String::from_utf8_lossy(&bytes).lines() {
            cx.check()?; // an error once the host has cancelled the call or its time is over
            let mut words = line.split_whitespace();
            let Some(name) = words.next().filter(|name| !name.starts_with('#')) else {
                continue;
            };
            let mut machine = ListedMachine::new(name, name);
            // What the list does not say stays unknown; vmkit shows that as such.
            if let Some(state) = words.next().and_then(MachineState::from_code) {
                machine.state = Reading::Known(state);
            }
            if let Some(mac) = words.next().and_then(|word| word.parse().ok()) {
                let card = SubjectCard {
                    mac: Some(mac),
                    ..SubjectCard::default()
                };
                machine.cards = Reading::Known(vec![card]);
            }
            machines.push(machine);
        }
        Ok(machines)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = {{type}});
