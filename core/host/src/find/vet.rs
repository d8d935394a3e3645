//! Whether a file may be loaded: who could have written it, and what it says it needs.

use std::{
    error::Error as _,
    fs::File,
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use vmkit_wire::{Manifest, ManifestError};

use super::{Installation, section};
use crate::Status;

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// In a sticky directory nobody can replace another's file.
const STICKY: u32 = 0o1000;
/// Permission bits, for messages.
const PERMISSIONS: u32 = 0o7777;

/// A library that may be loaded.
#[derive(Debug)]
pub struct Plugin {
    /// Where it lies, all links resolved.
    pub path: PathBuf,
    /// The open file: what was vetted is what gets mapped.
    pub file: File,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// Why a library may not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be opened or looked at.
    #[error("cannot open {path}")]
    Unreadable {
        /// The file, or a directory above it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a directory, a device or a pipe.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// Somebody who is neither root nor the user owns it or a directory above it.
    #[error("{path} belongs to user {owner}: whoever that is could change the plugin")]
    ForeignOwner {
        /// The file, or a directory above it.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others can write to it or to a directory above it.
    #[error("{path} has mode {mode:o}: others could change the plugin")]
    WritableByOthers {
        /// The file, or a directory above it.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is no plugin.
    #[error("{path}: {reason}")]
    NoManifest {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// Its manifest is broken, or of another epoch.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Another plugin has its id.
    #[error("the id `{id}` is taken by {}", first.display())]
    SameId {
        /// The id.
        id: String,
        /// Which plugin has it.
        first: PathBuf,
    },
}

impl Refusal {
    /// The status of a plugin that is refused for this reason.
    pub fn status(&self) -> Status {
        match self {
            Self::Manifest(ManifestError::Epoch { .. }) => Status::Incompatible,
            _ => Status::Refused,
        }
    }

    /// The reason and what caused it, on one line.
    pub fn in_full(&self) -> String {
        match self.source() {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

/// Opens the library at `path` if it may be loaded.
///
/// Every component of its real path has to belong to root, or to the user where root's rights are
/// not in play, and only its owner may write to it. A sticky directory such as `/tmp` passes for
/// an unprivileged run: others cannot replace a file of the user's there.
pub fn vet(path: &Path, installation: &Installation) -> Result<Plugin, Refusal> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Refusal::Unreadable { path, source }
    };
    let real = path.canonicalize().map_err(unreadable(path))?;
    for component in real.ancestors() {
        let status = component.symlink_metadata().map_err(unreadable(component))?;
        let owner = status.uid();
        if owner != 0 && (installation.privileged || owner != installation.user) {
            return Err(Refusal::ForeignOwner { path: component.to_owned(), owner });
        }
        let shielded = status.mode() & STICKY != 0 && status.is_dir() && !installation.privileged;
        if status.mode() & WRITABLE_BY_OTHERS != 0 && !shielded {
            let mode = status.mode() & PERMISSIONS;
            return Err(Refusal::WritableByOthers { path: component.to_owned(), mode });
        }
    }
    // Not blocking, so that a pipe in place of the file cannot hold up the program.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let file = File::options()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(&real)
        .map_err(unreadable(&real))?;
    if !file.metadata().map_err(unreadable(&real))?.is_file() {
        return Err(Refusal::NotAFile(real));
    }
    let text = section::manifest(&file)
        .map_err(|reason| Refusal::NoManifest { path: real.clone(), reason })?;
    Ok(Plugin { manifest: text.parse()?, path: real, file })
}
