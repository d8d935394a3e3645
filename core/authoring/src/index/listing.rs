//! The entries of an index, and the files that they name.

use std::path::{Path, PathBuf};

use vmkit_files::Directory;
use vmkit_host::hash_of;
use vmkit_types::escaped;

use super::{Entry, IndexError, Place, Version, agreement::check_hash, git};

/// Most entries of an index.
const MOST: usize = 5000;
/// Longest file of an entry, in bytes.
const LONGEST_ENTRY: u64 = 256 << 10;
/// Longest file of a plugin, in bytes: as everywhere.
const LONGEST_FILE: u64 = 128 << 20;
/// What the name of an entry's file ends with.
const ENDING: &str = ".toml";

/// An index that can be read.
#[derive(Debug)]
pub struct Index {
    directory: Directory,
    /// Whether the user named a directory. A repository is what somebody else wrote.
    is_of_this_computer: bool,
}

impl Index {
    /// The index at this place. A repository is fetched into the cache, with git's rights over `home`.
    ///
    /// # Errors
    /// It cannot be fetched or read.
    pub fn open(place: &Place, cache: &Path, home: &Path) -> Result<Self, IndexError> {
        let path: PathBuf = match place {
            Place::Directory(path) => path.clone(),
            Place::Repository(address) => git::fetch(address, cache, home)?,
        };
        match Directory::open(&path) {
            Ok(directory) => {
                let is_of_this_computer = matches!(place, Place::Directory(_));
                Ok(Self { directory, is_of_this_computer })
            }
            Err(source) => Err(IndexError::Unreadable { path, source }),
        }
    }

    /// The entries that have all these words, and what is wrong with others, by their names.
    ///
    /// # Errors
    /// The directory cannot be read, or has too many entries.
    pub fn search(&self, words: &[String]) -> Result<(Vec<Entry>, Vec<IndexError>), IndexError> {
        let unreadable =
            |source| IndexError::Unreadable { path: self.directory.path().to_owned(), source };
        let (names, are_more) = self.directory.names(MOST).map_err(unreadable)?;
        if are_more {
            return Err(IndexError::TooLarge(MOST));
        }
        let (mut entries, mut wrong) = (Vec::new(), Vec::new());
        for name in names.iter().filter_map(|name| name.strip_suffix(ENDING)) {
            match self.entry(name) {
                Ok(entry) if entry.has(words) => entries.push(entry),
                Ok(_) => {}
                Err(error) => wrong.push(error),
            }
        }
        Ok((entries, wrong))
    }

    /// The entry of this plugin.
    ///
    /// # Errors
    /// The index has no such plugin, or its entry is invalid.
    pub fn entry(&self, name: &str) -> Result<Entry, IndexError> {
        let invalid = |why: String| IndexError::Entry { name: escaped(name), why };
        if name.contains(['/', '\0']) || name.starts_with('.') {
            return Err(IndexError::Unknown(escaped(name)));
        }
        let read = self.directory.read(&format!("{name}{ENDING}"), LONGEST_ENTRY);
        let bytes = read.map_err(|error| invalid(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| IndexError::Unknown(escaped(name)))?;
        let text = String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8".to_owned()))?;
        Entry::parse(name, &text)
    }

    /// The bytes of a version's file, whose SHA-256 is the listed one. Other bytes are kept nowhere.
    ///
    /// # Errors
    /// They cannot be fetched, or are others than the entry lists.
    pub fn file(&self, entry: &Entry, version: &Version) -> Result<Vec<u8>, IndexError> {
        let (directory, path, place) = match (&version.path, &version.url) {
            (Some(path), None) => (self.directory.clone(), path.as_str(), path),
            (None, Some(url)) => {
                let (root, path) = self.elsewhere(url)?;
                (root, path, url)
            }
            _ => {
                let why = "the entry names no file, or two".to_owned();
                return Err(IndexError::File { place: escaped(&version.version), why });
            }
        };
        let failed = |why| IndexError::File { place: escaped(place), why };
        // Each part is opened for itself, without `..` and without following a link.
        let read = directory.read(path, LONGEST_FILE);
        let bytes = read.map_err(|error| failed(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| failed("there is no such file".to_owned()))?;
        check_hash(&hash_of(&bytes).to_string(), entry, version)?;
        Ok(bytes)
    }

    /// The root directory, and the path below it of a file that is not in the index.
    fn elsewhere<'a>(&self, url: &'a str) -> Result<(Directory, &'a str), IndexError> {
        let failed = |why: String| IndexError::File { place: escaped(url), why };
        let path = url.strip_prefix("file:///").filter(|_| self.is_of_this_computer);
        let path = path.ok_or_else(|| {
            failed(
                "only files of the index are fetched, and files of this computer (file:///…) if the \
                 index is a directory of it; put the file into the index"
                    .to_owned(),
            )
        })?;
        let root = Directory::open(Path::new("/")).map_err(|error| failed(error.to_string()))?;
        Ok((root, path))
    }
}
