//! Opening things for plugins: only what their manifest declares, only what it should be.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use vmkit_wire::{Manifest, OpenRefusal, Resource};

use crate::Snapshot;

/// The pattern in a manifest's `read_files` that stands for the machines' console logs.
const CONSOLES: &str = "{console}";

/// What a plugin may have opened in one call.
#[derive(Clone, Copy)]
pub(crate) struct Grants<'a> {
    /// Its manifest.
    pub(crate) manifest: &'a Manifest,
    /// The console logs of the batch.
    pub(crate) consoles: &'a [Option<PathBuf>],
    /// The snapshot that is replayed or recorded.
    pub(crate) snapshot: &'a Snapshot,
}

/// Opens `resource` for a plugin.
pub(crate) fn open(
    grants: Grants<'_>,
    resource: Resource,
    argument: &str,
) -> Result<File, OpenRefusal> {
    let Grants { manifest, consoles, snapshot } = grants;
    let needs = manifest.needs_here();
    match resource {
        Resource::Console if snapshot.is_replayed() => {
            Err(absent("a snapshot is replayed: the console is an artefact of it"))
        }
        Resource::Console if needs.read_files.iter().any(|file| file == CONSOLES) => {
            let console = argument.parse().ok().and_then(|vm: usize| consoles.get(vm));
            match console {
                Some(Some(path)) => regular_file(path),
                Some(None) => Err(absent("the machine has no console log")),
                None => Err(absent("no machine of the batch has this index")),
            }
        }
        Resource::Console => Err(refusal(true, "the manifest declares no `{console}`".to_owned())),
        Resource::Artefact | Resource::Recording if !manifest.declares_artefact(argument) => {
            Err(refusal(true, format!("the manifest declares no artefact {argument:?}")))
        }
        Resource::Artefact => match snapshot {
            Snapshot::Replay { artefacts, .. } => match artefacts.get(argument) {
                Some(path) => regular_file(path),
                None => Err(absent("the snapshot has no such artefact")),
            },
            _ => Err(absent("no snapshot is replayed")),
        },
        Resource::Recording => match snapshot {
            Snapshot::Recording { directory } => new_file(directory, argument),
            _ => Err(absent("no snapshot is recorded")),
        },
        Resource::Unknown => Err(absent("this host does not know the resource")),
    }
}

/// Makes a file of a snapshot. The name has passed the manifest's patterns, which know neither
/// `..` nor an absolute path.
fn new_file(directory: &Path, name: &str) -> Result<File, OpenRefusal> {
    let path = directory.join(name);
    let failed = |error: io::Error| refusal(false, format!("create {}: {error}", path.display()));
    if let Some(above) = path.parent() {
        std::fs::create_dir_all(above).map_err(failed)?;
    }
    File::options()
        .write(true)
        .create_new(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits().cast_signed())
        .open(&path)
        .map_err(failed)
}

/// Opens a regular file for reading. A guest's log lies where other programs write, so what
/// stands in its place is checked on the open file, and nothing can block.
fn regular_file(path: &Path) -> Result<File, OpenRefusal> {
    let failed = |error: &io::Error| OpenRefusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            format!("{} is a symbolic link", path.display())
        } else {
            format!("open {}: {error}", path.display())
        },
    };
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits();
    let file = File::options()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(path)
        .map_err(|error| failed(&error))?;
    let kind = file.metadata().map_err(|error| failed(&error))?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "a device or socket"
    };
    Err(refusal(false, format!("{} is {what}, not a regular file", path.display())))
}

fn refusal(denied: bool, message: String) -> OpenRefusal {
    OpenRefusal { denied, not_found: false, message }
}

fn absent(message: &str) -> OpenRefusal {
    OpenRefusal { denied: false, not_found: true, message: message.to_owned() }
}
