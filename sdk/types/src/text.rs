//! Untrusted text, made safe to show or store.

/// The text cut to at most `limit` bytes, on a character boundary.
pub fn bounded(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text with escapes (`\x1b`, `\u{202e}`) in place of all characters that could steer a terminal or
/// reorder a line.
///
/// Control characters of both sets, and the Unicode format characters that hide or reorder text,
/// are escaped. Line breaks are as well, because the result is meant for one line.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character.is_ascii_control() => {
                let code = u32::from(character);
                out.push_str("\\x");
                out.extend(
                    [code >> 4, code & 0xf].map(|digit| char::from_digit(digit, 16).unwrap_or('?')),
                );
            }
            _ if character.is_control() || hides_or_reorders(character) => {
                out.extend(character.escape_unicode());
            }
            _ => out.push(character),
        }
    }
    out
}

/// Zero-width, bidirectional and other invisible format characters.
fn hides_or_reorders(character: char) -> bool {
    matches!(character,
        '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_everything_that_steers_a_terminal() {
        assert_eq!(escaped("a\x1b[2Jb\u{9b}c\u{202e}d\ne"), "a\\x1b[2Jb\\u{9b}c\\u{202e}d\\ne");
        assert_eq!(escaped("wéb ☂"), "wéb ☂");
    }

    #[test]
    fn never_cuts_within_a_character() {
        assert_eq!(bounded("aé", 2), "a");
        assert_eq!(bounded("aé", 3), "aé");
    }
}
