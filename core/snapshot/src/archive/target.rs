//! Where a snapshot is written, by the path that a user names: a directory, or a zip.

use std::path::Path;

use vmkit_files::Directory;

use super::{
    error::{ArchiveError, at, failed},
    manifest::Maker,
    pack::pack,
};

/// How the name of a zip ends.
const EXTENSION: &str = "zip";

/// Where a snapshot is to be written: a directory, or a zip that is made once the snapshot is whole.
#[derive(Debug)]
pub enum Target {
    /// A directory, which [`crate::Writer::new`] makes.
    Directory,
    /// A file.
    Zip(ZipTarget),
}

/// A zip that is to be made.
#[derive(Debug)]
pub struct ZipTarget {
    /// The directory that the file will be in, and its name there.
    above: Directory,
    name: String,
    /// What goes into it.
    unpacked: Directory,
}

impl Target {
    /// A path that ends in `.zip` stands for a file, which must not exist, and any other for a directory.
    /// The directories of the path are made as those of a snapshot are.
    ///
    /// # Errors
    /// The file exists; a directory cannot be made, or lies behind another user's link.
    pub fn new(path: &Path) -> Result<Self, ArchiveError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let name = path.file_name().and_then(|name| name.to_str());
        let is_zip = extension.is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION));
        let Some(name) = name.filter(|_| is_zip) else { return Ok(Self::Directory) };
        let made = || {
            let above = path.parent().filter(|it| !it.as_os_str().is_empty());
            let above = Directory::make(above.unwrap_or(Path::new(".")))
                .map_err(failed("make a directory of its path"))?;
            if !matches!(above.size(name), Ok(None)) {
                return Err(ArchiveError::Exists);
            }
            let unpacked = Directory::temporary(path);
            let unpacked = unpacked.map_err(failed("make a directory for its files"))?;
            Ok(Self::Zip(ZipTarget { above, name: name.to_owned(), unpacked }))
        };
        made().map_err(at(path))
    }

    /// The directory whose files go into the zip; `None`: no zip is wanted.
    pub fn unpacked(&self) -> Option<&Directory> {
        match self {
            Self::Directory => None,
            Self::Zip(zip) => Some(&zip.unpacked),
        }
    }

    /// Makes the zip, if that is wanted, of the snapshot that was written. Only its owner can read it.
    ///
    /// # Errors
    /// The zip cannot be made; a file of its name was made meanwhile.
    pub fn finish(self, maker: &Maker) -> Result<(), ArchiveError> {
        let Self::Zip(ZipTarget { above, name, unpacked }) = self else { return Ok(()) };
        let path = above.path().join(&name);
        let file = above.create(&name).map_err(failed("make it")).map_err(at(&path))?;
        pack(&unpacked, maker, file).map_err(|error| {
            // A part of a zip would only be in the way; that it stays changes nothing about the error.
            _ = above.remove(&name);
            at(&path)(error)
        })
    }
}
