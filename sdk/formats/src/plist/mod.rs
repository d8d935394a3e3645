//! Property lists of macOS, in XML and in binary form, as JSON values.
//!
//! Dates become texts such as `2024-05-01T12:00:00Z`, data becomes text in base64, and a UID a number.
//! Apple's document type is allowed, one that declares something is not.

mod binary;
mod xml;

use serde_json::Value;

use crate::error::FormatError;

/// What a binary property list begins with.
const BINARY: &[u8] = b"bplist";

/// The value of a property list.
pub fn parse(bytes: &[u8]) -> Result<Value, FormatError> {
    if bytes.starts_with(BINARY) { binary::parse(bytes) } else { xml::parse(bytes) }
}
