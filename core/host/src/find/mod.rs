//! Finds plugins, and decides which may be loaded.

mod beside;
mod consent;
mod content;
mod installation;
mod mend;
mod origin;
mod owners;
mod pins;
mod program;
mod refusal;
mod section;
mod vet;
mod vet_beside;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use vmkit_state::FileHash;
use vmkit_wire::Manifest;

pub use consent::Consent;
pub use content::hash_of;
pub use installation::Installation;
pub use mend::Mend;
pub(crate) use mend::trusting;
pub use origin::Origin;
pub use owners::Fault;
pub use pins::Pins;
pub(crate) use program::WorkerProgram;
pub use refusal::Refusal;
use vet::Gate;
pub use vet::{BrokerCommand, Plugin, broker_command, manifest_of};
pub use vet_beside::examine;

/// One library, or manifest of a program, in a plugin directory.
#[derive(Debug)]
pub struct Found {
    /// Where it lies.
    pub path: PathBuf,
    /// Which plugin it is, if that could be read and nobody untrusted can change it.
    pub identity: Option<Identity>,
    /// What may be loaded, or why not.
    pub plugin: Result<Arc<Plugin>, Refusal>,
}

/// Which plugin a library is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The hash of its file.
    pub sha256: FileHash,
    /// Why it may run, or that it may not.
    pub origin: Origin,
}

impl Identity {
    /// Of this plugin.
    pub fn of(plugin: &Plugin) -> Self {
        let Plugin { manifest, sha256, origin, .. } = plugin;
        Self { manifest: manifest.clone(), sha256: *sha256, origin: *origin }
    }
}

/// The plugin at `path`, wherever it lies: a library, a manifest, or the program beside it.
pub fn look_at(path: &Path, installation: &Installation, consent: &Consent) -> Found {
    found(path, &Gate::of(installation), consent)
}

fn found(path: &Path, gate: &Gate<'_>, consent: &Consent) -> Found {
    let vetted = gate.vet_any(path);
    let seen = vetted.as_ref().ok().map(Identity::of);
    let plugin = vetted.and_then(|plugin| consent.admit(plugin));
    let identity = plugin.as_ref().ok().map(Identity::of).or(seen);
    Found { path: path.to_owned(), identity, plugin: plugin.map(Arc::new) }
}

/// All plugins of these directories, in their order and then by file name. Of two with one id
/// the first counts. A directory that does not exist holds none; one that cannot be read is refused
/// in place of what it may hold.
pub fn find(directories: &[PathBuf], installation: &Installation, consent: &Consent) -> Vec<Found> {
    let gate = Gate::of(installation);
    let mut all: Vec<Found> = Vec::new();
    for directory in directories {
        let libraries = libraries(directory).unwrap_or_else(|error| {
            let plugin = Err(vet::unreadable(directory, error));
            all.push(Found { path: directory.clone(), identity: None, plugin });
            Vec::new()
        });
        // Reading and hashing a library takes milliseconds; the answer waits for the slowest alone.
        let vetted: Vec<Found> = thread::scope(|scope| {
            let looks: Vec<_> = libraries
                .iter()
                .map(|path| (path, scope.spawn(|| found(path, &gate, consent))))
                .collect();
            // A look does not panic; one that did would be done again here.
            let joined = |(path, look): (&PathBuf, thread::ScopedJoinHandle<'_, Found>)| {
                look.join().unwrap_or_else(|_| found(path, &gate, consent))
            };
            looks.into_iter().map(joined).collect()
        });
        for found in vetted {
            let found = without_double(found, &all);
            all.push(found);
        }
    }
    all
}

/// The same, but refused if an earlier one has its id.
fn without_double(found: Found, earlier: &[Found]) -> Found {
    let Some(Identity { manifest, .. }) = &found.identity else { return found };
    let id = &manifest.id;
    let has_id = |other: &&Found| other.plugin.as_ref().is_ok_and(|other| other.manifest.id == *id);
    let refusal = earlier
        .iter()
        .find(has_id)
        .map(|first| Refusal::SameId { id: id.clone(), first: first.path.clone() });
    match refusal {
        Some(refusal) => Found { plugin: Err(refusal), ..found },
        None => found,
    }
}

fn libraries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match directory.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| beside::is_library(path) || beside::is_manifest(path))
        .collect();
    paths.sort();
    Ok(paths)
}
