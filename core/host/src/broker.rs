//! Opens files for plugins: only what their manifest declares, and only if it is what it should be.

use std::{collections::BTreeSet, fs::File, io, os::fd::OwnedFd, path::PathBuf};

use vmkit_files::Directory;
use vmkit_rights::Broker;
use vmkit_wire::{Manifest, ReadFile, Refusal, Resource};

use crate::{Holder, Snapshot, console};

/// Where plugins record that are not vmkit's own.
const OTHERS: &str = "plugins/";
/// Most files that such a plugin records, each of a size that its worker limits, so that it cannot fill
/// the disk.
const MOST_FILES: usize = 4;
/// Most files of all such plugins together.
const MOST_FILES_OF_OTHERS: usize = 256;
/// Where signals write their parts of a snapshot's probes.
const PROBE_PARTS: &str = "probes/";
/// Most parts of one signal: it is asked twice.
const MOST_PARTS: u32 = 8;

/// The answer to plugins of an earlier version, which used channels of their own.
const CHANNEL: &str = "plugins get no raw sockets and no connections to guest agents; the host asks \
                       for them: `Cx::who_has`, `Cx::ask_guest_agents`";

/// What the host may open for a plugin in one call.
#[derive(Clone, Copy)]
pub(crate) struct Grants<'a> {
    /// Its manifest.
    pub(crate) manifest: &'a Manifest,
    /// Whether the plugin is vmkit's own.
    pub(crate) is_own: bool,
    /// The console logs of the batch.
    pub(crate) consoles: &'a [Option<PathBuf>],
    /// The processes of the batch.
    pub(crate) processes: &'a [Option<Holder>],
    /// Opens what only root may.
    pub(crate) broker: &'a Broker,
    /// The snapshot that is replayed or recorded.
    pub(crate) snapshot: &'a Snapshot,
}

/// Opens `resource` for a plugin.
pub(crate) fn open(
    grants: Grants<'_>,
    resource: Resource,
    argument: &str,
) -> Result<OwnedFd, Refusal> {
    let Grants { manifest, is_own, consoles, processes, broker, snapshot } = grants;
    let needs = manifest.needs_here();
    match resource {
        Resource::Console if snapshot.is_replayed() => {
            Err(Refusal::not_found("a snapshot is replayed: the console is an artefact of it"))
        }
        Resource::Console if needs.read_files.contains(&ReadFile::Console) => {
            let console = argument.parse().ok().and_then(|vm: usize| consoles.get(vm));
            match console {
                Some(Some(path)) => {
                    let process = argument.parse().ok().and_then(|vm: usize| processes.get(vm));
                    console::open(path, process.copied().flatten(), broker)
                }
                Some(None) => Err(Refusal::not_found("the machine has no console log")),
                None => Err(Refusal::not_found("no machine of the batch has this index")),
            }
        }
        Resource::Console => Err(Refusal::denied("the manifest declares no `{console}`")),
        Resource::Channel => Err(Refusal::denied(CHANNEL)),
        Resource::Artefact | Resource::Recording if !manifest.declares_artefact(argument) => {
            Err(Refusal::denied(format!("the manifest declares no artefact {argument:?}")))
        }
        Resource::Artefact => match snapshot {
            Snapshot::Replay { directory, artefacts, .. } => {
                artefact(directory, artefacts, argument).map(OwnedFd::from)
            }
            _ => Err(Refusal::not_found("no snapshot is replayed")),
        },
        Resource::Recording if !is_own && !is_file_of(&manifest.id, argument) => {
            let place = format!("{OTHERS}{}.…", manifest.id);
            Err(Refusal::denied(format!("it can record {place} and not {argument:?}")))
        }
        Resource::Recording => match snapshot {
            Snapshot::Recording { directory } if !is_own => {
                has_room(directory, &manifest.id)?;
                new_file(directory, argument).map(OwnedFd::from)
            }
            Snapshot::Recording { directory } => new_file(directory, argument).map(OwnedFd::from),
            _ => Err(Refusal::not_found("no snapshot is recorded")),
        },
        Resource::File
        | Resource::Files
        | Resource::LocalApi
        | Resource::Tool
        | Resource::Unknown => Err(Refusal::not_found("this host does not know the resource")),
    }
}

