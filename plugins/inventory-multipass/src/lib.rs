//! Instances of Multipass, by the files of its daemon and their processes. The files are root's. Without
//! root's rights, only instances that run are seen, by their processes.

#![deny(unsafe_code)]

mod instance;
mod places;
mod process;

pub use places::{LINUX, MACOS, Places};

use serde_json::Value;
use vmkit_listing::{Json, Machines, ManagerFile, Processes, here, read};
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Reading, Result, Unread};

/// Longest file that is read, in bytes. An instance has about a kilobyte.
const FILE_LIMIT: u64 = 4 << 20;

/// The plugin.
pub struct Multipass;

impl Plugin for Multipass {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Multipass {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        list(cx, &here(LINUX, MACOS))
    }
}

/// The instances of a daemon with these places.
pub fn list(cx: &Cx<'_>, places: &Places) -> Result<Vec<ListedMachine>> {
    let mut machines = Machines::new();
    let processes = Processes::of(cx);
    let images = value(cx, &places.images());
    match read(cx, &places.instances(), FILE_LIMIT) {
        Reading::Known(file) => match instance::instances(&file, &images, &processes, places) {
            Ok(instances) => instances.into_iter().for_each(|one| machines.add(one)),
            Err(why) => add_running(&mut machines, &processes, places, &why),
        },
        Reading::Absent => {}
        Reading::Unknown(why) => add_running(&mut machines, &processes, places, &why),
    }
    machines.finish()
}

/// Adds the instances that run, because the file of all of them cannot be read for this reason.
fn add_running(machines: &mut Machines, processes: &Processes, places: &Places, why: &Unread) {
    machines.miss(why.clone());
    for process in processes.all() {
        if let Some(machine) = process::machine(process, places, why) {
            machines.add(machine);
        }
    }
}

/// The value of a file that may be missing.
fn value(cx: &Cx<'_>, path: &str) -> Reading<Value> {
    match read(cx, path, FILE_LIMIT) {
        Reading::Known(file) => Json::read(&file).map_or_else(Reading::Unknown, Reading::Known),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}

/// Reads a file of instances with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<Vec<ListedMachine>, Unread> {
    let file = ManagerFile { path: LINUX.instances(), owner: 0, bytes: bytes.to_vec() };
    instance::instances(&file, &Reading::Absent, &Processes::unseen(), &LINUX)
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Multipass);
