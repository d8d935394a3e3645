//! The XML form.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::{
    error::{FormatError, Place, quoted},
    xml::{self, Doctype, Element},
};

/// The value of a property list in XML.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, FormatError> {
    let root = xml::parse_with(bytes, Doctype::OfPropertyLists)?;
    let error = |what| FormatError { format: "XML property list", place: Place::File, what };
    let mut values = root.elements();
    match (root.name(), values.next(), values.next()) {
        ("plist", Some(only), None) => value(only).map_err(error),
        ("plist", _, _) => Err(error("does not hold one value".to_owned())),
        (other, _, _) => Err(error(format!("begins with {}, not with `plist`", quoted(other)))),
    }
}

/// The value of an element. Elements lie no deeper than the reader of XML allows.
fn value(element: &Element) -> Result<Value, String> {
    let text = element.text();
    let unreadable = || format!("{} is not of the kind {}", quoted(text), quoted(element.name()));
    Ok(match element.name() {
        "dict" => Value::Object(table(element)?),
        "array" => element.elements().map(value).collect::<Result<_, _>>()?,
        "string" => element.whole_text().into(),
        "true" => true.into(),
        "false" => false.into(),
        "integer" => integer(text).ok_or_else(unreadable)?,
        "real" => text.parse::<f64>().map_err(|_| unreadable())?.into(),
        "date" => text.into(),
        "data" => {
            let encoded: String = text.split_ascii_whitespace().collect();
            // As it is in the other form, without the space between.
            STANDARD.encode(STANDARD.decode(encoded).map_err(|_| unreadable())?).into()
        }
        other => return Err(format!("has the element {}", quoted(other))),
    })
}

fn table(dict: &Element) -> Result<Map<String, Value>, String> {
    let mut entries = Map::new();
    let mut elements = dict.elements();
    while let Some(key) = elements.next() {
        let name = key.whole_text();
        if key.name() != "key" {
            return Err(format!("has {} in place of a key", quoted(key.name())));
        }
        let after = elements.next();
        let after = after.ok_or_else(|| format!("has the key {} without a value", quoted(name)))?;
        if entries.insert(name.to_owned(), value(after)?).is_some() {
            return Err(format!("has the key {} twice", quoted(name)));
        }
    }
    Ok(entries)
}

/// A number, decimal or as `0x…`.
fn integer(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Value::from);
    }
    let signed = text.parse::<i64>().map(Value::from);
    signed.or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}
