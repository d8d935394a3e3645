//! The gateway in a snapshot: `gateway/http.json`, `gateway/ssdp.xml`, `gateway/names.json`.

use std::io;

use crate::{Page, Told};

/// Most bytes that are read of one file.
const LONGEST_FILE: usize = 8 << 20;

/// The files of a snapshot, by name; `None`: there is none.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// `http.json`: `[{"url", "status", "headers", "body"}]`.
    pub http: Option<Vec<u8>>,
    /// `ssdp.xml`: the root description, as it is.
    pub ssdp: Option<Vec<u8>>,
    /// `names.json`: a list of names, or an object whose values are names.
    pub names: Option<Vec<u8>>,
}

/// Why a file of a snapshot could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no such document.
    #[error("gateway/{file}: not understood")]
    Malformed {
        /// Its name.
        file: &'static str,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// It is longer than any gateway's answers.
    #[error("gateway/{0}: longer than 8 MiB")]
    TooLong(&'static str),
}

/// What the files tell, and what could not be understood of them.
pub fn read(recorded: &Recorded) -> (Told, Vec<ReadError>) {
    let mut told = Told::default();
    let mut errors = Vec::new();
    match parsed::<Vec<Page>>("http.json", recorded.http.as_deref()) {
        Ok(pages) => told.pages = pages.unwrap_or_default(),
        Err(error) => errors.push(error),
    }
    match parsed::<serde_json::Value>("names.json", recorded.names.as_deref()) {
        Ok(value) => told.names = value.map(|value| strings(&value)).unwrap_or_default(),
        Err(error) => errors.push(error),
    }
    told.description = recorded.ssdp.as_deref().and_then(|bytes| {
        (bytes.len() <= LONGEST_FILE).then(|| String::from_utf8_lossy(bytes).into_owned())
    });
    (told, errors)
}

fn parsed<T: serde::de::DeserializeOwned>(
    file: &'static str,
    bytes: Option<&[u8]>,
) -> Result<Option<T>, ReadError> {
    match bytes {
        None => Ok(None),
        Some(bytes) if bytes.len() > LONGEST_FILE => Err(ReadError::TooLong(file)),
        Some(bytes) => serde_json::from_slice(bytes)
            .map(Some)
            .map_err(|source| ReadError::Malformed { file, source }),
    }
}

/// Every text of a document, whatever its shape.
fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The files that record what the gateway told.
///
/// # Errors
/// Serialising fails, which it does not for these types.
pub fn write(told: &Told) -> io::Result<Recorded> {
    Ok(Recorded {
        http: Some(serde_json::to_vec_pretty(&told.pages)?),
        ssdp: told.description.clone().map(String::into_bytes),
        names: Some(serde_json::to_vec_pretty(&told.names)?),
    })
}
