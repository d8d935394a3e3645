//! The image that a qcow2 image is based on, by its header.

use std::{ffi::OsString, io::Read as _, os::unix::ffi::OsStringExt as _, path::PathBuf};

use rustix::io::Errno;
use vmkit_files::Directory;

use crate::qcow2::MAGIC;

/// Longest name of a base, as QEMU has it.
const LONGEST: usize = 1023;

/// The first bytes that may hold the name: the header and its extensions in the first cluster, which has
/// 64 KiB unless somebody chose otherwise.
const HEAD: u64 = 2 << 20;

/// The name of the image that this file of a directory is based on, as it stands in its header: relative to
/// the file, or absolute. `None`: it is based on none, or is no qcow2 image.
pub(crate) fn backing_file(directory: &Directory, name: &str) -> Option<PathBuf> {
    let mut file = directory.open_file(name).ok()??;
    let mut head = [0; 20];
    file.read_exact(&mut head).ok()?;
    if head[..4] != MAGIC {
        return None;
    }
    let offset = u64::from_be_bytes(head[8..16].try_into().ok()?);
    let size = usize::try_from(u32::from_be_bytes(head[16..20].try_into().ok()?)).ok()?;
    if offset == 0 || offset > HEAD || size == 0 || size > LONGEST {
        return None;
    }
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while filled < size {
        let at = offset + u64::try_from(filled).ok()?;
        match rustix::io::pread(&file, &mut bytes[filled..], at) {
            Ok(0) => return None,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    Some(PathBuf::from(OsString::from_vec(bytes)))
}
