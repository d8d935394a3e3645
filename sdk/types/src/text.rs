//! Untrusted text, made safe to show or store.

/// The text cut to at most `limit` bytes, on a character boundary.
///
/// ```
/// assert_eq!(vmkit_types::bounded("né", 2), "n"); // never within a character
/// ```
pub fn bounded(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Longest path of a page, in bytes.
const LONGEST_PATH: usize = 200;

/// Whether the text is the path of a page of a gateway and nothing more: names between single slashes,
/// without a query, a fragment, escapes, or the way to a folder above.
///
/// ```
/// assert!(vmkit_types::is_page_path("/cgi/status.js"));
/// assert!(!vmkit_types::is_page_path("/reboot?now"));
/// ```
pub fn is_page_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let Some(names) = text.strip_prefix('/').filter(|_| text.len() <= LONGEST_PATH) else {
        return false;
    };
    let mut names = names.split('/').peekable();
    let mut are_names = true;
    while let Some(name) = names.next() {
        let is_last = names.peek().is_none();
        are_names &= (is_last || !name.is_empty()) && name != "." && name != "..";
    }
    are_names && text.bytes().all(plain)
}

/// The text with escapes (`\x1b`, `\u{202e}`) in place of all characters that could steer a terminal or
/// reorder a line.
///
/// Control characters of both sets, and the Unicode format characters that hide or reorder text,
/// are escaped. Line breaks are as well, because the result is meant for one line.
///
/// ```
/// assert_eq!(vmkit_types::escaped("\u{1b}[2J"), "\\x1b[2J");
/// ```
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
    fn a_page_path_is_a_path_and_nothing_more() {
        let long = format!("/{}", "x".repeat(LONGEST_PATH));
        let rows = [
            ("/", true),
            ("/gui/", true),
            ("/cgi/cgi_owl.js", true),
            ("/rest/v1/cablemodem/state_", true),
            ("/...", true),
            ("", false),
            ("index.htm", false),
            ("//evil.test/", false),
            ("/a//b", false),
            ("/a/../b", false),
            ("/..", false),
            ("/./a", false),
            ("/a?reboot", false),
            ("/a#b", false),
            ("/a;b", false),
            ("/%2e%2e/a", false),
            ("/a b", false),
            ("/a\r\nHost: evil.test", false),
            ("/user:secret@evil.test", false),
            ("/\\evil.test", false),
            (long.as_str(), false),
        ];
        for (text, expected) in rows {
            assert_eq!(is_page_path(text), expected, "{text:?}");
        }
    }

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
