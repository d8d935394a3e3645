//! The machines of Tart.
//!
//! A machine is a directory with `config.json`, which holds its MAC (Tart's `VMConfig.swift`). How it is
//! connected is an option of `tart run`, so only the process of a running one says it.

#![deny(unsafe_code)]

mod run;

use serde_json::Value;
use vmkit_formats::{MAX_BYTES, json};
use vmkit_listing::{Machines, ManagerFile, Processes, belongs_to, folder, run_by};
use vmkit_plugin::{
    Cx, Inventory, ListedMachine, Mac, NoConfig, Plugin, Reading, Remark, Result, SubjectCard,
    Unread,
};

use crate::run::Run;

/// Where Tart keeps machines, unless `TART_HOME` names another place, which no manifest can.
const CONFIGURATIONS: &str = "{home}/.tart/vms/*/config.json";
/// What is saved of a machine that is suspended.
const SAVED: &str = "{home}/.tart/vms/*/state.vzvmsave";

/// The plugin.
pub struct Tart;

impl Plugin for Tart {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Tart {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let processes = Processes::of(cx);
        let saved = cx.files(SAVED).map_err(Unread::from);
        let mut machines = Machines::new();
        let paths = machines.files(cx, &[CONFIGURATIONS]);
        machines.read_each(cx, &paths, MAX_BYTES as u64, name, |file| {
            let configuration = json::parse(&file.bytes).map_err(|error| file.malformed(error))?;
            Ok(Some(listed(file, &configuration, &processes, &saved)))
        })?;
        machines.finish()
    }
}

/// The name of the machine with this configuration: that of its directory.
fn name(path: &str) -> &str {
    folder(path).rsplit('/').next().unwrap_or_default()
}

fn listed(
    file: &ManagerFile,
    configuration: &Value,
    processes: &Processes,
    saved: &Result<Vec<String>, Unread>,
) -> ListedMachine {
    let (name, directory) = (name(&file.path), folder(&file.path));
    let mut machine = ListedMachine::new(&file.path, name);
    let process = processes
        .find(|process| belongs_to(process, file.owner) && Run::of(process, name).is_some());
    let run = process.as_ref().known().and_then(|process| Run::of(process, name));
    run_by(&mut machine, &process);
    machine.cards = Reading::Known(cards(configuration, run));
    machine.ssh = Reading::Absent;
    machine.monitor = Reading::Absent;
    machine.guest_agent = Reading::Absent;
    machine.disks = Reading::Known(vec![format!("{directory}/disk.img")]);
    let state = format!("{directory}/state.vzvmsave");
    machine.remarks = match saved {
        Ok(saved) if saved.contains(&state) => Reading::Known(vec![Remark {
            code: "suspended".to_owned(),
            about: None,
            says: "it is suspended, and `tart run` resumes it".to_owned(),
        }]),
        Ok(_) => Reading::Absent,
        Err(why) => Reading::Unknown(why.clone()),
    };
    machine
}

/// Its cards: one with the MAC of the configuration, and one for each further bridge.
fn cards(configuration: &Value, run: Option<Run>) -> Vec<SubjectCard> {
    let mac = configuration.get("macAddress").and_then(Value::as_str);
    let mac = mac.and_then(|mac| mac.parse::<Mac>().ok());
    let mode = run.as_ref().map(|run| run.mode);
    let mut interfaces = run.map(|run| run.interfaces).unwrap_or_default().into_iter();
    let first = SubjectCard { mac, mode, interface: interfaces.next(), port: None };
    let further = interfaces.map(|interface| SubjectCard {
        mac: None,
        mode,
        interface: Some(interface),
        port: None,
    });
    [first].into_iter().chain(further).collect()
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Tart);
