//! Opens console logs.

use std::{
    fs::{File, Metadata},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::{fs::OFlags, io::Errno, process::geteuid};
use vmkit_rights::Broker;
use vmkit_wire::{Refusal, is_secret_path};

use crate::Holder;

/// Opens the log of the machine that this process runs, by the broker where only root may read it.
pub(crate) fn open(
    path: &Path,
    process: Option<Holder>,
    broker: &Broker,
) -> Result<OwnedFd, Refusal> {
    let real = real_place(path);
    if real.to_str().is_none_or(is_secret_path) {
        let (path, real) = (path.display(), real.display());
        return Err(Refusal::denied(format!("{path} leads to {real}, which is no console log")));
    }
    match (regular_file(&real), process) {
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

/// Where the log lies, without links of directories. A directory that may not be looked at is the broker's
/// to examine.
fn real_place(path: &Path) -> PathBuf {
    let real = path.parent().and_then(|above| above.canonicalize().ok()).zip(path.file_name());
    real.map_or_else(|| path.to_owned(), |(above, name)| above.join(name))
}

/// A log of somebody else's could hold anything.
fn check_owner(path: &Path, status: &Metadata, process: Option<Holder>) -> Result<(), Refusal> {
    let me = geteuid().as_raw();
    let above = path.ancestors().skip(1);
    let owners = above.filter_map(|part| Some(part.symlink_metadata().ok()?.uid()));
    let stranger = stranger(owners, me);
    let (owner, process) = (status.uid(), process.map(|process| process.user));
    if is_trusted((owner, status.nlink()), stranger, process, me) {
        return Ok(());
    }
    Err(Refusal::failed(match stranger {
        Some(stranger) => format!(
            "{} belongs to another user ({owner}), in a directory of user {stranger}",
            path.display()
        ),
        None => format!("{} belongs to another user ({owner})", path.display()),
    }))
}

/// The nearest owner, of the directories and links on the way to a file, who is neither root nor this
/// user. Whoever owns one of them decides which file the path leads to.
fn stranger(mut owners: impl Iterator<Item = u32>, me: u32) -> Option<u32> {
    owners.find(|owner| *owner != 0 && *owner != me)
}

/// Whether a file with this owner and number of names is the log of a process of this user. A stranger
/// can lead to a file of root's, and is believed with files of their own.
fn is_trusted(
    (owner, names): (u32, u64),
    stranger: Option<u32>,
    process: Option<u32>,
    me: u32,
) -> bool {
    match stranger {
        None => owner == 0 || owner == me || process == Some(owner),
        Some(stranger) => names == 1 && (owner == stranger || process == Some(owner)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: u32 = 41_001;
    const EVE: u32 = 41_002;

    type Row = ((u32, u64), &'static [u32], Option<u32>, u32, bool);

    #[test]
    fn believes_a_stranger_only_with_files_of_their_own() {
        // The file's owner and names, the owners above it, the process's user, this user.
        let rows: [Row; 11] = [
            ((ANN, 1), &[ANN, 0], Some(ANN), ANN, true),
            ((0, 1), &[ANN, 0], Some(0), ANN, true),
            ((EVE, 1), &[ANN, 0], Some(ANN), ANN, false),
            ((EVE, 1), &[0, 0], Some(EVE), ANN, true),
            ((EVE, 1), &[EVE, 0], Some(EVE), ANN, true),
            ((ANN, 1), &[EVE, 0], Some(EVE), ANN, false),
            // A root login.
            ((ANN, 1), &[ANN, 0], Some(ANN), 0, true),
            ((0, 1), &[ANN, 0], Some(ANN), 0, false),
            ((0, 1), &[ANN, 0], Some(0), 0, true),
            ((0, 2), &[ANN, 0], Some(0), 0, false),
            // Her directory holds a link to one of root's.
            ((0, 1), &[0, ANN, 0], Some(ANN), 0, false),
        ];
        for row in rows {
            let (file, above, process, me, expected) = row;
            let stranger = stranger(above.iter().copied(), me);
            assert_eq!(is_trusted(file, stranger, process, me), expected, "{row:?}");
        }
    }

    #[test]
    fn opens_no_secret_as_a_console_log() {
        let home = tempfile::tempdir().unwrap();
        let broker = Broker::refused(vmkit_rights::Refusal::denied("no rights"));
        std::fs::create_dir_all(home.path().join(".ssh")).unwrap();
        std::fs::create_dir_all(home.path().join("vms")).unwrap();
        std::os::unix::fs::symlink(home.path().join(".ssh"), home.path().join("vms/web")).unwrap();
        for file in [".ssh/config", "vms/console.log", "vms/id_rsa"] {
            std::fs::write(home.path().join(file), "x").unwrap();
        }
        let rows = [
            ("vms/console.log", "ok"),
            ("vms/id_rsa", "which is no console log"),
            (".ssh/config", "which is no console log"),
            ("vms/web/config", "which is no console log"),
        ];
        for (path, expected) in rows {
            let opened = open(&home.path().join(path), None, &broker);
            let outcome = opened.map_or_else(|refusal| refusal.message, |_| "ok".to_owned());
            assert!(outcome.ends_with(expected), "{path}: {outcome}");
        }
    }
}
