//! Reads files in `/proc` and `/sys`.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
};

use rustix::io::Errno;
use vmkit_types::Unread;

use crate::process::ARGUMENTS_LIMIT;

/// A buffer for one command line.
pub(crate) fn buffer() -> Vec<u8> {
    vec![0; ARGUMENTS_LIMIT]
}

/// Reads as much of a file in `/proc` or `/sys` as the buffer holds. One call is enough: the kernel
/// makes these texts on each read and returns what fits.
pub(crate) fn read<'a>(path: &Path, buffer: &'a mut [u8]) -> std::io::Result<&'a [u8]> {
    let count = File::open(path)?.read(buffer)?;
    Ok(&buffer[..count])
}

/// Whether the error means that the process has ended.
pub(crate) fn gone(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

pub(crate) fn unread(operation: &str, error: &std::io::Error) -> Unread {
    match error.kind() {
        ErrorKind::PermissionDenied => Unread::Denied(operation.to_owned()),
        _ => Unread::Failed(format!("{operation}: {error}")),
    }
}
