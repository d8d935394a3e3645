//! Reads a snapshot.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_files::Directory;
use vmkit_inventory::Inventory;
use vmkit_model::{Machine, PluginClaims, Problem, stem};
use vmkit_types::{HostNetwork, Reading};

use crate::{
    archive::{self, ArchiveError},
    artefacts::{MONITORS, artefacts, problem, skipped},
    claims,
    document::{Document, Monitors, SCHEMA},
    limits::{DOCUMENT, LARGEST_ARTEFACT, LARGEST_DOCUMENT},
    machine, network,
};

/// Longest name of a machine that is read: of any file, twice.
const LONGEST_NAME: usize = 510;

/// A snapshot that can be replayed.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it was captured, which is the present of its replay.
    pub captured_at: SystemTime,
    /// `linux` or `macos`, if recorded.
    pub platform: Option<String>,
    /// Whether it was captured with root's rights, if recorded.
    pub privileged: Option<bool>,
    /// The host's network, if recorded.
    pub network: Option<HostNetwork>,
    /// The machines, and the parts that could not be read.
    pub inventory: Inventory,
    /// The own kinds of evidence of the plugins that ran; `None`: not recorded.
    pub claims: Option<Vec<PluginClaims>>,
    /// Where it is. Artefacts are read from it by their names.
    pub directory: Directory,
    /// The size in bytes of each artefact by its path in the snapshot. Anything but a regular file of at
    /// most 64 MiB is skipped and named among the problems.
    pub artefacts: BTreeMap<String, u64>,
}

impl Record {
    /// The content of an artefact; `None`: there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        if !self.artefacts.contains_key(name) {
            return Ok(None);
        }
        self.directory.read(name, LARGEST_ARTEFACT)
    }
}

/// Why a snapshot cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `snapshot.json` is missing.
    #[error("{} is no snapshot: it has no snapshot.json", .0.display())]
    NoSnapshot(PathBuf),
    /// The zip cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// `snapshot.json` cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// `snapshot.json` is malformed.
    #[error("cannot understand {}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The syntax error.
        source: serde_json::Error,
    },
    /// It has another format.
    #[error("{} is of format {found:?}; this vm reads {SCHEMA:?}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The value in the file.
        found: String,
    },
    /// Its time of capture is malformed. Every age depends on it.
    #[error("{}: captured_at {found:?} is no RFC 3339 time", path.display())]
    Time {
        /// The file.
        path: PathBuf,
        /// The value in the file.
        found: String,
    },
}

/// Opens the snapshot at this path: a directory, or a zip of one. Nothing outside of it is read, and no link in it is followed.
///
/// # Errors
/// There is no snapshot, or it has another format.
pub fn open(path: &Path) -> Result<Record, OpenError> {
    let directory = match Directory::open(path) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory && path.is_file() => {
            archive::open(path)?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::NoSnapshot(path.to_owned()));
        }
        Err(source) => return Err(OpenError::Unreadable { path: path.to_owned(), source }),
    };
    let path = path.join(DOCUMENT);
    let bytes = directory
        .read(DOCUMENT, LARGEST_DOCUMENT)
        .map_err(|source| OpenError::Unreadable { path: path.clone(), source })?
        .ok_or_else(|| OpenError::NoSnapshot(directory.path().to_owned()))?;
    let document: Document = serde_json::from_slice(&bytes)
        .map_err(|source| OpenError::Malformed { path: path.clone(), source })?;
    if document.schema != SCHEMA {
        return Err(OpenError::Schema { path, found: document.schema });
    }
    let Some(captured_at) = machine::time(&document.captured_at) else {
        return Err(OpenError::Time { path, found: document.captured_at });
    };
    let mut problems = Vec::new();
    let monitors = monitors(&directory, &mut problems);
    let artefacts = artefacts(&directory, &mut problems);

    let mut unclear = Vec::new();
    let network = document.host.as_ref().map(|host| network::read(host, &mut unclear));
    let machines = machines(&document, &monitors, &directory, &artefacts, &mut unclear);
    for machine in &machines {
        if let Some(doubt) = machine.doubt {
            let message = format!("whether {} runs is unknown: {doubt}", machine.name);
            problems.push(Problem::warning(&path, message));
        }
    }
    let claims = document.claims.as_deref().map(|all| claims::read(all, &mut unclear));
    problems.extend(unclear.into_iter().map(|what| problem(&path, &format!("skipped: {what}"))));
    Ok(Record {
        captured_at,
        platform: document.platform,
        privileged: document.privileged,
        network,
        inventory: Inventory { machines, problems },
        claims,
        directory,
        artefacts,
    })
}

