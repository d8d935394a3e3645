//! Values out of the parser's events.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, options};
use serde_json::Value;

use super::scalar::{is_merge, plain};
use crate::{
    error::one_line,
    limits::{Budget, MAX_DEPTH, check_depth},
    value::{Builder, Collection, Key, Table},
};

/// What an alias stands for.
struct Anchored {
    value: Value,
    size: Size,
}

/// How much a value takes.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
    depth: usize,
}

/// The document so far.
struct Document {
    builder: Builder,
    anchors: HashMap<usize, Anchored>,
    /// The anchors of the open collections; 0 is none.
    open: Vec<usize>,
    started: bool,
}

/// The value of a text; else the line where it ends being one, and why.
pub(super) fn read(text: &str, budget: Budget) -> Result<Value, (usize, String)> {
    let nesting = MAX_DEPTH + 1;
    let options = options! { flow_nesting_limit: nesting, block_nesting_limit: nesting };
    let mut document = Document {
        builder: Builder::new(budget),
        anchors: HashMap::new(),
        open: Vec::new(),
        started: false,
    };
    let mut line = 1;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            event.map_err(|error| (error.marker().line(), one_line(error.info())))?;
        line = span.start.line();
        document.add(event).map_err(|what| (line, what))?;
    }
    let root = document.builder.finish().map_err(|what| (line, what))?;
    Ok(root.unwrap_or(Value::Null))
}

impl Document {
    fn add(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) if self.started => Err("has a second document".to_owned()),
            Event::DocumentStart(..) => {
                self.started = true;
                Ok(())
            }
            Event::SequenceStart(_, anchor, _) => self.begin(Collection::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => {
                self.begin(Collection::Table(Table::default()), anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain
                    && tag.is_none_or(|tag| tag.core_suffix().is_some_and(|kind| kind != "str"));
                self.scalar(&text, is_plain, anchor)
            }
            Event::Alias(anchor) => self.alias(anchor),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, collection: Collection, anchor: usize) -> Result<(), String> {
        self.builder.begin(collection)?;
        self.open.push(anchor);
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let value = self.builder.end()?;
        let anchor = self.open.pop().unwrap_or_default();
        self.keep(anchor, &value)?;
        self.builder.put(value)
    }

    fn scalar(&mut self, text: &str, is_plain: bool, anchor: usize) -> Result<(), String> {
        if self.builder.awaits_key() {
            if anchor != 0 {
                self.keep(anchor, &Value::String(text.to_owned()))?;
            }
            let is_merge = is_plain && is_merge(text);
            let key = if is_merge { Key::Merge } else { Key::Entry(text.to_owned()) };
            return self.builder.key(key);
        }
        let value = if is_plain { plain(text) } else { Value::String(text.to_owned()) };
        self.keep(anchor, &value)?;
        self.builder.scalar(value)
    }

    /// Keeps a copy of a value that has an anchor.
    fn keep(&mut self, anchor: usize, value: &Value) -> Result<(), String> {
        if anchor == 0 {
            return Ok(());
        }
        let size = size_of(value);
        self.count(size)?;
        self.anchors.insert(anchor, Anchored { value: value.clone(), size });
        Ok(())
    }

    fn count(&mut self, size: Size) -> Result<(), String> {
        self.builder.budget.nodes(size.nodes)?;
        self.builder.budget.text(size.text, 0)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let anchored = self.anchors.get(&anchor);
        let anchored = anchored.ok_or("has an alias of a node around it")?;
        let (value, size) = (anchored.value.clone(), anchored.size);
        check_depth(self.builder.depth() + size.depth, "an alias")?;
        self.count(size)?;
        if !self.builder.awaits_key() {
            return self.builder.put(value);
        }
        let Value::String(name) = value else {
            return Err("has an alias as a key that is not a text".to_owned());
        };
        self.builder.key(Key::Entry(name))
    }
}

/// The size of a value, which lies no deeper than the bound.
fn size_of(value: &Value) -> Size {
    let inside = |values: &mut dyn Iterator<Item = &Value>| {
        values.map(size_of).fold(Size::default(), |sum, each| Size {
            nodes: sum.nodes + each.nodes,
            text: sum.text + each.text,
            depth: sum.depth.max(each.depth),
        })
    };
    let (inside, own_text, own_depth) = match value {
        Value::String(text) => (Size::default(), text.len(), 0),
        Value::Array(items) => (inside(&mut items.iter()), 0, 1),
        Value::Object(entries) => {
            (inside(&mut entries.values()), entries.keys().map(String::len).sum(), 1)
        }
        _ => (Size::default(), 0, 0),
    };
    Size { nodes: inside.nodes + 1, text: inside.text + own_text, depth: inside.depth + own_depth }
}
