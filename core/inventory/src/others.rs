//! Refuses files and directories that any user of the computer could have made or changed. Such a user
//! would choose the names of machines, their addresses, and whose processes they are.

use std::{fs, io, os::unix::fs::MetadataExt as _, path::Path};

use rustix::process::getuid;

/// The permission of everybody to write.
const EVERYBODY_WRITES: u32 = 0o002;
/// Entries of such a directory can be made by everybody, and replaced by their owner alone.
const STICKY: u32 = 0o1000;

/// The users who may make entries in a data directory: root, the user who asks, and its owner, since
/// the user who asks has named it.
#[derive(Debug)]
pub(crate) struct Owners(Vec<u32>);

/// What is known of a file or directory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    owner: u32,
    mode: u32,
}

impl Owners {
    /// The users for this data directory.
    pub(crate) fn of(data_directory: &Path) -> Self {
        let owner = fs::metadata(data_directory).map(|status| status.uid());
        Self([0, getuid().as_raw()].into_iter().chain(owner).collect())
    }

    /// Why the file or directory may be another user's work. `None` also where it cannot be looked at:
    /// reading it says why.
    pub(crate) fn objection(&self, path: &Path) -> Option<String> {
        self.objection_to_places(path, entry(path).ok()?)
    }

    /// The same for a directory whose entries are checked one by one, so that others may make some.
    pub(crate) fn objection_to_list(&self, path: &Path) -> Option<String> {
        let entry = entry(path).ok()?;
        let mode =
            if entry.mode & STICKY == 0 { entry.mode } else { entry.mode & !EVERYBODY_WRITES };
        self.objection_to_places(path, Entry { mode, ..entry })
    }

    fn objection_to_places(&self, path: &Path, entry: Entry) -> Option<String> {
        // The place of a link decides who can replace the link, and that of its target the rest.
        let real = fs::canonicalize(path).ok();
        let mut places = [Some(path), real.as_deref()].into_iter().flatten();
        places.find_map(|path| self.objection_to(entry, above(path)))
    }

    fn objection_to(&self, entry: Entry, above: Option<Entry>) -> Option<String> {
        if let Some(mode) = entry.open_mode() {
            return Some(format!(
                "everybody can write to it (mode {mode:o}); to end that: chmod o-w"
            ));
        }
        let above = above?;
        let mode = above.open_mode()?;
        if mode & STICKY == 0 {
            return Some(format!(
                "everybody can replace it, since its directory has mode {mode:o}; to end that: chmod o-w"
            ));
        }
        let owner = entry.owner;
        (!self.0.contains(&owner)).then(|| {
            format!("everybody can make entries in its directory, and it belongs to user {owner}")
        })
    }
}

impl Entry {
    /// The mode, if everybody can write.
    fn open_mode(self) -> Option<u32> {
        (self.mode & EVERYBODY_WRITES != 0).then_some(self.mode & 0o7777)
    }
}

fn entry(path: &Path) -> io::Result<Entry> {
    let status = fs::metadata(path)?;
    Ok(Entry { owner: status.uid(), mode: status.mode() })
}

/// The directory that the path is in.
fn above(path: &Path) -> Option<Entry> {
    path.parent().and_then(|above| entry(above).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: u32 = 1000;
    const EVE: u32 = 1001;

    #[test]
    fn what_a_stranger_can_make_or_change_is_refused() {
        let owners = Owners(vec![0, ANN]);
        let rows = [
            ("ann's own", (ANN, 0o755), (ANN, 0o755), None),
            ("a group's", (EVE, 0o775), (0, 0o2775), None),
            ("another's, put there by its owner", (EVE, 0o755), (ANN, 0o755), None),
            ("open", (ANN, 0o777), (ANN, 0o755), Some("everybody can write to it (mode 777)")),
            ("open and sticky", (ANN, 0o1777), (ANN, 0o755), Some("(mode 1777)")),
            ("open file", (ANN, 0o100_666), (ANN, 0o755), Some("(mode 666)")),
            ("in an open directory", (ANN, 0o755), (ANN, 0o777), Some("everybody can replace it")),
            ("in a sticky one", (ANN, 0o755), (0, 0o1777), None),
            ("root's in a sticky one", (0, 0o755), (0, 0o1777), None),
            ("eve's in a sticky one", (EVE, 0o755), (0, 0o1777), Some("belongs to user 1001")),
        ];
        for (case, (owner, mode), above, expected) in rows {
            let above = Entry { owner: above.0, mode: above.1 };
            let found = owners.objection_to(Entry { owner, mode }, Some(above));
            match expected {
                Some(part) => assert!(found.as_ref().is_some_and(|it| it.contains(part)), "{case}"),
                None => assert_eq!(found, None, "{case}"),
            }
        }
    }
}
