//! Builds the tree out of the reader's events, within the bounds.

use std::fmt::Display;

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::element::Element;
use crate::{
    error::{one_line, quoted},
    limits::{Budget, check_depth},
};

/// Looking for an attribute that is there twice compares each with each, so they are few.
const MAX_ATTRIBUTES: usize = 256;

/// Whether a document may have a document type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doctype {
    /// It may have none.
    Refused,
    /// It may have one that declares nothing, as property lists of macOS do.
    OfPropertyLists,
}

/// The document's elements so far.
struct Tree {
    budget: Budget,
    /// The elements that are not closed yet, the root first.
    open: Vec<Element>,
    root: Option<Element>,
}

/// The root element of a text; else the byte where it ends being one, and why.
pub(super) fn build(
    text: &str,
    doctype: Doctype,
    budget: Budget,
) -> Result<Element, (usize, String)> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut tree = Tree { budget, open: Vec::new(), root: None };
    let position = |position: u64| usize::try_from(position).unwrap_or(text.len());
    loop {
        let before = position(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|error| (position(reader.error_position()), one_line(error)))?;
        if event == Event::Eof {
            return tree.finish().map_err(|what| (text.len(), what));
        }
        tree.add(event, doctype).map_err(|what| (before, what))?;
    }
}

impl Tree {
    fn add(&mut self, event: Event<'_>, doctype: Doctype) -> Result<(), String> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::Empty(start) => self.start(&start).and_then(|()| self.end()),
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(text) if doctype == Doctype::Refused || text.contains('[') => {
                Err("has a document type, which could define entities".to_owned())
            }
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {
                Ok(())
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.name().as_ref().to_owned();
        if self.open.is_empty() && self.root.is_some() {
            return Err(format!("{} follows the root element", quoted(&name)));
        }
        check_depth(self.open.len() + 1, &quoted(&name))?;
        self.budget.nodes(1)?;
        let within =
            |error: &dyn Display| format!("an attribute of {}: {}", quoted(&name), one_line(error));
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| within(&error))?;
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(format!("{} has more than {MAX_ATTRIBUTES} attributes", quoted(&name)));
            }
            let version = XmlVersion::Explicit1_0;
            let value = attribute.normalized_value(version).map_err(|error| within(&error))?;
            self.budget.nodes(1)?;
            self.budget.text(value.len(), value.len())?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(Element { name, attributes, ..Element::default() });
        Ok(())
    }

    /// Closes the innermost element. The reader has compared the names.
    fn end(&mut self) -> Result<(), String> {
        let closed = self.open.pop().ok_or("closes an element that is not open")?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let Some(element) = self.open.last_mut() else {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err(format!("{} is outside the root element", quoted(text.trim())))
            };
        };
        self.budget.text(text.len(), element.text.len() + text.len())?;
        element.text.push_str(text);
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), String> {
        if let Some(character) = reference.resolve_char_ref().map_err(one_line)? {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        let name = reference.as_ref();
        let text = resolve_xml_entity(name)
            .ok_or_else(|| format!("the entity {} is not one of XML itself", quoted(name)))?;
        self.text(text)
    }

    fn finish(self) -> Result<Element, String> {
        if let Some(open) = self.open.last() {
            return Err(format!("ends inside {}", quoted(&open.name)));
        }
        self.root.ok_or_else(|| "has no element".to_owned())
    }
}
