//! Removes Wi-Fi keys and passwords from routers' pages, before plugins and snapshots get them.

/// Parts of the names of secret values, in lower case.
const SECRET_WORDS: [&str; 7] = ["passw", "passphrase", "psk", "secret", "key", "pwd", "token"];
/// Bytes before a value that are searched for its name.
const NAME_REACH: usize = 64;
/// Bytes before a `value=` that are searched for the tag that names it.
const TAG_REACH: usize = 200;

/// The text without the quoted values whose names are those of secrets:
/// `wpa_key:'…'`, `"password": "…"`, `<input name="psk" value="…">`. Linear in its length.
pub(crate) fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find([':', '=']) {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let value = after.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            out.push_str(&rest[..=at]);
            rest = after;
            continue;
        };
        let opening = rest.len() - value.len() + 1;
        // The name may stand before an earlier value, so search the whole text.
        let read = text.len() - rest.len() + before.len();
        let length = rest[opening..].find(quote).unwrap_or(rest.len() - opening);
        out.push_str(&rest[..opening]);
        if !is_secret(&text[..read]) {
            out.push_str(&rest[opening..opening + length]);
        }
        rest = &rest[opening + length..];
    }
    out.push_str(rest);
    out
}

/// Whether the text ends with the name of a secret.
fn is_secret(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches(['\'', '"']);
    let near = tail(before, NAME_REACH);
    let name = near.rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).next();
    let name = name.unwrap_or_default().to_ascii_lowercase();
    if name == "value" {
        let tag =
            tail(before, TAG_REACH).rsplit('<').next().unwrap_or_default().to_ascii_lowercase();
        return names_a_secret(&tag);
    }
    names_a_secret(&name)
}

fn names_a_secret(name: &str) -> bool {
    SECRET_WORDS.iter().any(|word| name.contains(word)) || name == "pin" || name.ends_with("_pin")
}

/// About the last `length` bytes of the text.
fn tail(text: &str, length: usize) -> &str {
    let mut from = text.len().saturating_sub(length);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
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
        for piece in ["key:'", ":", "=\"", "value='", "key=   ", "<value='x'", "ü:'"] {
            let began = Instant::now();
            blanked(&piece.repeat((256 << 10) / piece.len()));
            assert!(began.elapsed() < LINEAR, "{piece}: {:?}", began.elapsed());
        }
    }
}
