//! The answers to several commands of one conversation, each known by its id.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use vmkit_types::bounded;

/// Most bytes that a monitor may send. The filter of a card names up to 4,096 VLANs, which takes 24 KiB.
const LIMIT: usize = 256 << 10;

/// Longest description of an error that is kept.
const ERROR_LIMIT: usize = 120;

/// What the monitor answered to one command: its result, or why it has none.
pub(super) type Answer = Result<Value, String>;

/// Answers until the last one has come.
pub(super) struct Answers {
    line: Vec<u8>,
    total: usize,
    expected: usize,
    by_id: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
struct Reply {
    id: Option<Value>,
    #[serde(rename = "return")]
    result: Option<Value>,
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    desc: String,
}

impl Answers {
    /// Waits for this many answers.
    pub(super) fn new(expected: usize) -> Self {
        Self { line: Vec::new(), total: 0, expected, by_id: BTreeMap::new() }
    }

    /// Handles bytes of the monitor. `None`: more has to be received.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<BTreeMap<String, Answer>> {
        self.total = self.total.saturating_add(bytes.len());
        if self.total > LIMIT {
            return Some(std::mem::take(&mut self.by_id));
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if !part.ends_with(b"\n") {
                break;
            }
            let line = std::mem::take(&mut self.line);
            // The greeting, events and the answer that opens the conversation have no id.
            let Ok(Reply { id: Some(id), result, error }) = serde_json::from_slice(&line) else {
                continue;
            };
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            let refused = error.map(|error| bounded(&error.desc, ERROR_LIMIT).to_owned());
            let answer = result.ok_or_else(|| refused.unwrap_or_else(|| "no result".to_owned()));
            self.by_id.insert(id, answer);
            if self.by_id.len() >= self.expected {
                return Some(std::mem::take(&mut self.by_id));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENING: &str = "{\"QMP\": {}}\r\n{\"return\": {}}\r\n";

    #[test]
    fn collects_answers_in_pieces_and_skips_events() {
        let text = format!(
            "{OPENING}{{\"return\": [], \"id\": \"a\"}}\r\n{{\"event\": \"RESET\"}}\r\n\
             {{\"id\": 1, \"error\": {{\"class\": \"CommandNotFound\", \"desc\": \"no such\"}}}}\r\n"
        );
        let mut answers = Answers::new(2);
        let collected: Vec<_> = text.bytes().filter_map(|byte| answers.take(&[byte])).collect();
        let [only] = &collected[..] else { panic!("{collected:?}") };
        assert_eq!(only["a"], Ok(Value::Array(Vec::new())));
        assert_eq!(only["1"], Err("no such".to_owned()));
    }

    #[test]
    fn ends_with_what_it_has_when_a_monitor_never_ends() {
        let mut answers = Answers::new(2);
        let line = format!("{OPENING}{{\"return\": 7, \"id\": \"a\"}}\n");
        assert_eq!(answers.take(line.as_bytes()), None);
        let chunk = [b' '; 4096];
        let ended = (0..=LIMIT / chunk.len()).find_map(|_| answers.take(&chunk));
        assert_eq!(ended.map(|answers| answers.len()), Some(1));
    }
}
