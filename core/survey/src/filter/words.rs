//! The words of nftables' text.

/// A word, and whether it stood in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    text: String,
    quoted: bool,
}

impl Word {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is this word or sign, and not a name in quotes.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

/// The words of a line, each sign on its own. A comment ends it.
pub(super) fn split(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut text = String::new();
    let mut quoted = false;
    for c in line.chars() {
        if quoted {
            if c == '"' {
                words.push(Word { text: std::mem::take(&mut text), quoted });
                quoted = false;
            } else {
                text.push(c);
            }
            continue;
        }
        match c {
            '"' => {
                end(&mut text, &mut words);
                quoted = true;
            }
            '#' if text.is_empty() => break,
            c if c.is_whitespace() => end(&mut text, &mut words),
            // The commas of `@th,288,48` belong to it.
            ',' if is_raw(&text) => text.push(c),
            '{' | '}' | '(' | ')' | ',' | ';' | '|' | '&' => {
                end(&mut text, &mut words);
                words.push(Word { text: c.to_string(), quoted: false });
            }
            c => text.push(c),
        }
    }
    end(&mut text, &mut words);
    words
}

fn is_raw(text: &str) -> bool {
    ["@ll", "@nh", "@th", "@ih"].iter().any(|base| {
        text.strip_prefix(base).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(',') && rest.matches(',').count() == 1
        })
    })
}

fn end(text: &mut String, words: &mut Vec<Word>) {
    if !text.is_empty() {
        words.push(Word { text: std::mem::take(text), quoted: false });
    }
}

/// Most braces within each other.
pub(super) const DEEPEST: usize = 16;

/// The words that are left, and how many braces are open.
pub(super) struct Rest<'a>(pub(super) &'a [Word], pub(super) usize);

impl<'a> Rest<'a> {
    pub(super) fn peek(&self) -> &'a str {
        self.0.first().map_or("", Word::as_str)
    }

    pub(super) fn is_next(&self, word: &str) -> bool {
        self.0.first().is_some_and(|first| first.is(word))
    }

    pub(super) fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.0 = self.0.get(1..).unwrap_or_default();
        word
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let is_next = self.is_next(word);
        if is_next {
            self.next();
        }
        is_next
    }
}
