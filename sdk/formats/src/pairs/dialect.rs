//! What differs between files of pairs.

/// How a file writes its pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `.vmx` files: `name = "value"`, where `|22` stands for the byte 22 in hexadecimal.
    Vmx,
    /// `name = value`, headings in brackets, comments after `#` or `;` at the line's beginning.
    Ini,
    /// `name: value`, headings in brackets, comments after `#`, such as Proxmox's.
    Colon,
    /// Assignments of a shell script: `name=value`, `name="value"`, `name=(one two)`. Other lines are
    /// skipped. Expansions such as `$HOME` are kept as written.
    Shell,
    /// ssh's configuration: `Keyword value`, a section for each `Host`.
    Ssh,
}

impl Dialect {
    /// The name of the format in errors.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Vmx => "VMX",
            Self::Ini => "INI",
            Self::Colon => "lines of pairs",
            Self::Shell => "shell assignments",
            Self::Ssh => "ssh configuration",
        }
    }

    pub(super) fn is_comment(self, line: &str) -> bool {
        line.starts_with('#') || (self == Self::Ini && line.starts_with(';'))
    }

    /// The name of the section that a line begins.
    pub(super) fn heading(self, line: &str) -> Option<String> {
        match self {
            Self::Vmx | Self::Shell => None,
            Self::Ini | Self::Colon => {
                let name = line.strip_prefix('[')?.strip_suffix(']')?;
                Some(name.trim().to_owned())
            }
            Self::Ssh => {
                let (keyword, value) = words(line)?;
                (keyword == "host").then_some(value)
            }
        }
    }

    /// The pair of a line.
    pub(super) fn pair(self, line: &str) -> Option<(String, String)> {
        let split = |separator| {
            let (name, value) = line.split_once(separator)?;
            let (name, value) = (name.trim(), value.trim());
            (!name.is_empty()).then_some((name, value))
        };
        match self {
            Self::Vmx => {
                let (name, value) = split('=')?;
                Some((name.to_ascii_lowercase(), unescaped(unquoted(value))))
            }
            Self::Ini => {
                split('=').map(|(name, value)| (name.to_owned(), unquoted(value).to_owned()))
            }
            Self::Colon => split(':').map(|(name, value)| (name.to_owned(), value.to_owned())),
            Self::Ssh => words(line),
            Self::Shell => None,
        }
    }
}

/// The keyword of a line of ssh's configuration, in lower case, and what follows it.
fn words(line: &str) -> Option<(String, String)> {
    let (keyword, value) = line.split_once(|each: char| each.is_whitespace() || each == '=')?;
    let value = value.trim_start_matches(|each: char| each.is_whitespace() || each == '=');
    (!keyword.is_empty()).then(|| (keyword.to_ascii_lowercase(), unquoted(value).to_owned()))
}

fn unquoted(value: &str) -> &str {
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or(value)
}

/// A value of VMX with `|22` replaced. What is not an escape stays.
fn unescaped(value: &str) -> String {
    let mut parts = value.split('|');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = code.filter(u8::is_ascii) {
            text.push(char::from(byte));
            text.push_str(&part[2..]);
        } else {
            text.push('|');
            text.push_str(part);
        }
    }
    text
}
