//! Lines of the hosts file and of our block.

use std::{collections::HashSet, net::IpAddr};

/// An entry outside of our block: an address and its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line's number, from 1.
    pub line: usize,
    /// The address.
    pub address: IpAddr,
    /// The names as written.
    pub names: Vec<String>,
}

/// One line of our block: `ADDRESS<TAB>NAMES<TAB># vm NAME[, stale since DATE]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    /// The machine's name.
    pub machine: String,
    /// The machine's address.
    pub address: IpAddr,
    /// The names of the entry.
    pub names: Vec<String>,
    /// The day, as `YYYY-MM-DD`, since which the address is unconfirmed.
    pub stale_since: Option<String>,
}

const OWNER: &str = "vm ";
const STALE: &str = ", stale since ";

/// Parses an entry. `None` for comments, empty lines and anything else.
pub(crate) fn entry(number: usize, line: &[u8]) -> Option<Entry> {
    let text = String::from_utf8_lossy(line);
    let (address, names) = parts(&text)?;
    let names: Vec<String> = names.map(str::to_owned).collect();
    (!names.is_empty()).then_some(Entry { line: number, address: address.parse().ok()?, names })
}

/// Parses an entry that has one of these names (in lower case). Allocates nothing for the other
/// lines, which may be millions.
pub(crate) fn entry_with(names: &HashSet<String>, number: usize, line: &[u8]) -> Option<Entry> {
    let is_wanted = |name: &str| {
        let mixed = name.bytes().any(|byte| byte.is_ascii_uppercase());
        if mixed { names.contains(&name.to_ascii_lowercase()) } else { names.contains(name) }
    };
    let text = String::from_utf8_lossy(line);
    let (_, mut found) = parts(&text)?;
    if found.any(is_wanted) { entry(number, line) } else { None }
}

/// Address and names. An address may name its interface: `fe80::1%lo0`.
fn parts(text: &str) -> Option<(&str, impl Iterator<Item = &str>)> {
    let mut words = text.split('#').next()?.split_ascii_whitespace();
    let address = words.next()?.split('%').next()?;
    Some((address, words))
}

impl OwnLine {
    /// Parses a line of our block. `None`: somebody has edited it.
    pub(crate) fn read(number: usize, line: &[u8]) -> Option<Self> {
        let entry = entry(number, line)?;
        let text = std::str::from_utf8(line).ok()?;
        let (_, comment) = text.split_once('#')?;
        let comment = comment.trim().strip_prefix(OWNER)?;
        let (machine, stale) = match comment.split_once(STALE) {
            Some((machine, date)) => (machine, Some(date.trim().to_owned())),
            None => (comment, None),
        };
        Some(Self {
            machine: machine.trim().to_owned(),
            address: entry.address,
            names: entry.names,
            stale_since: stale,
        })
    }

    /// The line without its line break. Machine and names are valid names.
    pub(crate) fn text(&self) -> String {
        let stale = self.stale_since.as_ref().map_or_else(String::new, |d| format!("{STALE}{d}"));
        format!("{}\t{}\t# {OWNER}{}{stale}", self.address, self.names.join(" "), self.machine)
    }
}
