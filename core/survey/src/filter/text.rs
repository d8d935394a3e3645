//! Reads `nft list ruleset` out of a longer text.

use vmkit_types::bounded;

use super::{
    LONGEST_RULE,
    constant::priority,
    rules::{Base, Chain, ChainName, Family, Hook, Rule, Rules},
    text_expression::elements,
    text_statement::statements,
    words::{self, Word},
};

/// What the lines belong to.
enum Block {
    Table,
    Chain(ChainName, Chain),
    Set(ChainName),
    /// Something that is not read, such as a counter.
    Other,
}

/// The rules.
pub(crate) fn read(text: &str) -> Rules {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line.trim());
    }
    reader.rules
}

#[derive(Default)]
struct Reader {
    /// Family and name of the table. Of a table of an unknown family nothing is read.
    table: Option<(Family, String)>,
    blocks: Vec<Block>,
    /// The elements of a set, until their closing brace.
    elements: Option<Vec<Word>>,
    rules: Rules,
    dormant: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if self.elements.is_some() {
            return self.more_elements(line);
        }
        let words = words::split(line);
        let plain: Vec<&str> = words.iter().map(Word::as_str).collect();
        match (self.blocks.last_mut(), plain.as_slice()) {
            (None, ["table", family, name, "{"]) => {
                self.table = Family::named(family).map(|family| (family, (*name).to_owned()));
                self.dormant = false;
                self.blocks.push(Block::Table);
            }
            (None, _) | (Some(Block::Chain(..)), ["comment" | "policy", ..] | []) => {}
            (Some(_), ["}"]) => self.close(),
            (Some(Block::Table), ["flags", flags @ ..]) => {
                self.dormant = flags.contains(&"dormant");
            }
            (Some(Block::Table), ["chain", name, "{"]) => {
                let chain = Chain { base: None, rules: Vec::new(), end: None };
                let block = self.name(name).map(|name| Block::Chain(name, chain));
                self.blocks.push(block.unwrap_or(Block::Other));
            }
            (Some(Block::Table), ["set" | "map", name, "{"]) => {
                let block = self.name(name).map(Block::Set);
                self.blocks.push(block.unwrap_or(Block::Other));
            }
            (Some(Block::Chain(name, chain)), ["type", kind, "hook", rest @ ..]) => {
                let base = base(kind, rest, name.family);
                chain.base = base.filter(|_| !self.dormant);
            }
            (Some(Block::Chain(_, chain)), _) => chain.rules.push(rule(line, &words)),
            (Some(Block::Set(_)), ["elements", "=", ..]) => {
                self.elements = Some(Vec::new());
                self.more_elements(line);
            }
            (Some(_), [.., "{"]) => self.blocks.push(Block::Other),
            (Some(Block::Table | Block::Set(_) | Block::Other), _) => {}
        }
    }

    fn name(&self, name: &str) -> Option<ChainName> {
        let (family, table) = self.table.clone()?;
        Some(ChainName { family, table, name: name.to_owned() })
    }

    fn close(&mut self) {
        match self.blocks.pop() {
            Some(Block::Chain(name, chain)) => drop(self.rules.chains.insert(name, chain)),
            Some(Block::Set(name)) => {
                self.rules.sets.entry(name).or_default();
            }
            _ => {}
        }
    }

    fn more_elements(&mut self, line: &str) {
        let Some(mut words) = self.elements.take() else { return };
        let more = words::split(line);
        let ends = more.iter().any(|word| word.is("}"));
        words.extend(more);
        if !ends {
            self.elements = Some(words);
            return;
        }
        if let Some(Block::Set(name)) = self.blocks.last() {
            let list = words.get(2..).map(elements).unwrap_or_default();
            self.rules.sets.insert(name.clone(), list);
        }
    }
}

/// `HOOK [device "D"] priority P; policy drop;`
fn base(kind: &str, words: &[&str], family: Family) -> Option<Base> {
    let hook = Hook::named(words.first()?)?;
    let place = |word: &str| words.iter().position(|other| *other == word);
    let until = |from: usize, end: &str| {
        let rest = words.get(from + 1..).unwrap_or_default();
        let end = rest.iter().position(|word| *word == end).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    };
    let from = place("device").or_else(|| place("devices"));
    let devices = from.map(|from| until(from, "priority").to_vec()).unwrap_or_default();
    let devices = devices.into_iter().filter(|word| !["=", "{", "}", ","].contains(word));
    Some(Base {
        hook,
        priority: place("priority").map_or(0, |from| priority(&until(from, ";").concat(), family)),
        drops: words.windows(2).any(|pair| pair == ["policy", "drop"]),
        translates: kind == "nat",
        devices: devices.map(str::to_owned).collect(),
        frames: None,
    })
}

fn rule(line: &str, words: &[Word]) -> Rule {
    let frames = words.windows(3).find_map(|three| {
        (three[0].is("counter") && three[1].is("packets"))
            .then(|| three[2].as_str().parse().ok())?
    });
    let text = bounded(line, LONGEST_RULE).to_owned();
    Rule { statements: statements(words), text, frames }
}