/// The machines by name. Those that are skipped are named in `unclear`.
fn machines(
    document: &Document,
    monitors: &Monitors,
    directory: &Directory,
    artefacts: &BTreeMap<String, u64>,
    unclear: &mut Vec<String>,
) -> Vec<Machine> {
    let ports = ports(document);
    let mut machines = Vec::new();
    for vm in &document.vms {
        if !is_name(&vm.name) {
            unclear.push(format!("VM with the name {:?}", vm.name));
            continue;
        }
        let mut machine = machine::read(vm, monitors.get(&vm.name), directory.path(), unclear);
        let console = format!("console/{}.log", stem(&vm.name));
        let is_recorded = artefacts.contains_key(&console);
        machine.console_log = is_recorded.then(|| directory.path().join(console));
        let only = machine.cards.others.is_empty().then_some(&mut machine.cards.first.net);
        if let Some(Reading::Known(net)) = only {
            net.port = net.port.take().or_else(|| ports.get(vm.name.as_str()).cloned());
        }
        machines.push(machine);
    }
    machines.sort_by(|one, other| one.name.cmp(&other.name));
    machines.dedup_by(|later, first| {
        let twice = later.name == first.name;
        if twice {
            unclear.push(format!("another VM of the name {:?}", first.name));
        }
        twice
    });
    machines
}

/// Whether a machine of a look can have this name.
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && !name.contains(char::is_control)
}

/// The port of each machine according to the host's interfaces.
fn ports(document: &Document) -> HashMap<&str, String> {
    let interfaces = document.host.iter().flat_map(|host| &host.interfaces).rev();
    interfaces.filter_map(|each| Some((each.vm.as_deref()?, each.name.clone()))).collect()
}

