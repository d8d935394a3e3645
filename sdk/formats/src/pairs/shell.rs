//! Assignments of shell scripts. Nothing is expanded or run.

use crate::limits::Budget;

/// The name and values of the assignment that a line begins; `None`: it is something else.
pub(super) fn assignment(
    line: &str,
    rest: &mut dyn Iterator<Item = &str>,
    budget: &mut Budget,
) -> Result<Option<(String, Vec<String>)>, String> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let Some((name, value)) = line.split_once('=') else { return Ok(None) };
    let is_name = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Ok(None);
    }
    let Some(list) = value.strip_prefix('(') else {
        let first = shlex::split(value).and_then(|words| words.into_iter().next());
        let is_empty = value.is_empty() || value.starts_with(char::is_whitespace);
        let value = if is_empty { String::new() } else { first.unwrap_or_default() };
        return Ok(Some((name.to_owned(), vec![value])));
    };
    let mut end = End::default();
    let mut items = String::new();
    let mut line = list;
    loop {
        if let Some(before) = end.find(line) {
            items.push_str(before);
            let words = shlex::split(&items);
            let words = words.ok_or_else(|| format!("`{name}` has a list with an open quote"))?;
            return Ok(Some((name.to_owned(), words)));
        }
        items.push_str(line);
        items.push('\n');
        line = rest.next().ok_or_else(|| format!("`{name}` has a list that does not end"))?;
        budget.text(line.len(), items.len() + line.len())?;
    }
}

/// Looks for the parenthesis that closes a list, line by line.
#[derive(Default)]
struct End {
    quote: Option<char>,
}

impl End {
    /// What stands before the parenthesis, if the line has it outside of quotes and comments.
    fn find<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let mut begins_word = true;
        let mut characters = line.char_indices();
        while let Some((at, character)) = characters.next() {
            match (self.quote, character) {
                (None, ')') => return Some(&line[..at]),
                (None, '#') if begins_word => return None,
                (None | Some('"'), '\\') => {
                    characters.next();
                }
                (None, '"' | '\'') => self.quote = Some(character),
                (Some(quote), character) if quote == character => self.quote = None,
                _ => {}
            }
            begins_word = self.quote.is_none() && character.is_whitespace();
        }
        None
    }
}
