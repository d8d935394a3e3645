//! Changes single members of a JSON text and leaves all other bytes as they are: unknown members, the
//! order of keys, the format of numbers, white space.

use std::ops::Range;

/// A member of an object, by its places in the text.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// From the quote of the key to the end of the value.
    whole: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The place of the value that the text is, without the white space around it.
pub(crate) fn root(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// The members of the object at this place; empty for anything else. The text is valid JSON.
pub(crate) fn members(text: &str, object: Range<usize>) -> Vec<Member> {
    let bytes = text.as_bytes();
    let mut members = Vec::new();
    if bytes.get(object.start) != Some(&b'{') {
        return members;
    }
    let mut at = skip_space(bytes, object.start + 1);
    while bytes.get(at) == Some(&b'"') {
        let key = at..end_of_value(bytes, at);
        let colon = skip_space(bytes, key.end);
        let start = skip_space(bytes, colon + 1);
        let value = start..end_of_value(bytes, start);
        let decoded = serde_json::from_str(&text[key.clone()]).unwrap_or_default();
        members.push(Member { key: decoded, whole: key.start..value.end, value: value.clone() });
        at = skip_space(bytes, value.end);
        if bytes.get(at) == Some(&b',') {
            at = skip_space(bytes, at + 1);
        }
    }
    members
}

/// The value of a member. Of several with this key, the last one counts, as for other readers.
pub(crate) fn value_of(text: &str, object: Range<usize>, key: &str) -> Option<Range<usize>> {
    members(text, object).into_iter().rfind(|member| member.key == key).map(|member| member.value)
}

/// The text with this member of the object set to a JSON value. A new one comes last, indented as the
/// others, or by this many spaces if it is the first.
pub(crate) fn with(
    text: &str,
    object: Range<usize>,
    key: &str,
    value: &str,
    indent: usize,
) -> String {
    let members = members(text, object.clone());
    if let Some(member) = members.iter().rfind(|member| member.key == key) {
        return spliced(text, member.value.clone(), value);
    }
    let quoted = serde_json::Value::from(key).to_string();
    let Some(last) = members.last() else {
        let (inner, outer) = (" ".repeat(indent), " ".repeat(indent.saturating_sub(2)));
        return spliced(text, object, &format!("{{\n{inner}{quoted}: {value}\n{outer}}}"));
    };
    // The space in front of the last member is that after `{` or `,`.
    let before = text[..last.whole.start].trim_end().len();
    let space = &text[before..last.whole.start];
    let colon = if space.is_empty() { ":" } else { ": " };
    spliced(text, last.whole.end..last.whole.end, &format!(",{space}{quoted}{colon}{value}"))
}

/// The text without the members of this key.
pub(crate) fn without(text: &str, object: Range<usize>, key: &str) -> String {
    let mut text = text.to_owned();
    loop {
        let members = members(&text, object.start..text.len());
        let Some(index) = members.iter().position(|member| member.key == key) else { return text };
        let whole = members[index].whole.clone();
        let gap = match (index.checked_sub(1), members.get(index + 1)) {
            (Some(before), _) => members[before].whole.end..whole.end,
            (None, Some(next)) => whole.start..next.whole.start,
            (None, None) => {
                let start = text[..whole.start].trim_end().len();
                let end =
                    whole.end + text[whole.end..].len() - text[whole.end..].trim_start().len();
                start..end
            }
        };
        text.replace_range(gap, "");
    }
}

fn spliced(text: &str, place: Range<usize>, new: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(place, new);
    text
}

fn skip_space(bytes: &[u8], from: usize) -> usize {
    let space = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\r' | b'\n');
    from + bytes.get(from..).unwrap_or_default().iter().take_while(space).count()
}

/// The end of the value that starts here.
fn end_of_value(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth, mut in_text) = (from, 0_usize, false);
    while let Some(byte) = bytes.get(at) {
        match (in_text, byte) {
            (true, b'\\') => at += 1,
            (true, b'"') => {
                in_text = false;
                if depth == 0 {
                    return at + 1;
                }
            }
            (false, b'"') => in_text = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n') if depth == 0 => return at,
            (false, b'}' | b']') => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRETTY: &str =
        "{\n  \"vms\": {},\n  \"n\": 1.50e+3,\n  \"x\": [ 1,2, {\"}\":\"\\\"]\"}]\n}\n";

    fn set(text: &str, key: &str, value: &str) -> String {
        with(text, root(text), key, value, 2)
    }

    fn removed(text: &str, key: &str) -> String {
        without(text, root(text), key)
    }

    #[test]
    fn changes_one_member_and_no_other_byte() {
        let table = [
            (set(PRETTY, "n", "2"), PRETTY.replace("1.50e+3", "2")),
            (set(PRETTY, "new", "null"), PRETTY.replace("}]\n}", "}],\n  \"new\": null\n}")),
            (removed(PRETTY, "n"), PRETTY.replace(",\n  \"n\": 1.50e+3", "")),
            (removed(PRETTY, "vms"), PRETTY.replace("\"vms\": {},\n  ", "")),
            (removed(PRETTY, "none"), PRETTY.to_owned()),
            (set(r#"{"a":1,"b":2}"#, "c", "3"), r#"{"a":1,"b":2,"c":3}"#.to_owned()),
            (set(" {} ", "a", "1"), " {\n  \"a\": 1\n} ".to_owned()),
            (removed("{ \"a\" : \"x\" }", "a"), "{}".to_owned()),
            (removed(r#"{"a":1,"b":2,"a":3}"#, "a"), r#"{"b":2}"#.to_owned()),
            (set(r#"{"a":1,"b":2,"a":3}"#, "a", "4"), r#"{"a":1,"b":2,"a":4}"#.to_owned()),
            (set(r#"{"\u0061":1}"#, "a", "2"), r#"{"\u0061":2}"#.to_owned()),
            (set(r#"{"a\\":"\\","b":""}"#, "b", "2"), r#"{"a\\":"\\","b":2}"#.to_owned()),
        ];
        for (found, expected) in table {
            assert_eq!(found, expected);
            serde_json::from_str::<serde_json::Value>(&found).unwrap();
        }
    }

    #[test]
    fn finds_the_last_of_several_members() {
        let text = r#"{"a":1,"b":{"a":2},"a":[3]}"#;
        assert_eq!(&text[value_of(text, root(text), "a").unwrap()], "[3]");
        let inner = value_of(text, root(text), "b").unwrap();
        assert_eq!(&text[value_of(text, inner, "a").unwrap()], "2");
        assert!(value_of("[1]", 0..3, "a").is_none());
    }
}
