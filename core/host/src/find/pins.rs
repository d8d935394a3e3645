//! What the installed files hold: `pins.json` beside them, written when they were installed.

use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
};

use serde::{Deserialize, Serialize};
use vmkit_state::FileHash;

use super::content;

/// The schema of the file.
const SCHEMA: &str = "vmkit.pins/1";
/// Largest file of pins, in bytes: a line for each of a hundred files.
const LONGEST: u64 = 64 << 10;

/// The hashes of the files that were installed together, by their paths below `lib/vmkit`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pins {
    schema: String,
    files: BTreeMap<String, Pin>,
}

/// One installed file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Pin {
    sha256: FileHash,
    /// What the file system said of it then. Nobody who is not trusted can change the file, so one
    /// that has not changed since is not hashed again.
    seen: Seen,
}

/// Size, place and times of a file. Each change of its bytes changes the last time, which no call can
/// set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Seen {
    size: u64,
    device: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    fn of(status: &Metadata) -> Self {
        Self {
            size: status.size(),
            device: status.dev(),
            inode: status.ino(),
            modified: (status.mtime(), status.mtime_nsec()),
            changed: (status.ctime(), status.ctime_nsec()),
        }
    }
}

/// How an installed file compares with its pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinMatch {
    /// It is the file that was installed.
    Same(FileHash),
    /// It holds something else.
    Altered,
    /// No file of this name was installed.
    Unknown,
}

impl Pins {
    /// The name of the file below `lib/vmkit`.
    pub const FILE: &str = "pins.json";

    /// The pins of these files below `library`, as they are now.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of_files(library: &Path, names: &[String]) -> io::Result<Self> {
        let pin = |name: &String| {
            let file = File::open(library.join(name))?;
            let seen = Seen::of(&file.metadata()?);
            Ok((name.clone(), Pin { sha256: content::hash(&file)?, seen }))
        };
        let files = names.iter().map(pin).collect::<io::Result<_>>()?;
        Ok(Self { schema: SCHEMA.to_owned(), files })
    }

    /// The text of the file.
    pub fn to_text(&self) -> Vec<u8> {
        // Strings and numbers always serialise.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads an open file of pins.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut text = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, LONGEST), &mut text)?;
        let pins: Self = serde_json::from_slice(&text)?;
        if pins.schema == SCHEMA {
            Ok(pins)
        } else {
            Err(io::Error::other(format!("its schema is {:?}", pins.schema)))
        }
    }

    /// Compares an open file with the pin of this name. `readable` opens it again for reading, where
    /// the open one is a place alone.
    pub(super) fn compare(
        &self,
        name: &str,
        status: &Metadata,
        readable: impl FnOnce() -> io::Result<File>,
    ) -> io::Result<PinMatch> {
        let Some(pin) = self.files.get(name) else { return Ok(PinMatch::Unknown) };
        if pin.seen == Seen::of(status) {
            return Ok(PinMatch::Same(pin.sha256));
        }
        // Installed by a package, or copied: the bytes decide.
        let file = readable()?;
        let again = file.metadata()?;
        let is_same = (again.dev(), again.ino()) == (status.dev(), status.ino());
        let holds_same = is_same && content::hash(&file)? == pin.sha256;
        Ok(if holds_same { PinMatch::Same(pin.sha256) } else { PinMatch::Altered })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn tells_an_installed_file_from_an_altered_one_and_a_foreign_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("vm-worker"), "worker").unwrap();
        let pins = Pins::of_files(folder.path(), &["vm-worker".to_owned()]).unwrap();
        fs::write(path("pins"), pins.to_text()).unwrap();
        let pins = Pins::read(&File::open(path("pins")).unwrap()).unwrap();
        let compare = |name: &str, at: &str| {
            let file = File::open(path(at)).unwrap();
            pins.compare(name, &file.metadata().unwrap(), || File::open(path(at))).unwrap()
        };
        let same = compare("vm-worker", "vm-worker");
        assert!(matches!(same, PinMatch::Same(_)), "{same:?}");
        fs::copy(path("vm-worker"), path("copy")).unwrap();
        assert_eq!(compare("vm-worker", "copy"), same, "a copy has the same bytes");
        assert_eq!(compare("other", "copy"), PinMatch::Unknown);
        fs::write(path("vm-worker"), "wOrker").unwrap();
        assert_eq!(compare("vm-worker", "vm-worker"), PinMatch::Altered);
    }

    #[test]
    fn an_unchanged_file_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "x").unwrap();
        let pins = Pins::of_files(folder.path(), &["x".to_owned()]).unwrap();
        let unread = || Err(io::Error::other("it was read"));
        assert!(pins.compare("x", &path.metadata().unwrap(), unread).is_ok());
    }

    #[test]
    fn refuses_pins_of_another_version() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        io::Write::write_all(&mut file, br#"{"schema":"vmkit.pins/2","files":{}}"#).unwrap();
        let error = Pins::read(&File::open(file.path()).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "its schema is \"vmkit.pins/2\"");
    }
}
