//! JSON, within the same bounds.

use serde_json::Value;

use crate::{
    error::{FormatError, Place, one_line},
    limits::{Budget, check_depth},
};

/// The value of a document.
pub fn parse(bytes: &[u8]) -> Result<Value, FormatError> {
    let error = |place, what| FormatError { format: "JSON", place, what };
    let mut budget = Budget::for_file(bytes.len()).map_err(|what| error(Place::File, what))?;
    let value = serde_json::from_slice(bytes)
        .map_err(|failure| error(Place::Line(failure.line().max(1)), one_line(failure)))?;
    count(&value, 1, &mut budget).map_err(|what| error(Place::File, what))?;
    Ok(value)
}

/// Counts a value, which `serde_json` reads to a depth of 127.
fn count(value: &Value, depth: usize, budget: &mut Budget) -> Result<(), String> {
    budget.nodes(1)?;
    if value.is_array() || value.is_object() {
        check_depth(depth, "a list or table")?;
    }
    match value {
        Value::String(text) => budget.text(text.len(), text.len()),
        Value::Array(items) => items.iter().try_for_each(|item| count(item, depth + 1, budget)),
        Value::Object(entries) => entries.iter().try_for_each(|(name, item)| {
            budget.text(name.len(), name.len())?;
            count(item, depth + 1, budget)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