fn monitors(directory: &Directory, problems: &mut Vec<Problem>) -> Monitors {
    let read = directory.read(MONITORS, LARGEST_DOCUMENT).and_then(|bytes| {
        bytes.map_or(Ok(Monitors::new()), |bytes| Ok(serde_json::from_slice(&bytes)?))
    });
    read.unwrap_or_else(|error| {
        problems.push(skipped(directory, MONITORS, &error));
        Monitors::new()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use vmkit_model::Power;

    use super::*;

    fn snapshot(document: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("snapshot.json"), document).unwrap();
        directory
    }

    #[test]
    fn reads_missing_parts_as_not_observed() {
        let directory = snapshot(
            r#"{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z",
                "vms":[{"name":"web","state":"running"},{"name":"a\u0007"}],"later":true}"#,
        );
        fs::write(directory.path().join("qmp.json"), r#"{"web":{"status":"paused"}}"#).unwrap();
        fs::create_dir(directory.path().join("neigh")).unwrap();
        fs::write(directory.path().join("neigh/arp-an.txt"), "").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", directory.path().join("neigh/ip-neigh.txt"))
            .unwrap();
        let record = open(directory.path()).unwrap();
        let machine = &record.inventory.machines[0];
        assert_eq!(machine.power, Power::Paused);
        assert_eq!(
            machine.cards.first.mac,
            vmkit_types::Reading::Unknown(vmkit_types::Unread::NotTried)
        );
        assert_eq!(record.network, None);
        assert_eq!(record.artefacts.keys().collect::<Vec<_>>(), ["neigh/arp-an.txt"]);
        let messages: Vec<_> =
            record.inventory.problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            messages,
            ["skipped: not a regular file", "skipped: VM with the name \"a\\u{7}\""]
        );
    }

    #[test]
    fn reads_cards_from_a_list_or_from_the_fields_of_the_machine() {
        let net =
            |interface: &str| format!(r#""net":{{"mode":"bridged","interface":"{interface}"}}"#);
        let (first, second) = (net("br0"), net("br1"));
        let listed = format!(
            r#"{first},"mac":"52:54:00:00:00:01","cards":[{{"mac":"52:54:00:00:00:01",{first}}},
            {{"mac":"52:54:00:00:00:02","link_up":false,{second}}}]"#
        );
        let rows = [
            (
                format!(r#"{first},"mac":"52:54:00:00:00:01","recorded_mac":"52:54:00:00:00:09""#),
                "52:54:00:00:00:01 (52:54:00:00:00:09) br0 up",
            ),
            (
                listed,
                "52:54:00:00:00:01 (52:54:00:00:00:01) br0 up, \
                 52:54:00:00:00:02 (52:54:00:00:00:02) br1 down",
            ),
            (r#""state":"running""#.to_owned(), "? (?) ? up"),
        ];
        let known = |mac: &Reading<vmkit_types::Mac>| {
            mac.as_ref().known().map_or_else(|| "?".to_owned(), ToString::to_string)
        };
        for (fields, expected) in rows {
            let directory = snapshot(&format!(
                r#"{{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z",
                    "vms":[{{"name":"web",{fields}}}]}}"#
            ));
            let monitor = r#"{"web":{"status":"running","link_up":true}}"#;
            fs::write(directory.path().join("qmp.json"), monitor).unwrap();
            let record = open(directory.path()).unwrap();
            assert_eq!(record.inventory.problems, []);
            let machine = &record.inventory.machines[0];
            let cards = machine.cards.all().map(|card| {
                let (mac, recorded) = (known(&card.mac), known(&card.recorded_mac));
                let up = if card.link_up == Reading::Known(true) { "up" } else { "down" };
                format!("{mac} ({recorded}) {} {up}", card.interface().unwrap_or("?"))
            });
            assert_eq!(cards.collect::<Vec<_>>().join(", "), expected, "{fields}");
            // The list is written for several cards only.
            let written = machine::write(machine);
            assert_eq!(written.cards.is_empty(), machine.cards.others.is_empty());
            let copy = serde_json::to_string(&written).unwrap();
            let mut unclear = Vec::new();
            let copy = serde_json::from_str(&copy).unwrap();
            let copy = machine::read(&copy, None, directory.path(), &mut unclear);
            let macs = |machine: &vmkit_model::Machine| machine.cards.macs().collect::<Vec<_>>();
            assert_eq!((macs(&copy), unclear), (macs(machine), Vec::new()));
        }
    }

    #[test]
    fn reports_each_part_that_it_skips() {
        let card = r#"{"mac":"52:54:00:00:00:01"}"#;
        let many = vec![card; machine::MOST_CARDS + 1].join(",");
        let rows = [
            (
                r#"{"name":"web"},{"name":"web"}"#.to_owned(),
                "skipped: another VM of the name \"web\"",
            ),
            (
                format!(r#"{{"name":"web","cards":[{many}]}}"#),
                "skipped: 1 network cards of \"web\": at most 32 are read",
            ),
            (
                r#"{"name":"web"},{"name":"a\u0007"}"#.to_owned(),
                "skipped: VM with the name \"a\\u{7}\"",
            ),
        ];
        for (vms, expected) in rows {
            let text = format!(
                r#"{{"schema":"vmkit.snapshot/1","captured_at":"2026-11-24T06:00:00Z","vms":[{vms}]}}"#
            );
            let directory = snapshot(&text);
            let inventory = open(directory.path()).unwrap().inventory;
            assert_eq!(inventory.machines.len(), 1, "{vms}");
            let messages: Vec<_> =
                inventory.problems.iter().map(|it| it.message.as_str()).collect();
            assert_eq!(messages, [expected], "{vms}");
        }
    }

    #[test]
    fn refuses_a_directory_that_is_no_snapshot_with_the_reason() {
        let rows = [
            ("{", "cannot understand"),
            (r#"{"schema":"vmkit.snapshot/2","captured_at":""}"#, "is of format"),
            (r#"{"schema":"vmkit.snapshot/1","captured_at":"now"}"#, "captured_at \"now\""),
        ];
        for (document, expected) in rows {
            let error = open(snapshot(document).path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = open(Path::new("/nonexistent")).unwrap_err().to_string();
        assert_eq!(error, "/nonexistent is no snapshot: it has no snapshot.json");
    }
}
