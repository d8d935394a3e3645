//! The network cards of a machine: what its process was started with, and the recorded MAC.

use std::path::Path;

use vmkit_model::{Card, Cards, MacSource, Net, Problem, Severity};
use vmkit_qemu::LineCard;
use vmkit_types::{Mac, Reading, Unread};

use crate::{
    file,
    names::{derived_mac, machine_mac},
};

/// Largest NAME.mac that is read: 17 characters and a line break, with room for white space.
const MAC_LIMIT: u64 = 64;

/// The cards of a machine. `line` are those of its process; `None`: it has no process, and one card
/// is assumed. The toolkit records one MAC: it belongs to the card that runs with it, or else to
/// the first one.
pub(crate) fn read(
    name: &str,
    directory: &Path,
    line: Option<Vec<LineCard>>,
    registry: &Reading<Mac>,
    problems: &mut Vec<Problem>,
) -> Cards {
    let path = directory.join(format!("{name}.mac"));
    let (file, failure) = in_file(&path);
    let mut line = line.unwrap_or_else(|| vec![without_mac(Reading::Unknown(Unread::NotTried))]);
    if line.is_empty() {
        line.push(without_mac(Reading::Absent));
    }
    let recorded = recorded(&file, registry);
    let owner = recorded.as_ref().known().and_then(|recorded| {
        line.iter().position(|card| card.mac.as_ref().known() == Some(recorded))
    });
    let owner = owner.unwrap_or(0);
    let named = line[owner].mac.clone();
    let (mac, source) = best([
        (&named, MacSource::CommandLine),
        (&file, MacSource::MacFile),
        (registry, MacSource::Registry),
    ])
    .unwrap_or((derived_mac(name), MacSource::DerivedFromName));
    if let Some(message) = failure {
        // The derived MAC is a guess if an unreadable file might hold another one.
        let guessed = source == MacSource::DerivedFromName && is_unread(&file);
        let severity = if guessed { Severity::Error } else { Severity::Warning };
        problems.push(Problem { path, message, severity });
    }
    let with_mac = line.into_iter().enumerate().map(|(index, LineCard { mac: named, net, .. })| {
        let link_up = Reading::Unknown(Unread::Unsupported);
        if index == owner {
            let (mac, mac_source) = (Reading::Known(mac), Some(source));
            return Card { mac, mac_source, recorded_mac: recorded.clone(), net, link_up };
        }
        let chosen = || Unread::Failed("QEMU chose it".to_owned());
        let mac_source = matches!(named, Reading::Known(_)).then_some(MacSource::CommandLine);
        let mac = if named == Reading::Absent { Reading::Unknown(chosen()) } else { named };
        Card { mac, mac_source, recorded_mac: Reading::Absent, net, link_up }
    });
    with_mac.collect()
}

fn without_mac(net: Reading<Net>) -> LineCard {
    LineCard { mac: Reading::Absent, net, descriptor: None }
}

fn best<const N: usize>(sources: [(&Reading<Mac>, MacSource); N]) -> Option<(Mac, MacSource)> {
    sources.into_iter().find_map(|(mac, source)| Some((*mac.as_ref().known()?, source)))
}

/// The recorded MAC: that of the file. A file that cannot be read counts only if the registry has
/// none.
fn recorded(file: &Reading<Mac>, registry: &Reading<Mac>) -> Reading<Mac> {
    match (file, registry) {
        (Reading::Known(_), _) | (Reading::Unknown(_), Reading::Absent) => file.clone(),
        _ => registry.clone(),
    }
}

fn is_unread(file: &Reading<Mac>) -> bool {
    !matches!(file, Reading::Unknown(Unread::Malformed(_)))
}

/// The MAC in the file, and what is wrong with the file.
fn in_file(path: &Path) -> (Reading<Mac>, Option<String>) {
    let line = match file::first_line(path, MAC_LIMIT) {
        Ok(Some(line)) => line,
        Ok(None) => return (Reading::Absent, None),
        Err(error) => return (Reading::Unknown(error.unread(path)), Some(error.error_chain())),
    };
    machine_mac(&line).map_or_else(
        || {
            let why = Unread::Malformed(path.display().to_string());
            (Reading::Unknown(why), Some("does not hold the MAC of a machine".to_owned()))
        },
        |mac| (Reading::Known(mac), None),
    )
}
