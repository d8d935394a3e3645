//! Lines of names and values, in the dialects that managers use.

mod dialect;
mod shell;

use std::collections::HashSet;

pub use dialect::Dialect;

use crate::{
    error::{FormatError, Place, quoted},
    limits::Budget,
};

/// Pairs below one heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The heading; empty for the pairs before the first one.
    pub name: String,
    /// The names and values, in the file's order. A list is one pair for each of its items.
    pub pairs: Vec<(String, String)>,
}

/// The sections of a file. The first one, which has no name, is always there.
pub fn parse(bytes: &[u8], dialect: Dialect) -> Result<Vec<Section>, FormatError> {
    let format = dialect.name();
    let error = |place, what| FormatError { format, place, what };
    let budget = Budget::for_file(bytes.len()).map_err(|what| error(Place::File, what))?;
    let text = Place::utf8(bytes).map_err(|place| error(place, "is not UTF-8".to_owned()))?;
    let mut reader =
        Reader { dialect, budget, sections: vec![Section::default()], seen: HashSet::new() };
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let read = reader.line(line, &mut lines.by_ref().map(|(_, line)| line));
        read.map_err(|what| error(Place::Line(number + 1), what))?;
    }
    Ok(reader.sections)
}

impl Section {
    /// The last value of a name. Names of VMX and of ssh's configuration are in lower case here, since
    /// they have no case there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().rev().find(|(each, _)| each == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

struct Reader {
    dialect: Dialect,
    budget: Budget,
    sections: Vec<Section>,
    /// Names of ssh's configuration that the last section has.
    seen: HashSet<String>,
}

impl Reader {
    /// Reads a line, and those after it that belong to it.
    fn line(&mut self, line: &str, rest: &mut dyn Iterator<Item = &str>) -> Result<(), String> {
        self.budget.text(line.len(), line.len())?;
        let line = line.trim();
        if line.is_empty() || self.dialect.is_comment(line) {
            return Ok(());
        }
        if let Some(name) = self.dialect.heading(line) {
            self.budget.nodes(1)?;
            self.sections.push(Section { name, pairs: Vec::new() });
            self.seen.clear();
            return Ok(());
        }
        if self.dialect == Dialect::Shell {
            let Some((name, values)) = shell::assignment(line, rest, &mut self.budget)? else {
                return Ok(());
            };
            return values.into_iter().try_for_each(|value| self.push(name.clone(), value));
        }
        let pair = self.dialect.pair(line);
        let (name, value) = pair.ok_or_else(|| format!("{} is not a pair", quoted(line)))?;
        self.push(name, value)
    }

    fn push(&mut self, name: String, value: String) -> Result<(), String> {
        self.budget.nodes(1)?;
        let section = self.sections.last_mut().ok_or("has no section")?;
        // ssh takes the first value of a keyword, all others the last.
        let is_repeated = self.dialect == Dialect::Ssh && !self.seen.insert(name.clone());
        if !is_repeated {
            section.pairs.push((name, value));
        }
        Ok(())
    }
}
