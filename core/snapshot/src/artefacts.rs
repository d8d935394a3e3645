//! The files of a snapshot that signals and the doctor read.

use std::{collections::BTreeMap, io, path::Path};

use vmkit_files::Directory;
use vmkit_model::{Problem, Severity};

use crate::limits::{LARGEST_ARTEFACT, MOST_FILES};

/// The directories with artefacts.
const DIRECTORIES: [&str; 11] = [
    "neigh", "bridge", "leases", "console", "agent", "inside", "dhcp", "gateway", "host", "tools",
    "plugins",
];
/// The documents that signals read.
const DOCUMENTS: [&str; 3] = ["dns.json", "probes.json", "probe-dhcp.json"];
/// The answers of the machines' monitors.
pub(crate) const MONITORS: &str = "qmp.json";

/// The size of each artefact by its path in the snapshot. What is skipped is named in `problems`.
pub(crate) fn artefacts(
    directory: &Directory,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    let documents = DOCUMENTS.map(str::to_owned).to_vec();
    measure(directory, "", documents, &mut sizes, problems);
    for part in DIRECTORIES {
        let listed = directory
            .below(part)
            .and_then(|part| part.map(|part| Ok((part.names(MOST_FILES)?, part))).transpose());
        match listed {
            Ok(Some(((names, more), folder))) => {
                measure(&folder, &format!("{part}/"), names, &mut sizes, problems);
                if more {
                    let why = format!("at most {MOST_FILES} files are read");
                    problems.push(skipped(directory, part, &io::Error::other(why)));
                }
            }
            Ok(None) => {}
            Err(error) => problems.push(skipped(directory, part, &error)),
        }
    }
    sizes
}

/// Finds the sizes of these files of a folder.
fn measure(
    folder: &Directory,
    above: &str,
    names: Vec<String>,
    sizes: &mut BTreeMap<String, u64>,
    problems: &mut Vec<Problem>,
) {
    for name in names {
        match folder.size(&name) {
            Ok(Some(size)) if size > LARGEST_ARTEFACT => {
                let why = format!("larger than {} MiB", LARGEST_ARTEFACT >> 20);
                problems.push(skipped(folder, &name, &io::Error::other(why)));
            }
            Ok(Some(size)) => {
                sizes.insert(format!("{above}{name}"), size);
            }
            Ok(None) => {}
            Err(error) => problems.push(skipped(folder, &name, &error)),
        }
    }
}

/// A part that is skipped.
pub(crate) fn skipped(directory: &Directory, name: &str, error: &io::Error) -> Problem {
    problem(&directory.path().join(name), &format!("skipped: {error}"))
}

/// A part that could not be read.
pub(crate) fn problem(path: &Path, message: &str) -> Problem {
    Problem { path: path.to_owned(), message: message.to_owned(), severity: Severity::Warning }
}
