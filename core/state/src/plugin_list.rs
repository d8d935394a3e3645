//! The form of the files that list plugins.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::InvalidState;

#[derive(Deserialize, Serialize)]
struct Document {
    schema: String,
    plugins: Vec<serde_json::Value>,
}

/// The entries of a file of this schema. Invalid ones are dropped.
///
/// # Errors
/// The file is malformed or of another version.
pub(crate) fn parse<T: DeserializeOwned>(
    text: &[u8],
    schema: &'static str,
) -> Result<Vec<T>, InvalidState> {
    let document: Document = serde_json::from_slice(text).map_err(InvalidState::Malformed)?;
    if document.schema != schema {
        return Err(InvalidState::OtherSchema { found: document.schema, known: schema });
    }
    let plugins = document.plugins.into_iter();
    Ok(plugins.filter_map(|each| serde_json::from_value(each).ok()).collect())
}

/// The text of a file of this schema.
pub(crate) fn to_text<T: Serialize>(plugins: &[T], schema: &str) -> Vec<u8> {
    let entry = |entry| serde_json::to_value(entry).unwrap_or_default();
    let plugins = plugins.iter().map(entry).collect();
    // Strings and lists always serialise.
    serde_json::to_vec_pretty(&Document { schema: schema.to_owned(), plugins }).unwrap_or_default()
}
