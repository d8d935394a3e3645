//! Reads the neighbour table from a snapshot, and records it.

use std::{
    collections::HashSet,
    fs::File,
    io::{Seek as _, Write as _},
};

use vmkit_plugin::{Cx, Error, ErrorCode, Mac, Result};

use crate::{
    parse::{self, ARTEFACTS, OF_MACOS},
    table::{AddressCounts, Entry, Interest, count_addresses},
};

/// Most bytes of one artefact that are read: twice 100,000 entries of 80 bytes.
pub(crate) const TEXT_LIMIT: u64 = 16 << 20;

/// Whether the snapshot has a neighbour table, be it an empty one.
pub(crate) fn has_table(cx: &Cx<'_>) -> bool {
    cx.artefacts().iter().any(|name| ARTEFACTS.iter().any(|(known, _)| known == name))
}

/// Whether the snapshot has a table of macOS, and it names nobody.
pub(crate) fn names_nobody(cx: &Cx<'_>) -> Result<bool> {
    let recorded = cx.artefacts();
    let mut texts = Vec::new();
    for name in OF_MACOS.into_iter().filter(|name| recorded.iter().any(|it| it == name)) {
        let text = cx.read_artefact(name, TEXT_LIMIT)?.unwrap_or_default();
        if !is_blank_or_table(&String::from_utf8_lossy(&text)) {
            return Ok(false);
        }
        texts.push((name, text));
    }
    Ok(parse::names_nobody(texts.iter().map(|(name, text)| (*name, text.as_slice()))))
}

/// The entries of all artefacts that are relevant to this batch, each once, and the fault of an artefact.
/// With a fault in one artefact, the others still count.
pub(crate) fn read(interest: &Interest, cx: &Cx<'_>) -> (Vec<Entry>, Result<()>) {
    read_all(|entry| interest.covers(entry.address, entry.mac), cx)
}

/// How many addresses of the snapshot's table are on each of these MACs. [`read`] reports its faults.
pub(crate) fn count(macs: &HashSet<Mac>, cx: &Cx<'_>) -> AddressCounts {
    let (entries, _) = read_all(|entry| entry.mac.is_some_and(|mac| macs.contains(&mac)), cx);
    count_addresses(macs, entries.iter().map(|entry| (entry.address, entry.mac)))
}

fn read_all(matters: impl Fn(&Entry) -> bool, cx: &Cx<'_>) -> (Vec<Entry>, Result<()>) {
    let mut entries = HashSet::new();
    let mut result = Ok(());
    for (name, parse) in ARTEFACTS {
        let table = text_of(name, cx).and_then(|text| {
            let text = text.unwrap_or_default();
            if !is_blank_or_table(&text) {
                return Err(malformed(name, "it names no address"));
            }
            parse(&text).map_err(|why| malformed(name, &why))
        });
        match table {
            Ok(found) => entries.extend(found.into_iter().filter(&matters)),
            Err(error) => result = Err(error),
        }
    }
    let mut entries: Vec<Entry> = entries.into_iter().collect();
    entries.sort_by_key(|entry| entry.address);
    (entries, result)
}

/// Whether the text is empty, as an empty table is, or names an address, as each entry does. An empty
/// JSON list is written `[]`.
fn is_blank_or_table(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut words = text.split(|c| !is_part(c)).filter(|word| !word.is_empty());
    let is_empty_list = text.chars().all(|c| c.is_whitespace() || matches!(c, '[' | ']'));
    is_empty_list || words.any(|word| word.parse::<std::net::IpAddr>().is_ok())
}

fn text_of(name: &str, cx: &Cx<'_>) -> Result<Option<String>> {
    let bytes = cx.read_artefact(name, TEXT_LIMIT)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// The entries of the candidates after the probes, in the form of `ip -j neigh`.
const AGAIN: &str = "neigh/after-probes.json";

/// The entries of this batch's candidates after the probes; if the snapshot lacks them, those of the
/// table.
pub(crate) fn read_again(interest: &Interest, cx: &Cx<'_>) -> (Vec<Entry>, Result<()>) {
    let of_candidate = |entry: &Entry| interest.candidates().contains(&entry.address);
    match text_of(AGAIN, cx) {
        Ok(None) => read(interest, cx),
        Ok(Some(text)) => match parse::json(&text) {
            Ok(entries) => (entries.into_iter().filter(of_candidate).collect(), Ok(())),
            Err(why) => (Vec::new(), Err(malformed(AGAIN, &why))),
        },
        Err(error) => (Vec::new(), Err(error)),
    }
}

/// Writes the texts of a table into the snapshot that is being recorded. Returns the relevant entries as a
/// replay will read them.
pub(crate) fn record(
    texts: &[(&'static str, Vec<u8>)],
    interest: &Interest,
    cx: &Cx<'_>,
) -> (Vec<Entry>, Result<()>) {
    let (mut entries, mut result) = (Vec::new(), Ok(()));
    for (name, text) in texts {
        let found = parse::parse(name, &String::from_utf8_lossy(text));
        let of_interest = |entry: &Entry| interest.covers(entry.address, entry.mac);
        entries.extend(found.unwrap_or_default().into_iter().filter(of_interest));
        result = result.and(cx.record(name, text));
    }
    (entries, result)
}

/// The recording of the entries after the probes. A run may read them in several parts.
#[derive(Default)]
pub(crate) struct Recorded {
    entries: Vec<Entry>,
    file: Option<File>,
}

impl Recorded {
    /// Adds entries. Returns them as a replay will read them.
    pub(crate) fn add(&mut self, found: &[Entry], cx: &Cx<'_>) -> (Vec<Entry>, Result<()>) {
        self.entries.extend_from_slice(found);
        let as_read = parse::json(&parse::to_json(found)).unwrap_or_default();
        (as_read, self.write(cx))
    }

    fn write(&mut self, cx: &Cx<'_>) -> Result<()> {
        if self.file.is_none() {
            self.file = cx.recording(AGAIN)?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        // Each text begins with the entries of the one before, so it overwrites all of it.
        let text = parse::to_json(&self.entries);
        let written = file.rewind().and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| Error::io(&format!("record {AGAIN}"), &error))
    }
}

fn malformed(name: &str, why: &str) -> Error {
    Error::new(ErrorCode::Other, format!("{name}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_without_any_address_is_no_table() {
        let rows = [
            ("", true),
            ("[]\n", true),
            ("192.168.1.9 dev br0 lladdr 52:54:00:00:00:01 REACHABLE\n", true),
            ("? (192.168.1.9) at (incomplete) on en0 [ethernet]\n", true),
            ("fe80::1 dev br0 FAILED\n", true),
            ("not a table at all\n", false),
            ("\u{fffd}\u{fffd}{", false),
        ];
        for (text, expected) in rows {
            assert_eq!(is_blank_or_table(text), expected, "{text:?}");
        }
    }
}
