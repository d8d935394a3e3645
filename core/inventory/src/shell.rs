//! The assignments of `~/.vm-toolkit-config`, a file that shells source. It is never executed.

use std::collections::BTreeMap;

/// Longest value in bytes, that of a path. A value made of earlier ones could double with each
/// line.
const VALUE_LIMIT: usize = 4096;

/// The assignments of the file, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignments {
    /// Values, with `$HOME`, `~` and earlier variables expanded.
    pub(crate) values: BTreeMap<String, String>,
    /// Names whose value needs a shell, with the line, counted from 1.
    pub(crate) unclear: BTreeMap<String, usize>,
}

/// Reads every line of the form `KEY=value` or `export KEY=value`. The last one counts.
pub(crate) fn parse(text: &str, home: Option<&str>) -> Assignments {
    let mut found = Assignments::default();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name)) else {
            continue;
        };
        let variable = |variable: &str| match variable {
            "HOME" => home.map(str::to_owned),
            _ => found.values.get(variable).cloned(),
        };
        if let Some(value) = word(value, home, variable) {
            found.unclear.remove(name);
            found.values.insert(name.to_owned(), value);
        } else {
            found.values.remove(name);
            found.unclear.insert(name.to_owned(), index + 1);
        }
    }
    found
}

fn is_name(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One word with its quotes removed. `None`: it calls a command, uses an unknown variable, has an
/// open quote, is longer than [`VALUE_LIMIT`], or more than a comment follows it.
fn word(
    text: &str,
    home: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    if let Some(below) = text.strip_prefix('~') {
        if !(below.is_empty() || below.starts_with(['/', ' ', '\t'])) {
            return None;
        }
        out.push_str(home?);
        rest = below;
    }
    let mut in_double = false;
    loop {
        if out.len() > VALUE_LIMIT {
            return None;
        }
        let Some(character) = rest.chars().next() else {
            return (!in_double).then_some(out);
        };
        rest = &rest[character.len_utf8()..];
        match character {
            '"' => in_double = !in_double,
            '\'' if !in_double => {
                let (inner, after) = rest.split_once('\'')?;
                out.push_str(inner);
                rest = after;
            }
            '$' => {
                let (name, after) = variable_name(rest)?;
                out.push_str(&variable(name)?);
                rest = after;
            }
            '\\' => {
                let escaped = rest.chars().next()?;
                if in_double && !matches!(escaped, '"' | '\\' | '$' | '`') {
                    out.push('\\');
                }
                out.push(escaped);
                rest = &rest[escaped.len_utf8()..];
            }
            '`' => return None,
            _ if in_double => out.push(character),
            ' ' | '\t' => {
                let comment = rest.trim_start();
                return (comment.is_empty() || comment.starts_with('#')).then_some(out);
            }
            ';' => return rest.trim_start().is_empty().then_some(out),
            '(' | ')' | '<' | '>' | '|' | '&' | '*' | '?' | '[' => return None,
            _ => out.push(character),
        }
    }
}

/// The name in `NAME…` or `{NAME}…`, and the rest.
fn variable_name(text: &str) -> Option<(&str, &str)> {
    if let Some(inner) = text.strip_prefix('{') {
        return inner.split_once('}').filter(|(name, _)| is_name(name));
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    Some(text.split_at(end)).filter(|(name, _)| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_plain_values_and_skips_others() {
        let table = [
            (r#"A="/a b""#, Some("/a b")),
            ("A='/a $b'", Some("/a $b")),
            ("A=/a", Some("/a")),
            ("  export   A=/a   # comment", Some("/a")),
            ("A=/a#b", Some("/a#b")),
            ("A=/a;", Some("/a")),
            ("A=", Some("")),
            ("A=~/vms", Some("/home/u/vms")),
            ("A=~", Some("/home/u")),
            ("A=\"$HOME/vms\"", Some("/home/u/vms")),
            ("A=${HOME}/'v m'\"s\"", Some("/home/u/v ms")),
            ("B=/b\nA=\"$B/vms\"", Some("/b/vms")),
            (r#"A="a\"b\\c\d""#, Some(r#"a"b\c\d"#)),
            ("A=1\nA=2", Some("2")),
            ("# A=1", Some("")),
            ("A=\"~/vms\"", Some("~/vms")),
            ("A=$(id)", None),
            ("A=`id`", None),
            ("A=\"`id`\"", None),
            ("A=$OTHER/vms", None),
            ("A=${OTHER:-/x}", None),
            ("A=~root/vms", None),
            ("A=\"open", None),
            ("A='open", None),
            ("A=/a command", None),
            ("A=/a; rm -rf /", None),
            ("A=(1 2)", None),
            ("A=\\", None),
            ("A=$", None),
        ];
        for (text, expected) in table {
            let found = parse(text, Some("/home/u"));
            match expected {
                Some("") => assert!(found.unclear.is_empty(), "{text}"),
                Some(value) => assert_eq!(found.values.get("A").unwrap(), value, "{text}"),
                None => {
                    assert_eq!(found.unclear.get("A"), Some(&1), "{text}");
                    assert!(!found.values.contains_key("A"), "{text}");
                }
            }
        }
        assert_eq!(parse("A=~/x", None).unclear.len(), 1, "no home is known");
        assert_eq!(parse("if [ x = y ]; then\nfi\na-b=c\n=x", None), Assignments::default());
    }

    #[test]
    fn skips_a_value_that_doubles_with_each_line_at_its_limit() {
        let text = format!("A=12345678\n{}B=$A$A$A", "A=$A$A\n".repeat(9));
        let found = parse(&text, None);
        assert_eq!(found.values.get("A").map(String::len), Some(VALUE_LIMIT));
        assert_eq!(found.unclear.get("B"), Some(&11));
        let found = parse(&format!("A=x\n{}", "A=$A$A\n".repeat(9000)), None);
        assert_eq!(found.unclear.get("A"), Some(&9001));
    }
}
