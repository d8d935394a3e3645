//! How files are read.

use std::cell::Cell;

use vmkit_types::{Reading, Unread};

/// Most files of a configuration, however they are named.
const MOST_FILES: usize = 100;

/// The files of a server, as its process sees them. A path may be relative to the directory of the process.
pub trait Files {
    /// The text of a file. `Absent`: there is none.
    fn text(&self, path: &str) -> Reading<String>;

    /// The last lines of a file.
    fn end(&self, path: &str) -> Reading<String>;

    /// The names in a directory, sorted. `Absent`: there is none, or it is no directory.
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
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self { files, left: Cell::new(MOST_FILES) }
    }
}

impl Files for Bounded<'_> {
    fn text(&self, path: &str) -> Reading<String> {
        let Some(left) = self.left.get().checked_sub(1) else {
            let why = format!("the configuration has more than {MOST_FILES} files");
            return Reading::Unknown(Unread::Malformed(why));
        };
        self.left.set(left);
        self.files.text(path)
    }

    fn end(&self, path: &str) -> Reading<String> {
        self.files.end(path)
    }

    fn names(&self, directory: &str) -> Reading<Vec<String>> {
        self.files.names(directory)
    }
}
