//! A guest's console as plain text.

use vmkit_types::escaped;

/// Longest beginning of a character that may come in the next piece, in bytes.
const LONGEST_BEGINNING: usize = 3;

/// Turns the pieces of a console's output into text without control characters. Lines and tabs stay.
#[derive(Default)]
pub(crate) struct Escape {
    /// The beginning of a character whose rest has not come yet.
    beginning: Vec<u8>,
}

impl Escape {
    pub(crate) fn text(&mut self, piece: &[u8]) -> String {
        let mut bytes = std::mem::take(&mut self.beginning);
        bytes.extend_from_slice(piece);
        let end = complete(&bytes);
        self.beginning = bytes.split_off(end);
        let mut text = String::with_capacity(bytes.len());
        for character in String::from_utf8_lossy(&bytes).chars() {
            match character {
                '\n' | '\t' => text.push(character),
                // It comes before the end of each line, and could hide what stands before it.
                '\r' => {}
                other => text.push_str(&escaped(other.encode_utf8(&mut [0; 4]))),
            }
        }
        text
    }
}

/// The number of bytes before a character that has only begun.
fn complete(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(LONGEST_BEGINNING);
    let begun = (from..bytes.len()).find(|index| {
        let error = std::str::from_utf8(&bytes[*index..]).err();
        let is_start = matches!(bytes[*index], 0xc2..=0xf4);
        is_start
            && error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    });
    begun.unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_left_however_the_output_is_cut() {
        let rows: [(&[u8], &str); 6] = [
            (b"login: \r\nweb\t1\r\n", "login: \nweb\t1\n"),
            (b"\x1b]52;c;aGk=\x07x", "\\x1b]52;c;aGk=\\x07x"),
            ("n\u{e9} \u{20ac} \u{1f600}".as_bytes(), "n\u{e9} \u{20ac} \u{1f600}"),
            (b"\xc2\x9b2J", "\\u{9b}2J"),
            (b"\xff\xe2\x82x", "\u{fffd}\u{fffd}x"),
            ("\u{202e}a".as_bytes(), "\\u{202e}a"),
        ];
        for (output, expected) in rows {
            assert_eq!(Escape::default().text(output), expected);
            let mut in_pieces = Escape::default();
            let text: String = output.iter().map(|byte| in_pieces.text(&[*byte])).collect();
            assert_eq!(text, expected, "byte by byte");
        }
    }
}
