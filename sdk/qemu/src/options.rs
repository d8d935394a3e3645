//! The value of one option.

use serde_json::{Map, Value};
use vmkit_types::bounded;

/// Longest name, id or path that is kept, in bytes. Kernels open no longer path.
const TEXT_LIMIT: usize = 4096;

/// Most parts of a value that are read. QEMU's longest options have some dozens.
const MOST_PAIRS: usize = 256;

/// Most levels of a JSON object that are read: a disk's file lies below its format, and a forwarded
/// port is an object in a list.
const DEPTH: usize = 3;

/// The value of a QEMU option: a JSON object, or `kind,key=value,…`, where a doubled comma is a
/// comma of a value.
pub(crate) struct Options {
    /// The first part without a key, or the value of `type` or `driver`.
    pub(crate) kind: String,
    pairs: Vec<(String, String)>,
}

impl Options {
    pub(crate) fn parse(value: &str) -> Self {
        if value.starts_with('{') {
            let object = serde_json::from_str::<Map<String, Value>>(value).unwrap_or_default();
            return Self::from_json(&object);
        }
        let mut options = Self { kind: String::new(), pairs: Vec::new() };
        for (index, part) in parts(value).into_iter().enumerate() {
            match part.split_once('=') {
                // `unix:/a=b` is a path, not a pair.
                Some((key, value)) if !key.contains([':', '/']) => {
                    if matches!(key, "type" | "driver") {
                        value.clone_into(&mut options.kind);
                    }
                    options.pairs.push((key.to_owned(), value.to_owned()));
                }
                _ if index == 0 => options.kind = part,
                _ => {}
            }
        }
        options
    }

    fn from_json(object: &Map<String, Value>) -> Self {
        let mut pairs = Vec::new();
        flatten(object, "", DEPTH, &mut pairs);
        let kind = ["type", "driver"].iter().find_map(|key| object.get(*key)?.as_str());
        Self { kind: kind.unwrap_or_default().to_owned(), pairs }
    }

    /// The first value of this key. The keys of JSON's inner objects are joined by dots, as QEMU does.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// All values of this key.
    pub(crate) fn all(&self, key: &'static str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// All values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, value)| value.as_str())
    }

    /// Whether this key is switched on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| matches!(value, "on" | "true" | "yes"))
    }
}

/// The parts between single commas.
fn parts(value: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        if character != ',' || characters.next_if_eq(&',').is_some() {
            part.push(character);
        } else if parts.len() + 1 < MOST_PAIRS {
            parts.push(std::mem::take(&mut part));
        } else {
            break;
        }
    }
    parts.push(part);
    parts
}

fn flatten(
    object: &Map<String, Value>,
    above: &str,
    depth: usize,
    pairs: &mut Vec<(String, String)>,
) {
    for (key, value) in object {
        let key = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        let values = match value {
            Value::Array(list) => list.iter().take(MOST_PAIRS).collect(),
            value => vec![value],
        };
        for value in values {
            if pairs.len() >= MOST_PAIRS {
                return;
            }
            match value {
                Value::String(text) => pairs.push((key.clone(), text.clone())),
                Value::Bool(value) => pairs.push((key.clone(), value.to_string())),
                Value::Object(inner) if depth > 1 => flatten(inner, &key, depth - 1, pairs),
                _ => {}
            }
        }
    }
}

/// The text, cut to the length that is kept.
pub(crate) fn kept(text: &str) -> String {
    bounded(text, TEXT_LIMIT).to_owned()
}
