//! The image that a machine's disk is based on, which stays with the machine.
//!
//! The disk of a machine holds what differs from the image that it was created from. That image may be
//! moved, updated or deleted by its owner, so the machine keeps one of its own, `NAME-base.img`: a clone
//! that shares the data where the file system can, and otherwise one copy for all machines of the same
//! image, each with a name of its own for it.

use std::{fs::File, io, path::Path};

use rustix::fs::{Mode, OFlags, fchmod, open};
use serde::{Deserialize, Serialize};
use vmkit_files::{Directory, EntryKind, EntryStatus};

use crate::{
    chain::Base,
    copying::copy,
    data_directory::{DataDirectory, check_owner},
    error::MachineError,
    hidden::machine_of,
    making::Build,
};

/// Somebody may write.
const ANYBODY_WRITES: u32 = 0o222;

/// Largest file that says where a base comes from.
const ORIGIN_LIMIT: u64 = 1024;

/// The file that a base was copied from. As long as nobody has changed it, these stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    file_system: u64,
    number: u64,
    size: u64,
    changed: (i64, i64),
}

/// The name of a machine's base in its directory.
pub(crate) fn base_name(machine: &str) -> String {
    format!("{machine}-base.img")
}

fn origin_name(machine: &str) -> String {
    format!("{machine}-base.origin")
}

impl DataDirectory {
    /// Gives a new machine its own base from this image, which the user has named.
    ///
    /// # Errors
    /// The image is no regular file, cannot be read, or is changed meanwhile; no space is left.
    pub(crate) fn keep_base(&self, build: &Build<'_>, image: &Path) -> Result<(), MachineError> {
        let failed = |error: io::Error| MachineError::file("read", image, error);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = open(image, flags, Mode::empty()).map_err(|error| failed(error.into()))?;
        let mut opened = File::from(opened);
        let origin = origin_of(&opened, image)?;
        let _lock = self.lock_copy()?;
        let name = base_name(build.name);
        if !self.share_base(build, &name, origin) {
            build.steps.step("copy the image");
            let path = build.directory.path().join(&name);
            let written = |error: io::Error| MachineError::file("write", &path, error);
            let mut new = build.directory.create(&name).map_err(written)?;
            copy(&mut opened, &mut new, image, &path)?;
            // Machines share it, and none of them writes to it.
            fchmod(&new, Mode::RUSR).map_err(|error| written(error.into()))?;
            if origin_of(&opened, image)? != origin {
                let why = "was changed while it was copied".to_owned();
                return Err(MachineError::Unusable { path: image.to_owned(), why });
            }
        }
        build.steps.step("write down where the image comes from");
        let name = origin_name(build.name);
        let written = serde_json::to_vec(&origin).map_err(io::Error::from);
        let written = written.and_then(|bytes| build.directory.write_new(&name, &bytes));
        written
            .map_err(|error| MachineError::file("write", build.directory.path().join(&name), error))
    }

    /// Gives a clone its own base: a second name for that of its source if nobody can write to it, and
    /// otherwise a copy.
    ///
    /// # Errors
    /// The base cannot be read, or is changed meanwhile; no space is left.
    pub(crate) fn keep_second_base(
        &self,
        build: &Build<'_>,
        base: &Base,
    ) -> Result<(), MachineError> {
        let failed = |error: io::Error| MachineError::file("look at", base.path(), error);
        let status = base.directory.status(&base.file).map_err(failed)?;
        let is_own = status.is_some_and(|status| {
            status.kind == EntryKind::File
                && status.mode & ANYBODY_WRITES == 0
                && check_owner(&base.path(), status).is_ok()
        });
        build.steps.step("share the source's image");
        let name = base_name(build.name);
        if is_own && build.directory.link(&base.directory, &base.file, &name).is_ok() {
            return Ok(());
        }
        self.keep_base(build, &base.path())
    }

