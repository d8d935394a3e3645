//! Unpacks a zip of a snapshot.

use std::{
    fs::File,
    io::{self, Read, Seek, Write as _},
    path::Path,
};

use vmkit_files::Directory;
use zip::ZipArchive;

use super::{
    error::{ArchiveError, at, failed, refused},
    manifest::{Content, LARGEST_MANIFEST, MANIFEST, Maker, Manifest},
    shape::{self, Entry},
};

/// Unpacks the zip at this path into a directory of its own, which goes when nothing refers to it.
///
/// # Errors
/// As [`unpack`] says; no directory can be made.
pub(crate) fn open(path: &Path) -> Result<Directory, ArchiveError> {
    let to = Directory::temporary(path).map_err(failed("make a directory for its files"));
    let file = File::open(path).map_err(failed("open it"));
    let unpacked = to.and_then(|to| unpack(file?, &to).map(|_| to));
    unpacked.map_err(at(path))
}

/// Unpacks the zip into the directory, which must be empty, and returns what made it.
///
/// # Errors
/// It is no zip that a [`super::Target`] would make, or damaged; a file cannot be written.
pub fn unpack(mut file: impl Read + Seek, to: &Directory) -> Result<Maker, ArchiveError> {
    let entries = shape::entries(&mut file)?;
    let mut zip = ZipArchive::new(file).map_err(|error| refused(error.to_string()))?;
    let overlaps = zip.has_overlapping_entries().map_err(|error| refused(error.to_string()))?;
    if zip.len() != entries.len() || overlaps {
        return Err(refused("its entries overlap"));
    }
    let mut entries = entries.into_iter().enumerate();
    let manifest = match entries.next() {
        Some((at, first)) if first.name == MANIFEST && first.size <= LARGEST_MANIFEST => {
            Manifest::read(&content(&mut zip, at, &first)?)?
        }
        _ => return Err(refused(format!("its first entry is no {MANIFEST}"))),
    };
    let mut listed = manifest.files;
    for (at, entry) in entries {
        let bytes = content(&mut zip, at, &entry)?;
        if listed.remove(&entry.name) != Some(Content::of(&bytes)) {
            return Err(refused(format!("{:?} is not as its {MANIFEST} says", entry.name)));
        }
        let written = to.create(&entry.name).and_then(|mut file| file.write_all(&bytes));
        written.map_err(failed(format!("unpack {:?}", entry.name)))?;
    }
    match listed.keys().next() {
        Some(name) => Err(refused(format!("{name:?} of its {MANIFEST} is missing"))),
        None => Ok(manifest.maker),
    }
}

/// The unpacked content of an entry, which has exactly the size that the central directory says.
fn content(
    zip: &mut ZipArchive<impl Read + Seek>,
    at: usize,
    entry: &Entry,
) -> Result<Vec<u8>, ArchiveError> {
    let damaged = |why: &str| refused(format!("{:?} is damaged: {why}", entry.name));
    let file = zip.by_index(at).map_err(|error| damaged(&error.to_string()))?;
    if file.name_raw() != entry.name.as_bytes() || file.size() != entry.size {
        return Err(damaged("it has two headers that differ"));
    }
    let mut bytes = Vec::new();
    // One byte more shows that it is larger; reading to the end checks its sum.
    let read: io::Result<usize> = file.take(entry.size + 1).read_to_end(&mut bytes);
    read.map_err(|error| damaged(&error.to_string()))?;
    if bytes.len() as u64 == entry.size { Ok(bytes) } else { Err(damaged("its size is wrong")) }
}
