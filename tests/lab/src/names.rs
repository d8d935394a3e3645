//! Names that contain their owner's process id, and the removal of those of killed processes.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
    process::{Pid, test_kill_process},
};

use crate::{LabError, Namespace, command::run, error::file_error};

/// Short, since the path of a QMP socket below it is limited to 108 bytes, and in /run, which only root
/// can write.
pub(crate) const ROOT: &str = "/run/vmkit-lab";
const PREFIX: &str = "vmk";

/// The name of one lab: `vmk<pid>-<number>`.
#[derive(Clone, Debug)]
pub(crate) struct LabName(String);

impl LabName {
    /// A name that no other lab on this machine has.
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(format!("{PREFIX}{}-{number}", std::process::id()))
    }

    /// The name of one of the lab's namespaces.
    pub(crate) fn namespace(&self, role: &str) -> String {
        format!("{}-{role}", self.0)
    }

    /// The folder of the lab's files.
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(ROOT).join(&self.0)
    }

    /// The name itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Removes the namespaces and folders of labs whose process has ended, with their programs. The next
/// lab removes what cannot be removed yet.
///
/// # Errors
/// The names cannot be listed.
pub(crate) fn remove_orphans() -> Result<(), LabError> {
    // One of two processes that remove the same thing would fail.
    let _alone = lock_file(Path::new(ROOT), "orphans", FlockOperation::LockExclusive)?;
    for name in run(Command::new("ip").args(["netns", "list"]))?.lines() {
        let name = name.split_whitespace().next().unwrap_or(name);
        if is_orphan(name) {
            drop(Namespace::left_over(name.to_owned()));
        }
    }
    let entries = match fs::read_dir(ROOT) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(file_error("list", ROOT))?,
    };
    for entry in entries {
        let entry = entry.map_err(file_error("list", ROOT))?;
        if entry.file_name().to_str().is_some_and(is_orphan) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
    Ok(())
}

/// Takes the lock of this name in the folder, held until the file is dropped. `None`: the operation
/// does not wait and another process has the lock.
pub(crate) fn lock_file(
    folder: &Path,
    name: &str,
    operation: FlockOperation,
) -> Result<Option<File>, LabError> {
    fs::create_dir_all(folder).map_err(file_error("make", folder))?;
    let path = folder.join(format!("{name}.lock"));
    let opened = File::options().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(file_error("open", &path))?;
    match flock(&file, operation) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(file_error("lock", path)(error.into())),
    }
}

/// Whether the name belongs to a lab whose process has ended.
fn is_orphan(name: &str) -> bool {
    owner(name).is_some_and(|pid| test_kill_process(pid).is_err())
}

fn owner(name: &str) -> Option<Pid> {
    let (pid, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    Pid::from_raw(pid.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{is_orphan, owner};

    #[test]
    fn only_names_of_labs_have_an_owner() {
        let rows = [
            ("vmk42-0-router", Some(42)),
            ("vmk42-0", Some(42)),
            ("vmk-0", None),
            ("vmkit-lab", None),
            ("vmk99999999999-0", None),
            ("other", None),
        ];
        for (name, expected) in rows {
            assert_eq!(owner(name).map(|pid| pid.as_raw_nonzero().get()), expected, "{name}");
        }
    }

    #[test]
    fn keeps_the_names_of_running_processes() {
        assert!(!is_orphan(&format!("vmk{}-0-router", std::process::id())));
    }
}
