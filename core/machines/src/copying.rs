//! Copies a file so that it takes no more room than it has to.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use crate::error::MachineError;

/// Bytes that are copied at once; zeros of this size take no room.
const BLOCK: usize = 1 << 20;

/// Copies a file to a new one, which shares its data where the file system can do that.
///
/// # Errors
/// One cannot be read or the other one written; no space is left.
pub(crate) fn copy(
    old: &mut File,
    new: &mut File,
    from: &Path,
    to: &Path,
) -> Result<(), MachineError> {
    if shares_data(old, new) { Ok(()) } else { copy_blocks(old, new, from, to) }
}

/// Whether the new file shares the data of the old one now, so that it takes no room.
#[cfg(target_os = "linux")]
fn shares_data(old: &File, new: &File) -> bool {
    rustix::fs::ioctl_ficlone(new, old).is_ok()
}

/// The system has a call for it that makes a file by its name.
#[cfg(not(target_os = "linux"))]
fn shares_data(_: &File, _: &File) -> bool {
    false
}

fn copy_blocks(old: &mut File, new: &mut File, from: &Path, to: &Path) -> Result<(), MachineError> {
    let read = |error| MachineError::file("read", from, error);
    let written = |error| MachineError::file("write", to, error);
    let mut block = vec![0; BLOCK];
    let mut length = 0;
    loop {
        let count = match old.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(read(error)),
        };
        if block[..count].iter().all(|byte| *byte == 0) {
            new.seek(SeekFrom::Current(i64::try_from(count).unwrap_or(0))).map_err(written)?;
        } else {
            new.write_all(&block[..count]).map_err(written)?;
        }
        length += count as u64;
    }
    new.set_len(length).map_err(written)
}
