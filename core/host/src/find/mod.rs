//! Finds plugins, and decides which may be loaded.

mod installation;
mod mend;
mod owners;
mod program;
mod refusal;
mod section;
mod vet;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use installation::Installation;
pub use mend::Mend;
pub use owners::Fault;
pub(crate) use program::WorkerProgram;
pub use refusal::Refusal;
use vet::Gate;
pub use vet::{BrokerCommand, Plugin, broker_command, vet};

/// How a library of this platform is named.
const SUFFIX: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

/// One library in a plugin directory.
#[derive(Debug)]
pub struct Found {
    /// Where it lies.
    pub path: PathBuf,
    /// What may be loaded, or why not.
    pub plugin: Result<Plugin, Refusal>,
}

/// All libraries of these directories, in their order and then by file name. Of two with one id
/// the first counts. A directory that does not exist holds none; one that cannot be read is refused
/// in place of what it may hold.
pub fn find(directories: &[PathBuf], installation: &Installation) -> Vec<Found> {
    let gate = Gate::of(installation);
    let mut found: Vec<Found> = Vec::new();
    for directory in directories {
        let libraries = libraries(directory).unwrap_or_else(|error| {
            let plugin = Err(vet::unreadable(directory, error));
            found.push(Found { path: directory.clone(), plugin });
            Vec::new()
        });
        for path in libraries {
            let plugin = gate.vet(&path).and_then(|plugin| {
                let same_id = |other: &&Found| {
                    other.plugin.as_ref().is_ok_and(|p| p.manifest.id == plugin.manifest.id)
                };
                match found.iter().find(same_id) {
                    Some(first) => {
                        Err(Refusal::SameId { id: plugin.manifest.id, first: first.path.clone() })
                    }
                    None => Ok(plugin),
                }
            });
            found.push(Found { path, plugin });
        }
    }
    found
}

fn libraries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match directory.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|suffix| suffix == SUFFIX))
        .collect();
    paths.sort();
    Ok(paths)
}
