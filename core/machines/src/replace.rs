//! Replaces a small file atomically.

use std::io;

use vmkit_files::Directory;

use crate::{error::MachineError, step::Steps};

/// The end of the name of a file that is being written. A kill leaves at most one for each file; the next
/// writer and the next repair remove it.
pub(crate) const UNFINISHED: &str = ".vmkit-new";

/// Replaces a file atomically, and so that it survives a power cut. Only the holder of the file's lock may
/// call it. `is_current` is asked last of all.
pub(crate) fn replace(
    directory: &Directory,
    name: &str,
    bytes: &[u8],
    steps: &Steps,
    is_current: impl FnOnce() -> Result<bool, MachineError>,
) -> Result<bool, MachineError> {
    let path = directory.path().join(name);
    let failed = |error: io::Error| MachineError::file("write", &path, error);
    let new = format!("{name}{UNFINISHED}");
    let attempt = || {
        remove_if_there(directory, &new, steps).map_err(failed)?;
        steps.step("write a new file");
        directory.write_new(&new, bytes).map_err(failed)?;
        if !is_current()? {
            return Ok(false);
        }
        steps.step("replace a file by the new one");
        directory.rename(&new, name).map_err(failed)?;
        steps.step("flush the directory of the new file");
        directory.flush().map_err(failed)?;
        Ok(true)
    };
    let outcome = attempt();
    if !matches!(outcome, Ok(true)) {
        // The error says more than a second one would.
        remove_if_there(directory, &new, steps).ok();
    }
    outcome
}

/// Removes a file or a directory with all that is in it.
pub(crate) fn remove_if_there(
    directory: &Directory,
    name: &str,
    steps: &Steps,
) -> io::Result<bool> {
    steps.step("remove");
    match directory.remove(name) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