/// Whether this is a file of the plugin of this id. All other files of a snapshot are what vmkit and its
/// own plugins have seen, and a replay believes them.
fn is_file_of(id: &str, name: &str) -> bool {
    let file = name.strip_prefix(OTHERS).and_then(|name| name.strip_prefix(id));
    file.is_some_and(|ending| ending.starts_with('.') && !ending.contains('/'))
}

/// Whether the plugin of this id may record one more file.
fn has_room(directory: &Directory, id: &str) -> Result<(), Refusal> {
    let names = || match directory.below(OTHERS.trim_end_matches('/'))? {
        Some(others) => others.names(MOST_FILES_OF_OTHERS),
        None => Ok((Vec::new(), false)),
    };
    let list = directory.path().join(OTHERS);
    let (names, are_more) =
        names().map_err(|error| Refusal::failed(format!("list {}: {error}", list.display())))?;
    let own = names.iter().filter(|name| is_file_of(id, &format!("{OTHERS}{name}"))).count();
    if are_more || own >= MOST_FILES {
        return Err(Refusal::denied(format!("it can record at most {MOST_FILES} files")));
    }
    Ok(())
}

/// Opens a file of the snapshot that is replayed.
fn artefact(
    directory: &Directory,
    artefacts: &BTreeSet<String>,
    name: &str,
) -> Result<File, Refusal> {
    let opened = if artefacts.contains(name) { directory.open_file(name) } else { Ok(None) };
    let path = directory.path().join(name);
    let failed = |error: io::Error| Refusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: false,
        message: format!("open {}: {error}", path.display()),
    };
    opened.map_err(failed)?.ok_or_else(|| Refusal::not_found("the snapshot has no such artefact"))
}

/// Makes a file of a snapshot. Parts of the probes are numbered, for a signal that is asked twice
/// records twice, and all of them become one document.
fn new_file(directory: &Directory, name: &str) -> Result<File, Refusal> {
    let mut created = directory.create(name);
    let part = name.strip_prefix(PROBE_PARTS).and_then(|part| part.strip_suffix(".json"));
    for number in 2..=MOST_PARTS {
        let exists = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        let Some(part) = part.filter(|_| created.as_ref().is_err_and(exists)) else { break };
        created = directory.create(&format!("{PROBE_PARTS}{part}-{number}.json"));
    }
    let path = directory.path().join(name);
    created.map_err(|error| Refusal::failed(format!("create {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_of_others_has_files_of_its_own() {
        let rows = [
            ("plugins/hub.json", true),
            ("plugins/hub.raw.txt", true),
            ("plugins/hub-2.json", false),
            ("plugins/hub", false),
            ("plugins/other.json", false),
            ("plugins/hub./x", false),
            ("snapshot.json", false),
            ("neigh/hub.json", false),
        ];
        for (name, expected) in rows {
            assert_eq!(is_file_of("hub", name), expected, "{name}");
        }
    }

    #[test]
    fn a_plugin_of_others_records_few_files() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        for number in 0..MOST_FILES {
            assert!(has_room(&directory, "hub").is_ok(), "{number}");
            new_file(&directory, &format!("plugins/hub.{number}")).unwrap();
        }
        assert!(has_room(&directory, "hub").unwrap_err().denied);
        assert!(has_room(&directory, "hu").is_ok());
        for number in 0..MOST_FILES_OF_OTHERS {
            new_file(&directory, &format!("plugins/other.{number}")).unwrap();
        }
        assert!(has_room(&directory, "hu").unwrap_err().denied);
    }

    #[test]
    fn a_part_of_the_probes_may_be_recorded_twice_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let directory = Directory::open(place.path()).unwrap();
        let rows = [
            ("probes/tcp.json", true),
            ("probes/tcp.json", true),
            ("probes/tcp.json", true),
            ("dns.json", true),
            ("dns.json", false),
        ];
        for (name, expected) in rows {
            assert_eq!(new_file(&directory, name).is_ok(), expected, "{name}");
        }
        let (names, _) = directory.below("probes").unwrap().unwrap().names(10).unwrap();
        assert_eq!(names, ["tcp-2.json", "tcp-3.json", "tcp.json"]);
    }
}
