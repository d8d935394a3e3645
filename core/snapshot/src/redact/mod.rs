//! Replaces names, MACs and addresses in a snapshot, each by the same stand-in everywhere.
//!
//! Keeps what a diagnosis needs: the vendor's half of a MAC, the network of an address and whether
//! it looks like a gateway's, lengths and times. Removes what identifies a person or a place.

mod addresses;
mod capture;
mod names;
mod text;

use vmkit_files::Directory;

pub use names::Names;

use crate::{
    limits::{DOCUMENT, LARGEST_ARTEFACT, MOST_FILES},
    put::{SaveError, put, unwritable},
};
use addresses::Addresses;

/// Writes what the snapshot in `from` holds into `to`, redacted. `names` are those of machines, their hosts
/// and users. Files in other places than those of the format are dropped.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn copy(from: &Directory, to: &Directory, names: &Names) -> Result<(), SaveError> {
    let mut addresses = Addresses::default();
    let (tops, _) = from.names(MOST_FILES).map_err(unwritable(from.path()))?;
    let mut files = Vec::new();
    for top in tops {
        // A name with an ending is a file's.
        if top.contains('.') {
            files.push(top);
            continue;
        }
        let path = from.path().join(&top);
        let folder = from.below(&top).map_err(unwritable(&path))?;
        let inner = folder.map(|folder| folder.names(MOST_FILES)).transpose();
        let (inner, _) = inner.map_err(unwritable(&path))?.unwrap_or_default();
        files.extend(inner.into_iter().map(|name| format!("{top}/{name}")));
    }
    // A directory that has the document is complete.
    files.sort_by_key(|name| (name == DOCUMENT, name.clone()));
    for name in files {
        let path = from.path().join(&name);
        let read = from.read(&name, LARGEST_ARTEFACT).map_err(unwritable(&path))?;
        let Some(bytes) = read else { continue };
        let redacted = if is_capture(&name) {
            capture::redact(&bytes, &mut addresses, names)
        } else {
            text::redact(&bytes, &mut addresses, names)
        };
        put(to, &names.in_path(&name), &redacted)?;
    }
    Ok(())
}

fn is_capture(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension == "pcap")
}
