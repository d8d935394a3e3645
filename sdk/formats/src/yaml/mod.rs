//! YAML 1.2 as JSON values.
//!
//! Words of the core schema become null, booleans and numbers; infinities and numbers that JSON does not
//! have stay texts. A key becomes a text. An anchored node counts twice and each alias of it once more,
//! so that they multiply nothing past the bounds. `<<` merges tables. A key that is there twice and a
//! second document are refused.

mod events;
mod scalar;

use serde_json::Value;

use crate::{
    error::{FormatError, Place},
    limits::Budget,
};

/// The value of a document; null if it is empty.
pub fn parse(text: impl AsRef<[u8]>) -> Result<Value, FormatError> {
    let bytes = text.as_ref();
    let error = |place, what| FormatError { format: "YAML", place, what };
    let budget = Budget::for_file(bytes.len()).map_err(|what| error(Place::File, what))?;
    let text = Place::utf8(bytes).map_err(|place| error(place, "is not UTF-8".to_owned()))?;
    events::read(text, budget).map_err(|(line, what)| error(Place::Line(line), what))
}
