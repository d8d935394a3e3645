//! The VM of OpenShift Local (`crc`), by its files and its process.

#![deny(unsafe_code)]

mod machine;

use vmkit_listing::{Json, Machines, ManagerFile, Processes, read};
use vmkit_plugin::{Cx, Inventory, ListedMachine, NoConfig, Plugin, Reading, Result, Unread};

use machine::{Around, KEYS};

/// Longest file that is read, in bytes. crc writes some kilobytes.
const FILE_LIMIT: u64 = 1 << 20;

/// The machine's file, on Linux and on macOS. There is one machine, which is called `crc`.
const MACHINE: &str = "{home}/.crc/machines/crc/config.json";

/// What the user has set.
const SETTINGS: &str = "{home}/.crc/crc.json";

/// Public halves of the machine's keys, which say which private ones there are.
const PUBLIC_KEYS: &str = "{home}/.crc/machines/crc/id_*.pub";

/// The plugin.
pub struct Crc;

impl Plugin for Crc {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl Inventory for Crc {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        let mut machines = Machines::new();
        let around = Around { network: network(cx), key: key(cx), processes: Processes::of(cx) };
        let paths = machines.files(cx, &[MACHINE]);
        let machine = |file: &ManagerFile| machine::machine(file, &around).map(Some);
        machines.read_each(cx, &paths, FILE_LIMIT, |_| "crc", machine)?;
        machines.finish()
    }
}

/// The setting `network-mode`.
fn network(cx: &Cx<'_>) -> Reading<String> {
    let file = match read(cx, SETTINGS, FILE_LIMIT) {
        Reading::Known(file) => file,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    match Json::read(&file) {
        Ok(value) => Json::new(SETTINGS, &value).text("/network-mode").map(str::to_owned),
        Err(why) => Reading::Unknown(why),
    }
}

/// The private key that belongs to the best public key.
fn key(cx: &Cx<'_>) -> Reading<String> {
    let found = match cx.files(PUBLIC_KEYS) {
        Ok(found) => found,
        Err(error) => return Reading::Unknown(error.into()),
    };
    let private = |name: &&str| {
        found.iter().find_map(|path| {
            path.strip_suffix(".pub").filter(|path| path.ends_with(&format!("/{name}")))
        })
    };
    KEYS.iter().find_map(private).map_or(Reading::Absent, |path| Reading::Known(path.to_owned()))
}

/// Reads the machine's file with these bytes, for tests.
#[doc(hidden)]
pub fn parse(bytes: &[u8]) -> Result<ListedMachine, Unread> {
    let path = "/home/ann/.crc/machines/crc/config.json".to_owned();
    let file = ManagerFile { path, owner: 0, bytes: bytes.to_vec() };
    let processes = Processes::unseen();
    machine::machine(&file, &Around { network: Reading::Absent, key: Reading::Absent, processes })
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Crc);
