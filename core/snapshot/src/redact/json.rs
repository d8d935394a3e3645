//! JSON documents: every text in them is redacted, and what is not JSON becomes a text.

use serde_json::Value;

use super::{stand_ins::StandIns, text};

/// Fields that hold the name of a machine, a host or a user.
const NAMES: [&str; 6] = ["name", "own_name", "hostname", "username", "vm", "user"];
/// Largest integer: of a time in milliseconds or a counter. More digits may be a serial number.
const LARGEST: u64 = 9_999_999_999_999;

/// Redacts a document.
pub(super) fn redact(bytes: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    redact_without("", bytes, stand_ins)
}

/// Redacts a document, and drops its field of this name.
pub(super) fn redact_without(field: &str, bytes: &[u8], stand_ins: &mut StandIns<'_>) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else {
        return text::redact(bytes, stand_ins);
    };
    if let Some(fields) = document.as_object_mut() {
        fields.remove(field);
    }
    value("", &mut document, stand_ins);
    // Serialising a value cannot fail.
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}

fn value(key: &str, each: &mut Value, stand_ins: &mut StandIns<'_>) {
    match each {
        Value::String(text) if NAMES.contains(&key) => *text = text::redact_name(text, stand_ins),
        Value::String(text) => *text = text::redact_str(text, stand_ins),
        Value::Array(items) => items.iter_mut().for_each(|item| value(key, item, stand_ins)),
        Value::Object(fields) => {
            let redacted = std::mem::take(fields).into_iter().map(|(key, mut field)| {
                value(&key, &mut field, stand_ins);
                // Documents that list machines by name have the names as keys.
                (text::redact_name(&key, stand_ins), field)
            });
            *fields = redacted.collect();
        }
        Value::Number(number) if number.as_u64().is_some_and(|number| number > LARGEST) => {
            *each = Value::from(0);
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}
