//! Replaces names, MACs and addresses in a snapshot, each by the same stand-in everywhere.
//!
//! Keeps what a diagnosis needs: the vendor's half of a MAC, the network of an address and whether
//! it looks like a gateway's, lengths and times. Removes what identifies a person or a place.

mod addresses;
mod capture;
mod names;
mod text;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use names::Names;

use crate::{SaveError, write::unwritable};
use addresses::Addresses;

/// Redacts the snapshot in `directory`, in place. `names` are those of machines, their hosts and
/// users.
///
/// # Errors
/// A file cannot be read or written. Files that were not reached stay unredacted.
pub fn redact(directory: &Path, names: &Names) -> Result<(), SaveError> {
    let mut files = Vec::new();
    collect(directory, &mut files).map_err(unwritable(directory))?;
    files.sort();
    let mut addresses = Addresses::default();
    for path in files {
        let bytes = fs::read(&path).map_err(unwritable(&path))?;
        let is_capture = path.extension().is_some_and(|extension| extension == "pcap");
        let redacted = if is_capture {
            capture::redact(&bytes, &mut addresses, names)
        } else {
            text::redact(&bytes, &mut addresses, names)
        };
        fs::write(&path, redacted).map_err(unwritable(&path))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let other = name.map(|name| names.in_file_name(&name)).unwrap_or_default();
        let to = path.with_file_name(other);
        if to != path {
            fs::rename(&path, &to).map_err(unwritable(&path))?;
        }
    }
    Ok(())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in directory.read_dir()? {
        let path = entry?.path();
        let status = path.symlink_metadata()?;
        if status.is_dir() {
            collect(&path, files)?;
        } else if status.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
