//! `probes.json` of a snapshot, which every signal that probes shares: each has a part of its own
//! while recording, and looks through all entries for its own in a replay.

use std::io::{BufWriter, Read as _, Write as _};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Cx, Error, ErrorCode, Result};

/// The artefact that is replayed: the probes of every signal.
const PROBES: &str = "probes.json";
/// Most bytes of the artefact that are read: thousands of machines, each probed in every way.
const LIMIT: u64 = 16 << 20;

/// The artefact's text, at most one byte more than [`parse`] takes. `None`: the snapshot has none.
pub fn read(cx: &Cx<'_>) -> Result<Option<Vec<u8>>> {
    let Some(file) = cx.artefact(PROBES)? else { return Ok(None) };
    let mut text = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut text)
        .map_err(|error| Error::io(&format!("read {PROBES}"), &error))?;
    Ok(Some(text))
}

/// The entries that have this form. Those of another, or of one that this version does not know,
/// are passed over.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<Vec<T>> {
    let malformed = |why: String| Error::new(ErrorCode::Other, format!("{PROBES}: {why}"));
    if text.len() as u64 > LIMIT {
        return Err(malformed(format!("more than {LIMIT} bytes")));
    }
    let entries: Vec<serde_json::Value> =
        serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

/// Puts the entries into this part of the snapshot, such as `probes/tcp.json`. Does nothing where
/// the run is not recorded.
pub fn record<T: Serialize>(part: &str, entries: &[T], cx: &Cx<'_>) -> Result<()> {
    let Some(file) = cx.recording(part)? else { return Ok(()) };
    let failed = |error: &std::io::Error| Error::io(&format!("record {part}"), error);
    let mut file = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut file, entries).map_err(|error| failed(&error.into()))?;
    file.flush().map_err(|error| failed(&error))
}
