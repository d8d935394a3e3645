//! The binary form. An object there may be used many times, and say of itself that it is long.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use plist::{
    Integer,
    stream::{BinaryReader, Event, OwnedEvent},
};
use serde_json::Value;

use crate::{
    error::{FormatError, Place, one_line},
    limits::Budget,
    value::{Builder, Collection, Key, Table},
};

/// The value of a binary property list.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, FormatError> {
    let error = |what| FormatError { format: "binary property list", place: Place::File, what };
    let mut builder = Builder::new(Budget::for_file(bytes.len()).map_err(error)?);
    for event in BinaryReader::new(Cursor::new(bytes)) {
        let event = event.map_err(|failure| error(one_line(failure)))?;
        add(&mut builder, event).map_err(error)?;
    }
    let root = builder.finish().map_err(error)?;
    root.ok_or_else(|| error("has no value".to_owned()))
}

fn add(builder: &mut Builder, event: OwnedEvent) -> Result<(), String> {
    match event {
        Event::StartArray(length) => {
            reserve(builder, length)?;
            builder.begin(Collection::List(Vec::new()))
        }
        Event::StartDictionary(length) => {
            reserve(builder, length)?;
            builder.begin(Collection::Table(Table::default()))
        }
        Event::EndCollection => {
            let closed = builder.end()?;
            builder.put(closed)
        }
        Event::String(text) if builder.awaits_key() => builder.key(Key::Entry(text.into_owned())),
        _ if builder.awaits_key() => Err("has a key that is not a text".to_owned()),
        Event::String(text) => builder.scalar(Value::String(text.into_owned())),
        Event::Boolean(value) => builder.scalar(value.into()),
        Event::Integer(value) => builder.scalar(integer(value)),
        Event::Real(value) => builder.scalar(value.into()),
        Event::Date(date) => builder.scalar(date.to_xml_format().into()),
        Event::Data(bytes) => builder.scalar(STANDARD.encode(bytes).into()),
        Event::Uid(uid) => builder.scalar(uid.get().into()),
        _ => Err("has a value of an unknown kind".to_owned()),
    }
}

/// Counts a collection's items when it begins: the reader keeps all their references at once, and the
/// collections inside it can claim the same bytes again.
fn reserve(builder: &mut Builder, length: Option<u64>) -> Result<(), String> {
    let length = length.and_then(|length| usize::try_from(length).ok());
    builder.budget.nodes(length.unwrap_or(usize::MAX))
}

fn integer(value: Integer) -> Value {
    match (value.as_signed(), value.as_unsigned()) {
        (Some(signed), _) => signed.into(),
        (None, Some(unsigned)) => unsigned.into(),
        (None, None) => Value::Null,
    }
}
