//! The name of a plugin.

use std::{fmt, str::FromStr};

/// Longest name: that of an id in a manifest.
const LONGEST: usize = 40;

/// Words that no package can be named: those of Rust, of cargo's own folders and of the SDK's crates.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// The name of a plugin: its id, and the name of its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is not the name of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// It has other characters, or too many.
    #[error(
        "{0:?} is no name for a plugin: use a lower-case letter, then up to 39 lower-case letters, \
         digits and single hyphens, such as `my-router`"
    )]
    Form(String),
    /// Rust, cargo or the SDK uses it.
    #[error("no plugin can be named `{0}`: Rust, cargo or vmkit's SDK uses this name")]
    Taken(String),
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        let hyphens = text.ends_with('-') || text.contains("--");
        if !begins || hyphens || text.len() > LONGEST || !text.bytes().all(plain) {
            return Err(InvalidName::Form(text.chars().take(2 * LONGEST).collect()));
        }
        if TAKEN.contains(&text) || text.starts_with("vmkit") {
            return Err(InvalidName::Taken(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Name {
    /// As text, such as `my-router`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the name of a crate or a module: `my_router`.
    pub(super) fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As the name of a type: `MyRouter`.
    pub(super) fn camel(&self) -> String {
        let capital = |part: &str| {
            let mut letters = part.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        };
        self.0.split('-').map(capital).collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_packages_and_manifests() {
        let long = "x".repeat(LONGEST + 1);
        let rows = [
            ("lucky", "Lucky lucky"),
            ("my-router2", "MyRouter2 my_router2"),
            ("", "no name"),
            ("Lucky", "no name"),
            ("2nd", "no name"),
            ("-x", "no name"),
            ("x-", "no name"),
            ("a--b", "no name"),
            ("a_b", "no name"),
            ("../evil", "no name"),
            ("a\n[dependencies]", "no name"),
            (long.as_str(), "no name"),
            ("crate", "uses this name"),
            ("std", "uses this name"),
            ("vmkit-plugin", "uses this name"),
        ];
        for (text, expected) in rows {
            let outcome = text.parse::<Name>();
            let outcome =
                outcome.map_or_else(|why| why.to_string(), |it| it.camel() + " " + &it.snake());
            assert!(outcome.contains(expected), "{text:?}: {outcome}");
        }
    }
}
