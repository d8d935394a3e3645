//! The MAC of a machine, from the best of its sources.

use std::path::Path;

use vmkit_model::{MacSource, Problem, Severity};
use vmkit_types::{Mac, Reading, Unread};

use crate::{
    command_line::CommandLine,
    file,
    names::{derived_mac, machine_mac},
};

/// Largest NAME.mac that is read: 17 characters and a line break, with room for white space.
const MAC_LIMIT: u64 = 64;

/// What the sources say together.
pub(crate) struct Macs {
    /// The MAC of the best source.
    pub(crate) best: Mac,
    /// That source.
    pub(crate) source: MacSource,
    /// What NAME.mac says, or else the registry.
    pub(crate) recorded: Reading<Mac>,
}

impl Macs {
    /// Reads NAME.mac and weighs it with what is known already.
    pub(crate) fn read(
        name: &str,
        directory: &Path,
        line: Option<&CommandLine>,
        registry: &Reading<Mac>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let path = directory.join(format!("{name}.mac"));
        let (file, failure) = in_file(&path);
        let sources = [
            (line.map_or(&Reading::Absent, |line| &line.mac), MacSource::CommandLine),
            (&file, MacSource::MacFile),
            (registry, MacSource::Registry),
        ];
        let known = sources.into_iter().find_map(|(mac, source)| match mac {
            Reading::Known(mac) => Some((*mac, source)),
            Reading::Absent | Reading::Unknown(_) => None,
        });
        let (best, source) = known.unwrap_or((derived_mac(name), MacSource::DerivedFromName));
        if let Some(message) = failure {
            // The derived MAC is a guess where a file that can be read might have told another.
            let guessed = source == MacSource::DerivedFromName && file_is_unread(&file);
            let severity = if guessed { Severity::Error } else { Severity::Warning };
            problems.push(Problem { path, message, severity });
        }
        // A file that cannot be read speaks only where the registry has nothing.
        let recorded = match (&file, registry) {
            (Reading::Known(_), _) | (Reading::Unknown(_), Reading::Absent) => file,
            _ => registry.clone(),
        };
        Self { best, source, recorded }
    }
}

fn file_is_unread(file: &Reading<Mac>) -> bool {
    !matches!(file, Reading::Unknown(Unread::Malformed(_)))
}

/// What the file says, and what is wrong with it.
fn in_file(path: &Path) -> (Reading<Mac>, Option<String>) {
    let line = match file::first_line(path, MAC_LIMIT) {
        Ok(Some(line)) => line,
        Ok(None) => return (Reading::Absent, None),
        Err(error) => return (Reading::Unknown(error.unread(path)), Some(error.in_full())),
    };
    machine_mac(&line).map_or_else(
        || {
            let why = Unread::Malformed(path.display().to_string());
            (Reading::Unknown(why), Some("does not hold the MAC of a machine".to_owned()))
        },
        |mac| (Reading::Known(mac), None),
    )
}
