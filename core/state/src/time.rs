//! Times in files, as RFC 3339.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

/// Writes a time.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    let text = Timestamp::try_from(*time).map_or_else(|_| String::new(), |time| time.to_string());
    to.serialize_str(&text)
}

/// Reads a time.
///
/// # Errors
/// Those of the deserializer, or the text is not a time.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
    let time: Timestamp = String::deserialize(from)?.parse().map_err(D::Error::custom)?;
    SystemTime::try_from(time).map_err(D::Error::custom)
}
