//! Removes Wi-Fi keys and passwords from routers' pages, before plugins and snapshots get them.

/// Parts of the names of secret values, in lower case.
const SECRET_WORDS: [&str; 7] = ["passw", "passphrase", "psk", "secret", "key", "pwd", "token"];
/// Bytes before a value that are searched for its name.
const NAME_REACH: usize = 64;
/// Bytes before and after a `value=` that are searched for what names it.
const TAG_REACH: usize = 256;
/// What stands in place of a secret without quotes: a value in every language of a page.
const BLANK: &str = "0";

/// The text without the values whose names are those of secrets: `wpa_key:'…'`, `"wps_pin": 1234`,
/// `<input value="…" name="psk">`, `<psk>…</psk>`. Linear in its length.
pub(crate) fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = text[from..].find([':', '=', '<']) {
        let at = from + found;
        let secret = match text.as_bytes()[at] {
            b'<' => in_element(text, at),
            _ => after_name(text, at),
        };
        let Some(Secret { start, end, blank }) = secret else {
            out.push_str(&text[from..=at]);
            from = at + 1;
            continue;
        };
        out.push_str(&text[from..start]);
        out.push_str(blank);
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

/// Where a secret begins and ends, and what to write for it.
struct Secret {
    start: usize,
    end: usize,
    blank: &'static str,
}

/// The text of the element that begins here, if its name is that of a secret.
fn in_element(text: &str, at: usize) -> Option<Secret> {
    let tag = head(&text[at + 1..], TAG_REACH);
    let name = tag.split(|c: char| !is_of_name(c)).next()?;
    if !names_a_secret(&name.to_ascii_lowercase()) {
        return None;
    }
    let opening = tag.find('>').filter(|end| !tag[..*end].ends_with('/'))?;
    let start = at + 1 + opening + 1;
    let end = text[start..].find("</").map_or(text.len(), |length| start + length);
    Some(Secret { start, end, blank: "" })
}

/// The value behind this colon or equals sign, if its name is that of a secret.
fn after_name(text: &str, at: usize) -> Option<Secret> {
    let name = name_before(&text[..at]);
    let is_value = name == "value";
    if !is_value && !names_a_secret(&name) {
        return None;
    }
    let behind = &text[at + 1..];
    let value = behind.trim_start();
    let begins = text.len() - value.len();
    // A string within a string has its quotes escaped.
    let escaped = usize::from(value.starts_with('\\'));
    let quote = value[escaped..].chars().next().filter(|c| matches!(c, '\'' | '"'));
    let (start, end, blank) = if let Some(quote) = quote {
        let start = begins + escaped + 1;
        (start, start + quoted(&text[start..], quote, escaped == 1), "")
    } else {
        let ends = |c: char| c.is_whitespace() || "=,;&<>{}[]()'\"".contains(c);
        // What follows a `value=` may be searched again.
        let value = if is_value { head(value, TAG_REACH) } else { value };
        let length = value.find(ends).unwrap_or(value.len());
        (begins, begins + length, if length == 0 { "" } else { BLANK })
    };
    let is_secret = !is_value || is_named_around(&text[..at], &text[end..]);
    (is_secret && start < end).then_some(Secret { start, end, blank })
}

/// The length of a value up to its closing quote, which is escaped or not as the opening one.
fn quoted(value: &str, quote: char, is_escaped: bool) -> usize {
    let mut backslashes = 0;
    for (at, letter) in value.char_indices() {
        match letter {
            '\\' => backslashes += 1,
            _ if letter == quote && is_escaped && backslashes <= 1 => return at - backslashes,
            _ if letter == quote && backslashes % 2 == 0 => return at,
            _ => backslashes = 0,
        }
    }
    value.len()
}

/// The name at the end of the text, in lower case.
fn name_before(before: &str) -> String {
    let before = before.trim_end().trim_end_matches(['\'', '"', '\\']);
    let name = tail(before, NAME_REACH).rsplit(|c: char| !is_of_name(c)).next();
    name.unwrap_or_default().to_ascii_lowercase()
}

/// Whether the tag or the object around a `value=` names a secret.
fn is_named_around(before: &str, after: &str) -> bool {
    let before = tail(before, TAG_REACH).rsplit('<').next().unwrap_or_default();
    let after = head(after, TAG_REACH).split(['>', '}']).next().unwrap_or_default();
    [before, after].iter().any(|part| names_a_secret(&part.to_ascii_lowercase()))
}

fn names_a_secret(name: &str) -> bool {
    SECRET_WORDS.iter().any(|word| name.contains(word)) || name == "pin" || name.ends_with("_pin")
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.')
}

/// About the last `length` bytes of the text.
fn tail(text: &str, length: usize) -> &str {
    let mut from = text.len().saturating_sub(length);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// About the first `length` bytes of the text.
fn head(text: &str, length: usize) -> &str {
    vmkit_types::bounded(text, length)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn removes_secrets_and_keeps_the_rest() {
        let rows = [
            ("{wpa_key:'hunter2',ssid:'BT-1'}", "{wpa_key:'',ssid:'BT-1'}"),
            (r#"{"Password" : "a:b=c", "n":"x"}"#, r#"{"Password" : "", "n":"x"}"#),
            ("var admin_pwd = 'x';", "var admin_pwd = '';"),
            (
                "<input name=\"psk\" value=\"x\"> <a value='y'>",
                "<input name=\"psk\" value=\"\"> <a value='y'>",
            ),
            ("{wps_pin:'123',ping:'1'}", "{wps_pin:'',ping:'1'}"),
            ("{wpa_key:'never ends", "{wpa_key:'"),
            // The name behind the value, and values without quotes.
            (
                "<input type=text value=\"hunter2\" name=\"wpa_key\"><b value='y'>",
                "<input type=text value=\"\" name=\"wpa_key\"><b value='y'>",
            ),
            ("<input value=hunter2 name=psk>", "<input value=0 name=psk>"),
            (r#"{"value": "x1", "name": "wpa_key"}"#, r#"{"value": "", "name": "wpa_key"}"#),
            (r#"{"wps_pin": 12345670, "n": 1}"#, r#"{"wps_pin": 0, "n": 1}"#),
            ("Password: hunter2\nModel: 9", "Password: 0\nModel: 9"),
            ("/login?passwd=a:b&x=1", "/login?passwd=0&x=1"),
            ("<psk>hunter2</psk><n>1</n>", "<psk></psk><n>1</n>"),
            ("<psk type='x'>a<b</psk>", "<psk type='x'></psk>"),
            ("<key/><n>1</n>", "<key/><n>1</n>"),
            ("<option value='1'>WPA-PSK</option>", "<option value='1'>WPA-PSK</option>"),
            // Quotes within.
            (r"{psk:'it\'s me',n:'x'}", "{psk:'',n:'x'}"),
            (r"{path:'C:\',psk:'hunter2'}", r"{path:'C:\',psk:''}"),
            (r#"'{\"psk\":\"hun\\\"ter2\",\"n\":\"x\"}'"#, r#"'{\"psk\":\"\",\"n\":\"x\"}'"#),
            ("{model_name:'SmartHub2',mac:'44%3AFE'}", "{model_name:'SmartHub2',mac:'44%3AFE'}"),
            ("a=b:c ü='ü' key", "a=b:c ü='ü' key"),
            ("", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(blanked(text), expected);
        }
    }

    #[test]
    fn handles_hostile_text_in_linear_time() {
        /// A quarter of a megabyte would take minutes in quadratic time.
        const LINEAR: Duration = Duration::from_secs(30);
        for piece in [
            "key:'",
            ":",
            "=\"",
            "value='",
            "key=   ",
            "<value='x'",
            "ü:'",
            "value:",
            "value=\\\"",
            "<key",
            "<key>",
            "<",
            "key:",
            "value=\"\\\"",
        ] {
            let began = Instant::now();
            blanked(&piece.repeat((256 << 10) / piece.len()));
            assert!(began.elapsed() < LINEAR, "{piece}: {:?}", began.elapsed());
        }
    }
}
