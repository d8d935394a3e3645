//! Builds JSON values out of events, within the bounds.

use serde_json::{Map, Value};

use crate::{
    error::quoted,
    limits::{Budget, check_depth},
};

/// A key of a table.
pub(crate) enum Key {
    /// An entry's.
    Entry(String),
    /// The values that follow are tables whose entries count where this one has none.
    Merge,
}

/// A list or table that is not closed yet.
pub(crate) enum Collection {
    List(Vec<Value>),
    Table(Table),
}

/// A table that is not closed yet.
#[derive(Default)]
pub(crate) struct Table {
    entries: Map<String, Value>,
    merged: Vec<Map<String, Value>>,
    key: Option<Key>,
}

/// The values so far.
pub(crate) struct Builder {
    pub(crate) budget: Budget,
    open: Vec<Collection>,
    root: Option<Value>,
}

impl Builder {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, open: Vec::new(), root: None }
    }

    /// Whether a key is what comes next.
    pub(crate) fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Collection::Table(table)) if table.key.is_none())
    }

    /// How many collections are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn begin(&mut self, collection: Collection) -> Result<(), String> {
        if self.awaits_key() {
            return Err("has a list or a table as a key".to_owned());
        }
        check_depth(self.open.len() + 1, "a list or table")?;
        self.budget.nodes(1)?;
        self.open.push(collection);
        Ok(())
    }

    /// Closes the innermost collection. The caller puts it where it belongs.
    pub(crate) fn end(&mut self) -> Result<Value, String> {
        match self.open.pop() {
            Some(Collection::List(items)) => Ok(Value::Array(items)),
            Some(Collection::Table(Table { entries, merged, key: None })) => {
                Ok(Value::Object(with_defaults(entries, merged)))
            }
            Some(Collection::Table(_)) => Err("has a key without a value".to_owned()),
            None => Err("closes a list or table that is not open".to_owned()),
        }
    }

    pub(crate) fn key(&mut self, key: Key) -> Result<(), String> {
        let Some(Collection::Table(table)) = self.open.last_mut() else {
            return Err("has a key outside a table".to_owned());
        };
        if let Key::Entry(name) = &key {
            self.budget.nodes(1)?;
            self.budget.text(name.len(), name.len())?;
            if table.entries.contains_key(name) {
                return Err(format!("has the key {} twice", quoted(name)));
            }
        }
        table.key = Some(key);
        Ok(())
    }

    /// Puts a single value where the next one belongs.
    pub(crate) fn scalar(&mut self, value: Value) -> Result<(), String> {
        self.budget.nodes(1)?;
        let length = value.as_str().map_or(0, str::len);
        self.budget.text(length, length)?;
        self.put(value)
    }

    /// Puts a value whose nodes are counted.
    pub(crate) fn put(&mut self, value: Value) -> Result<(), String> {
        match self.open.last_mut() {
            Some(Collection::List(items)) => items.push(value),
            Some(Collection::Table(table)) => match table.key.take() {
                Some(Key::Entry(name)) => drop(table.entries.insert(name, value)),
                Some(Key::Merge) => table.merged.extend(tables(value)?),
                None => return Err("has a value without a key".to_owned()),
            },
            None if self.root.is_none() => self.root = Some(value),
            None => return Err("goes on after its value".to_owned()),
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Option<Value>, String> {
        if self.open.is_empty() { Ok(self.root) } else { Err("ends inside a table".to_owned()) }
    }
}

/// The tables that a merge key names: one, or a list of them.
fn tables(value: Value) -> Result<Vec<Map<String, Value>>, String> {
    let values = match value {
        Value::Array(items) => items,
        other => vec![other],
    };
    let table = |value| match value {
        Value::Object(entries) => Ok(entries),
        _ => Err("merges what is not a table".to_owned()),
    };
    values.into_iter().map(table).collect()
}

fn with_defaults(
    mut entries: Map<String, Value>,
    merged: Vec<Map<String, Value>>,
) -> Map<String, Value> {
    for (name, value) in merged.into_iter().flatten() {
        entries.entry(name).or_insert(value);
    }
    entries
}
