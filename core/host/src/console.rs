//! Opens console logs.

use std::{
    fs::{File, Metadata},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::Path,
};

use rustix::{fs::OFlags, io::Errno, process::geteuid};
use vmkit_rights::Broker;
use vmkit_wire::Refusal;

use crate::Holder;

/// Opens the log of the machine that this process runs, by the broker where only root may read it.
pub(crate) fn open(
    path: &Path,
    process: Option<Holder>,
    broker: &Broker,
) -> Result<OwnedFd, Refusal> {
    match (regular_file(path), process) {
        (Err(refusal), Some(process)) if refusal.denied && process.user == 0 => {
            broker.console(process.pid, path).map_err(|_| refusal)
        }
        (Err(refusal), _) => Err(refusal),
        (Ok((file, status)), process) => {
            check_owner(path, &status, process)?;
            Ok(file.into())
        }
    }
}

/// A log of somebody else's could hold anything.
fn check_owner(path: &Path, status: &Metadata, process: Option<Holder>) -> Result<(), Refusal> {
    let owner = status.uid();
    let of_directory = || path.parent().and_then(|above| Some(above.metadata().ok()?.uid()));
    let is_trusted = owner == 0
        || owner == geteuid().as_raw()
        || process.is_some_and(|process| process.user == owner)
        || of_directory() == Some(owner);
    if is_trusted {
        return Ok(());
    }
    Err(Refusal::failed(format!("{} belongs to another user ({owner})", path.display())))
}

/// Opens a regular file for reading. A guest's log lies where other programs write, so what
/// stands in its place is checked on the open file, and nothing can block.
pub(crate) fn regular_file(path: &Path) -> Result<(File, Metadata), Refusal> {
    let failed = |error: &io::Error| Refusal {
        denied: error.kind() == io::ErrorKind::PermissionDenied,
        not_found: error.kind() == io::ErrorKind::NotFound,
        message: if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) {
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
    let status = file.metadata().map_err(|error| failed(&error))?;
    let kind = status.file_type();
    if kind.is_file() {
        return Ok((file, status));
    }
    let what = if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else {
        "a device or socket"
    };
    Err(Refusal::failed(format!("{} is {what}, not a regular file", path.display())))
}
