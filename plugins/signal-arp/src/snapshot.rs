//! The neighbour table out of a snapshot, and into one.

use std::{
    collections::HashSet,
    io::{Read as _, Write as _},
};

use vmkit_plugin::{Cx, Error, ErrorCode, Result};

use crate::{
    parse::ARTEFACTS,
    table::{Entry, Interest},
};

/// Most bytes of one artefact that are read: 100,000 entries of 80 bytes, and as much again.
pub(crate) const TEXT_LIMIT: u64 = 16 << 20;

/// The entries of all artefacts that matter to this batch, each once, and what is wrong with an
/// artefact: the others still count.
pub(crate) fn read(interest: &Interest, cx: &Cx<'_>) -> (Vec<Entry>, Result<()>) {
    let mut entries = HashSet::new();
    let mut result = Ok(());
    for (name, parse) in ARTEFACTS {
        match text_of(name, cx).and_then(|text| {
            let malformed = |why| Error::new(ErrorCode::Other, format!("{name}: {why}"));
            parse(&text.unwrap_or_default()).map_err(malformed)
        }) {
            Ok(found) => {
                let of_interest = |entry: &Entry| interest.covers(entry.address, entry.mac);
                entries.extend(found.into_iter().filter(of_interest));
            }
            Err(error) => result = Err(error),
        }
    }
    let mut entries: Vec<Entry> = entries.into_iter().collect();
    entries.sort_by_key(|entry| entry.address);
    (entries, result)
}

fn text_of(name: &str, cx: &Cx<'_>) -> Result<Option<String>> {
    let Some(file) = cx.artefact(name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(TEXT_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::io(&format!("read {name}"), &error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A whole table, and a text of it.
pub(crate) struct Whole {
    pub(crate) entries: Vec<Entry>,
    /// The name of the text in a snapshot.
    pub(crate) artefact: &'static str,
    pub(crate) text: Vec<u8>,
}

/// Puts a table into the snapshot that is being recorded.
pub(crate) fn record(whole: &Whole, cx: &Cx<'_>) -> Result<()> {
    let Some(mut file) = cx.recording(whole.artefact)? else { return Ok(()) };
    file.write_all(&whole.text)
        .map_err(|error| Error::io(&format!("record {}", whole.artefact), &error))
}
