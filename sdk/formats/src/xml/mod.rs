//! XML as a tree of elements.
//!
//! A document type is refused, and with it all entities but the five of XML itself. Comments and
//! processing instructions are skipped. The document is read as UTF-8, whatever it declares.

mod element;
mod tree;

pub use element::Element;
pub(crate) use tree::Doctype;

use crate::{
    error::{FormatError, Place},
    limits::Budget,
};

/// The root element of a document.
pub fn parse(bytes: &[u8]) -> Result<Element, FormatError> {
    parse_with(bytes, Doctype::Refused)
}

/// The root element of a document that may have a document type as this says.
pub(crate) fn parse_with(bytes: &[u8], doctype: Doctype) -> Result<Element, FormatError> {
    let error = |place, what| FormatError { format: "XML", place, what };
    let budget = Budget::for_file(bytes.len()).map_err(|what| error(Place::File, what))?;
    let text = Place::utf8(bytes).map_err(|place| error(place, "is not UTF-8".to_owned()))?;
    tree::build(text, doctype, budget)
        .map_err(|(byte, what)| error(Place::line_at(text, byte), what))
}
