//! Whole artefacts of a snapshot, read and recorded at once.

use std::io::{Read as _, Write as _};

use serde::de::DeserializeOwned;

use crate::{Cx, Error, ErrorCode, Result};

/// Most bytes of a list that are read: tens of thousands of entries.
const LIST_LIMIT: u64 = 16 << 20;

impl Cx<'_> {
    /// The first bytes of an artefact, at most `limit`; `None` where the snapshot does not have it.
    /// The manifest must declare it in `artefacts`.
    ///
    /// # Errors
    /// The artefact is there and cannot be read.
    pub fn read_artefact(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.artefact(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        match file.take(limit).read_to_end(&mut bytes) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) => Err(Error::io(&format!("read {name}"), &error)),
        }
    }

    /// The entries of an artefact that is a JSON list, as [`parse_list`] reads them; `None` where the
    /// snapshot does not have it. The manifest must declare it in `artefacts`.
    ///
    /// # Errors
    /// The artefact is there and cannot be read, or is no list.
    pub fn read_list<T: DeserializeOwned>(&self, name: &str) -> Result<Option<Vec<T>>> {
        let text = self.read_artefact(name, LIST_LIMIT + 1)?;
        text.map(|text| parse_list(name, &text)).transpose()
    }

    /// Writes an artefact of the snapshot that is being recorded; does nothing in other runs. The
    /// manifest must declare it in `artefacts`.
    ///
    /// # Errors
    /// The artefact cannot be made or written.
    pub fn record(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let Some(mut file) = self.recording(name)? else { return Ok(()) };
        file.write_all(bytes).map_err(|error| Error::io(&format!("record {name}"), &error))
    }
}

/// The entries of a JSON list. Skips entries of another form: a later version may have recorded them.
/// `name` is for messages.
///
/// ```
/// let numbers: Vec<u8> = vmkit_plugin::parse_list("probes.json", br#"[1, "later", 2]"#)?;
/// assert_eq!(numbers, [1, 2]);
/// # Ok::<(), vmkit_plugin::Error>(())
/// ```
///
/// # Errors
/// The text is no list, or longer than 16 MiB.
pub fn parse_list<T: DeserializeOwned>(name: &str, text: &[u8]) -> Result<Vec<T>> {
    let malformed = |why: String| Error::new(ErrorCode::Other, format!("{name}: {why}"));
    if text.len() as u64 > LIST_LIMIT {
        return Err(malformed(format!("more than {LIST_LIMIT} bytes")));
    }
    let entries: Vec<serde_json::Value> =
        serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}
