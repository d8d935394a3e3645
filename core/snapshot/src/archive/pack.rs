//! Writes a snapshot into a zip.

use std::{
    collections::BTreeMap,
    io::{self, Seek, Write},
};

use vmkit_files::Directory;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    error::{ArchiveError, failed, refused},
    manifest::{Content, LARGEST_MANIFEST, MANIFEST, Maker, Manifest},
};
use crate::limits::{LARGEST_ARCHIVE, LARGEST_ARTEFACT, MOST_FILES};

/// Writes all files of a snapshot's directory, and those in its folders, with a manifest before them.
///
/// # Errors
/// A file cannot be read, or the zip not written; there is more than a snapshot holds.
pub(super) fn pack(
    directory: &Directory,
    maker: &Maker,
    out: impl Write + Seek,
) -> Result<(), ArchiveError> {
    let names = files(directory)?;
    let mut contents = BTreeMap::new();
    let mut total = 0;
    for name in &names {
        let bytes = content(directory, name)?;
        total += bytes.len() as u64;
        contents.insert(name.clone(), Content::of(&bytes));
    }
    let manifest = Manifest::new(maker, contents);
    let manifest = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from);
    let manifest = manifest.map_err(failed("write the manifest"))?;
    if manifest.len() as u64 > LARGEST_MANIFEST || total > LARGEST_ARCHIVE {
        return Err(refused(format!("the snapshot is larger than {} MiB", LARGEST_ARCHIVE >> 20)));
    }
    let mut zip = ZipWriter::new(out);
    put(&mut zip, MANIFEST, &manifest)?;
    for name in &names {
        put(&mut zip, name, &content(directory, name)?)?;
    }
    zip.finish().map(drop).map_err(io::Error::from).map_err(failed("end the zip"))
}

fn put(
    zip: &mut ZipWriter<impl Write + Seek>,
    name: &str,
    bytes: &[u8],
) -> Result<(), ArchiveError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o600);
    let written = zip.start_file(name, options).map_err(io::Error::from);
    written
        .and_then(|()| zip.write_all(bytes))
        .map_err(failed(format!("write {name} into the zip")))
}

fn content(directory: &Directory, name: &str) -> Result<Vec<u8>, ArchiveError> {
    let bytes = directory.read(name, LARGEST_ARTEFACT).map_err(failed(format!("read {name}")))?;
    bytes.ok_or_else(|| refused(format!("{name} is gone")))
}

/// The names of all files, sorted. What is neither a file nor a folder, or lies deeper, is no part of a
/// snapshot.
fn files(directory: &Directory) -> Result<Vec<String>, ArchiveError> {
    let mut files = Vec::new();
    for name in names(directory, "it")? {
        match directory.below(&name) {
            Ok(Some(folder)) => {
                let of_folder = names(&folder, &name)?.into_iter();
                let is_file = |inner: &String| matches!(folder.size(inner), Ok(Some(_)));
                let inner = of_folder.filter(is_file).map(|inner| format!("{name}/{inner}"));
                files.extend(inner);
            }
            _ if name != MANIFEST && matches!(directory.size(&name), Ok(Some(_))) => {
                files.push(name);
            }
            _ => {}
        }
    }
    // One more is the manifest.
    if files.len() >= MOST_FILES {
        return Err(refused(format!("the snapshot has more than {MOST_FILES} files")));
    }
    Ok(files)
}

fn names(directory: &Directory, what: &str) -> Result<Vec<String>, ArchiveError> {
    let (names, more) = directory.names(MOST_FILES).map_err(failed(format!("list {what}")))?;
    if more { Err(refused(format!("{what} has more than {MOST_FILES} files"))) } else { Ok(names) }
}
