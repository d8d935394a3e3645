//! The directory of the shared network, with its locks.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    event::{Timespec, poll},
    fs::{FlockOperation, flock},
    io::Errno,
};

/// Where root alone can write, and all can read.
const PARENT: &str = "/run/vmkit";
const DIRECTORY: &str = "/run/vmkit/shared";
/// Pause between two tries for a lock that is held.
const TICK: Duration = Duration::from_millis(10);
/// How long a broker may hold the door: while it starts the keeper, or a keeper ends.
pub(super) const DOOR: Duration = Duration::from_secs(25);

/// A file of the network.
pub(super) fn file(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

/// Makes the directories.
pub(super) fn make() -> io::Result<()> {
    for path in [PARENT, DIRECTORY] {
        match DirBuilder::new().mode(0o700).create(path) {
            // Whatever the caller's mask is.
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o755))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let status = fs::symlink_metadata(path)?;
        if !status.is_dir() || status.uid() != 0 || status.mode() & 0o022 != 0 {
            return Err(io::Error::other(format!("{path} is not a directory of root's alone")));
        }
    }
    Ok(())
}

/// The lock of the keeper; `None`: another one has it.
pub(super) fn keepers_lock() -> io::Result<Option<File>> {
    lock("keeper.lock", Instant::now())
}

/// The lock of who joins the network or ends it. `None`: it was held until the deadline.
pub(super) fn door(deadline: Instant) -> io::Result<Option<File>> {
    lock("door.lock", deadline)
}

fn lock(name: &str, deadline: Instant) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(file(name))?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) if Instant::now() >= deadline => return Ok(None),
            Err(Errno::WOULDBLOCK) => {
                let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
                poll(&mut [], Some(&tick)).ok();
            }
            Err(error) => return Err(error.into()),
        }
    }
}
