//! How files are read.

use std::cell::Cell;

use vmkit_types::{Reading, Unread};

/// Most files of a configuration, however they are named, and most directories.
const MOST_FILES: usize = 100;
/// Most bytes of all its files together.
const MOST_BYTES: usize = 16 << 20;

/// The files of a server, as its process sees them. A path may be relative to the directory of the process.
pub trait Files {
    /// The text of a file. `Absent`: the file is missing.
    fn text(&self, path: &str) -> Reading<String>;

    /// The last lines of a file.
    fn end(&self, path: &str) -> Reading<String>;

    /// The names in a directory, sorted. `Absent`: nothing has this path, or what has it is no directory.
    fn names(&self, directory: &str) -> Reading<Vec<String>>;
}

/// The first of the usual places that is there or cannot be looked at; without any, the first.
pub(crate) fn usual_place(places: [&str; 2], files: &dyn Files) -> String {
    let exists = |path: &&str| !matches!(files.text(path), Reading::Absent);
    places.into_iter().find(exists).unwrap_or(places[0]).to_owned()
}

/// The files of one configuration, up to a limit.
pub(crate) struct Bounded<'a> {
    files: &'a dyn Files,
    left: Cell<usize>,
    directories_left: Cell<usize>,
    bytes_left: Cell<usize>,
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            left: Cell::new(MOST_FILES),
            directories_left: Cell::new(MOST_FILES),
            bytes_left: Cell::new(MOST_BYTES),
        }
    }
}

/// Counts one more of what there may be so many of.
fn count(left: &Cell<usize>, what: &str) -> Result<(), Unread> {
    let fewer = left.get().checked_sub(1).ok_or_else(|| {
        Unread::Malformed(format!("the configuration has more than {MOST_FILES} {what}"))
    })?;
    left.set(fewer);
    Ok(())
}

impl Files for Bounded<'_> {
    fn text(&self, path: &str) -> Reading<String> {
        if let Err(why) = count(&self.left, "files") {
            return Reading::Unknown(why);
        }
        let text = self.files.text(path);
        let length = text.as_ref().known().map_or(0, String::len);
        let Some(left) = self.bytes_left.get().checked_sub(length) else {
            let why = "the configuration has more than 16 MiB";
            return Reading::Unknown(Unread::Malformed(why.to_owned()));
        };
        self.bytes_left.set(left);
        text
    }

    fn end(&self, path: &str) -> Reading<String> {
        self.files.end(path)
    }

    fn names(&self, directory: &str) -> Reading<Vec<String>> {
        match count(&self.directories_left, "directories") {
            Ok(()) => self.files.names(directory),
            Err(why) => Reading::Unknown(why),
        }
    }
}
