//! Commands as lines for a shell.

/// The words as one line. `None`: a word has a character that no quotes keep.
pub(crate) fn command_line<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let quoted: Option<Vec<String>> = words.into_iter().map(quoted).collect();
    quoted.map(|words| words.join(" "))
}

/// The word, in quotes where a shell needs them: behind the name of an option it needs none for `=`.
fn quoted(word: &str) -> Option<String> {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let option = word.split_once('=').filter(|(name, _)| name.starts_with("--") && is_name(name));
    let quote = |word| shlex::try_quote(word).ok();
    match option {
        Some((name, value)) => Some(format!("{name}={}", quote(value)?)),
        None => quote(word).map(std::borrow::Cow::into_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_a_shell_would_read_otherwise() {
        let rows = [
            (
                &["vm", "doctor", "web", "--fix=join-bridge"][..],
                Some("vm doctor web --fix=join-bridge"),
            ),
            (&["vm", "--fix=a b"], Some("vm --fix='a b'")),
            (&["vm", "--a;b=c"], Some("vm '--a;b=c'")),
            (&["vm", "a mail"], Some("vm 'a mail'")),
            (&["vm", "a\0b"], None),
        ];
        for (words, expected) in rows {
            assert_eq!(command_line(words.iter().copied()).as_deref(), expected, "{words:?}");
        }
    }
}
