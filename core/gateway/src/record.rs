//! The gateway in a snapshot: `gateway/http.json`, `gateway/ssdp.xml`, `gateway/names.json`.

use std::io;

use crate::{GatewayReplies, Page};

/// Longest file, in bytes.
const LONGEST_FILE: usize = 8 << 20;

/// The files in a snapshot. `None`: the snapshot lacks it.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// `http.json`: `[{"url", "status", "headers", "body"}]`.
    pub http: Option<Vec<u8>>,
    /// `ssdp.xml`: the root description, unparsed.
    pub ssdp: Option<Vec<u8>>,
    /// `names.json`: a list of names, or an object whose values are names.
    pub names: Option<Vec<u8>>,
}

/// Why a file of a snapshot is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The document is malformed.
    #[error("gateway/{file}: malformed")]
    Malformed {
        /// The file's name.
        file: &'static str,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// The file is longer than any gateway's replies.
    #[error("gateway/{0}: longer than 8 MiB")]
    TooLong(&'static str),
}

/// The replies in the files, and the files that are not valid.
pub fn read(recorded: &Recorded) -> (GatewayReplies, Vec<ReadError>) {
    let mut replies = GatewayReplies::default();
    let mut errors = Vec::new();
    match parsed::<Vec<Page>>("http.json", recorded.http.as_deref()) {
        Ok(pages) => replies.pages = pages.unwrap_or_default(),
        Err(error) => errors.push(error),
    }
    match parsed::<serde_json::Value>("names.json", recorded.names.as_deref()) {
        Ok(value) => replies.names = value.map(|value| strings(&value)).unwrap_or_default(),
        Err(error) => errors.push(error),
    }
    match recorded.ssdp.as_deref() {
        Some(bytes) if bytes.len() > LONGEST_FILE => errors.push(ReadError::TooLong("ssdp.xml")),
        bytes => {
            replies.description = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        }
    }
    (replies, errors)
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

/// All strings in a document of any shape.
fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The files that record what the gateway replies.
///
/// # Errors
/// Serialising fails, which it does not for these types.
pub fn write(replies: &GatewayReplies) -> io::Result<Recorded> {
    Ok(Recorded {
        http: Some(serde_json::to_vec_pretty(&replies.pages)?),
        ssdp: replies.description.clone().map(String::into_bytes),
        names: Some(serde_json::to_vec_pretty(&replies.names)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_that_is_too_long_is_taken_for_a_missing_one() {
        let long = || Some(vec![b' '; LONGEST_FILE + 1]);
        let recorded = Recorded { http: long(), ssdp: long(), names: long() };
        let (replies, errors) = read(&recorded);
        assert_eq!(replies.description, None);
        let mut errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        errors.sort();
        let expected = ["http.json", "names.json", "ssdp.xml"]
            .map(|file| format!("gateway/{file}: longer than 8 MiB"));
        assert_eq!(errors, expected);
    }
}
