//! Removes what is in a directory.

use std::{
    ffi::CStr,
    os::fd::{AsFd as _, BorrowedFd, OwnedFd},
};

use rustix::{
    fs::{AtFlags, Dir, unlinkat},
    io::Errno,
};

use crate::mounts::{DIRECTORY, open_unmounted};

/// How often a directory is emptied: a program that outlived the command that started it may make a file
/// in it meanwhile.
const ATTEMPTS: u32 = 16;

/// Removes a file, or a directory with all that is in it, whatever bytes the names have. What is mounted in it
/// is another's, and stays.
pub(crate) fn remove_at(folder: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<()> {
    match unlinkat(folder, name, AtFlags::empty()) {
        // What a directory says depends on the system.
        Err(error @ (Errno::ISDIR | Errno::PERM)) => {
            let inner = open_unmounted(folder, name, DIRECTORY)
                .map_err(|why| if why == Errno::XDEV { why } else { error })?;
            let mut removed = Ok(());
            for _ in 0..ATTEMPTS {
                empty(&inner)?;
                removed = unlinkat(folder, name, AtFlags::REMOVEDIR);
                if !matches!(removed, Err(Errno::NOTEMPTY | Errno::EXIST)) {
                    break;
                }
            }
            removed
        }
        removed => removed,
    }
}

fn empty(directory: &OwnedFd) -> rustix::io::Result<()> {
    let names = Dir::read_from(directory)?.map(|entry| Ok(entry?.file_name().to_owned()));
    for name in names.collect::<rustix::io::Result<Vec<_>>>()? {
        if !matches!(name.to_bytes(), b"." | b"..") {
            match remove_at(directory.as_fd(), &name) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
