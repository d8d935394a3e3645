//! Descriptors that this process has not opened itself.

use std::{fs, io};

/// Where a process sees its own descriptors.
const OWN: &str = if cfg!(target_os = "macos") { "/dev/fd" } else { "/proc/self/fd" };

/// The last of the three that every program has.
const STANDARD_ERROR: i32 = 2;

/// Closes all but the first three: whoever started `vm` may have left others open, such as files of
/// a shell.
pub(crate) fn close_inherited() -> io::Result<()> {
    let entries = fs::read_dir(OWN)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    // Collected first: the list itself is read from a descriptor.
    let open: Vec<i32> = entries.filter_map(|name| name.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > STANDARD_ERROR) {
        // SAFETY: nothing of this process has opened a descriptor yet that is still in use, so no
        // owner is left with a closed one.
        unsafe { libc::close(descriptor) };
    }
    Ok(())
}
