//! Arrays of flat objects in the hub's scripts: `var NAME=[{key:'percent%20encoded',…},null];`.
//!
//! Not JSON: keys are bare, strings are single-quoted and percent-encoded. Deeper nesting ends the
//! parse. Linear in the length of the script.

/// Most objects of one array: a hub lists every device that it has ever seen.
const MOST_ROWS: usize = 4096;
/// Most fields of one object: devices have 20, mesh nodes 42.
const MOST_FIELDS: usize = 96;
/// Longest value that is kept, in bytes after decoding.
const LONGEST_VALUE: usize = 256;

/// An array of objects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Array {
    /// Its objects, without `null`.
    pub(crate) rows: Vec<Row>,
    /// Whether all of it was parsed, to its end.
    pub(crate) complete: bool,
}

/// An object: names and decoded values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row(Vec<(String, String)>);

impl Row {
    /// The value of this name, where it is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// The array that the script assigns to `name`.
pub(crate) fn array(script: &str, name: &str) -> Option<Array> {
    let begins = |(at, _): (usize, &str)| {
        let before = script[..at].chars().next_back();
        let rest = script[at + name.len()..].trim_start().strip_prefix('=')?;
        let rest = rest.trim_start().strip_prefix('[')?;
        (!before.is_some_and(|c| c.is_alphanumeric() || c == '_')).then_some(rest)
    };
    let mut cursor = Cursor { rest: script.match_indices(name).find_map(begins)? };
    let mut array = Array::default();
    while array.rows.len() < MOST_ROWS {
        cursor.skip_separators();
        match cursor.rest.chars().next() {
            Some(']') => {
                array.complete = true;
                break;
            }
            Some('{') => match cursor.object() {
                Some(row) => array.rows.push(row),
                None => break,
            },
            _ => match cursor.word() {
                Some("null" | "undefined") => {}
                _ => break,
            },
        }
    }
    Some(array)
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip_separators(&mut self) {
        self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }

    fn eat(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(expected)?;
        Some(())
    }

    fn object(&mut self) -> Option<Row> {
        self.eat('{')?;
        let mut fields = Vec::new();
        while fields.len() <= MOST_FIELDS {
            self.skip_separators();
            if self.eat('}').is_some() {
                return Some(Row(fields));
            }
            let key = self.text()?.to_owned();
            self.eat(':')?;
            self.rest = self.rest.trim_start();
            let value = decoded(self.text()?);
            fields.push((key, vmkit_plugin::bounded(&value, LONGEST_VALUE).to_owned()));
        }
        None
    }

    /// The content of a quoted string, or a bare word.
    fn text(&mut self) -> Option<&'a str> {
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return self.word();
        };
        let text = &self.rest[1..];
        // The hub uses no backslash escapes: a quote inside is %27.
        let end = text.find(quote)?;
        self.rest = &text[end + 1..];
        Some(&text[..end])
    }

    fn word(&mut self) -> Option<&'a str> {
        let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
        let end = self.rest.find(|c| !part_of_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// The text with its `%XX` replaced; a broken escape stays as it is.
fn decoded(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape =
            (*byte == b'%').then(|| Some((digit(bytes.get(at + 1))?, digit(bytes.get(at + 2))?)));
        if let Some((high, low)) = escape.flatten() {
            out.extend(u8::try_from(high * 16 + low));
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `a` in `list`, and `…` if the array was not parsed to its end.
    fn read(script: &str) -> Option<String> {
        let array = array(script, "list")?;
        let values = array.rows.iter().map(|row| row.get("a").unwrap_or("-").to_owned());
        let mut words: Vec<String> = values.collect();
        if !array.complete {
            words.push("…".to_owned());
        }
        Some(words.join(" "))
    }

    #[test]
    fn reads_an_array_as_far_as_it_is_valid() {
        let rows = [
            ("var list=[{a:'1'},\n {a:'2%3A3',b:''},\nnull];", Some("1 2:3")),
            ("list = [ { 'a' : \"x\" , b:7 } ] ;", Some("x")),
            ("list=[]", Some("")),
            ("list=[{b:'1'},null]", Some("-")),
            ("my_list=[{a:'0'}];var list=[{a:'1'}];", Some("1")),
            ("list=[{a:'Paul%27s%20TV'}]", Some("Paul's TV")),
            ("list=[{a:'50%'},{a:'%zz'},{a:'%4'},{a:'%FF'}]", Some("50% %zz %4 \u{fffd}")),
            ("list=[{a:'1'},{a:'2", Some("1 …")),
            ("list=[{a:'1'},", Some("1 …")),
            ("list=[{a:[1]},{a:'2'}]", Some("…")),
            ("list=[{a:{a:'1'}}]", Some("…")),
            ("list=[[[[[[", Some("…")),
            ("list=[<html>]", Some("…")),
            ("list=null", None),
            ("<html>list</html>", None),
            ("", None),
        ];
        for (script, expected) in rows {
            assert_eq!(read(script).as_deref(), expected, "{script}");
        }
    }
}
