//! Bounds and escapes untrusted text.

use std::{borrow::Cow, fmt::Write as _};

use vmkit_types::{bounded, escaped};

/// Most bytes of one untrusted text that are shown: three terminal lines of the usual width.
const LONGEST_SHOWN: usize = 240;

/// Most bytes of one untrusted text in a document. A plugin's message may be a list.
const LONGEST_STORED: usize = 4096;

/// The text as one line for people: bounded, and without anything that controls a terminal.
pub(crate) fn shown(text: &str) -> String {
    let cut = bounded(text, LONGEST_SHOWN);
    let mut line = escaped(cut);
    if cut.len() < text.len() {
        line.push('…');
    }
    line
}

/// The text for a document: bounded. [`ascii`] escapes its control characters.
pub(crate) fn stored(text: &str) -> Cow<'_, str> {
    let cut = bounded(text, LONGEST_STORED);
    if cut.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(format!("{cut}…")) }
}

/// The same JSON with every character outside ASCII, and DEL, as an escape. The value is the same,
/// and nothing in it controls a terminal. (Serialisation has escaped the control characters of
/// ASCII; outside of strings JSON is ASCII.)
pub(crate) fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 1);
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii() && character != '\x7f' {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_value_and_loses_what_controls_a_terminal() {
        let text = "wéb \u{9b}2J\u{7f}\u{202e} ☂ 🦀 \x1b[2J\n";
        let json = ascii(&serde_json::to_string(text).unwrap());
        assert!(json.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn cuts_long_text_visibly() {
        assert_eq!(shown("a\x1b[2J"), "a\\x1b[2J");
        assert_eq!(shown(&"é".repeat(500)), format!("{}…", "é".repeat(120)));
        assert_eq!(stored(&"a".repeat(5000)).chars().count(), 4097);
    }
}