    /// Whether the new machine has a second name for another machine's base of the same image now.
    fn share_base(&self, build: &Build<'_>, name: &str, origin: Origin) -> bool {
        let others = self.base.names(crate::journal::ENTRIES_LIMIT).unwrap_or_default().0;
        for other in others {
            // One that is being made has its copy, if it has written down where that comes from.
            let machine = machine_of(&other).unwrap_or(&other);
            if !vmkit_inventory::valid_name(machine) {
                continue;
            }
            let Ok(Some(directory)) = self.base.below(&other) else { continue };
            if recorded_origin(&directory, machine) != Some(origin) {
                continue;
            }
            let theirs = base_name(machine);
            let Ok(Some(status)) = directory.status(&theirs) else { continue };
            let is_whole = status.kind == EntryKind::File && status.size == origin.size;
            let is_own = check_owner(directory.path(), status).is_ok();
            build.steps.step("share the image of another machine");
            if is_whole && is_own && build.directory.link(&directory, &theirs, name).is_ok() {
                return true;
            }
        }
        false
    }
}

fn origin_of(image: &File, path: &Path) -> Result<Origin, MachineError> {
    let status = EntryStatus::of(image);
    let status = status.map_err(|error| MachineError::file("look at", path, error))?;
    if status.kind != EntryKind::File {
        let why = "is not a regular file".to_owned();
        return Err(MachineError::Unusable { path: path.to_owned(), why });
    }
    let EntryStatus { identity: (file_system, number), size, changed, .. } = status;
    Ok(Origin { file_system, number, size, changed })
}

fn recorded_origin(directory: &Directory, machine: &str) -> Option<Origin> {
    let bytes = directory.read(&origin_name(machine), ORIGIN_LIMIT).ok()??;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt as _};

    use super::*;
    use crate::{
        DiskTools,
        trial::{self, entry, location},
    };

    #[test]
    fn machines_that_are_created_at_once_share_one_copy() {
        let folder = tempfile::tempdir().unwrap();
        let image = trial::image(folder.path(), "image.raw");
        let tools = DiskTools::find().unwrap();
        let numbers: Vec<_> = std::thread::scope(|scope| {
            let create = |number| {
                let (image, tools, folder) = (&image, &tools, folder.path());
                move || {
                    let data = DataDirectory::open(&location(folder)).unwrap();
                    let name = format!("vm{number}");
                    let machine = data.create(&trial::wanted(&name, image), tools).unwrap();
                    machine.directory.join(base_name(&name)).metadata().unwrap().ino()
                }
            };
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(create(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(numbers.iter().all(|number| *number == numbers[0]), "{numbers:?}");
    }

    #[test]
    fn machines_of_one_image_share_its_copy_until_the_image_changes() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(&location(folder.path())).unwrap();
        let image = folder.path().join("cloud.img");
        let mut content = b"image".to_vec();
        content.resize(3 << 20, 0);
        fs::write(&image, &content).unwrap();
        let make = |name: &str| {
            let held = data.hold(name).unwrap();
            data.make(&held, |build| {
                build.directory.write_new(&format!("{name}.qcow2"), b"QFI\xfb").unwrap();
                data.keep_base(build, &image)?;
                Ok(entry(data.choose_mac(name, None)?))
            })
            .unwrap();
            folder.path().join(format!("vms/{name}/{name}-base.img"))
        };
        let first = make("one");
        assert_eq!(fs::read(&first).unwrap(), content);
        let status = first.metadata().unwrap();
        assert!(status.blocks() * 512 < 2 << 20, "zeros take no room");
        assert_eq!(status.mode() & 0o777, 0o400);
        assert_eq!(make("two").metadata().unwrap().ino(), status.ino(), "one copy for both");
        let held = data.hold("one").unwrap();
        data.destroy(&held).unwrap();
        assert_eq!(
            fs::read(make("three")).unwrap(),
            content,
            "the copy outlives its first machine"
        );
        fs::write(&image, "newer").unwrap();
        assert_eq!(fs::read(make("four")).unwrap(), b"newer");
        assert_eq!(fs::read(make("five")).unwrap(), b"newer");
    }
}
