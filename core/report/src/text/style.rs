//! Colour, as an addition to words.

use anstyle::{AnsiColor, Style as Ansi};

/// Whether to use colour. The caller decides, from `--color`, `NO_COLOR` and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Text alone.
    #[default]
    Plain,
    /// With SGR sequences.
    Colour,
}

/// The role of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Normal,
    Heading,
    Good,
    Doubtful,
    Bad,
    Aside,
}

impl Style {
    /// The text in the colour of its role. It must be escaped already.
    pub(super) fn paint(self, role: Role, text: &str) -> String {
        let ansi = match (self, role) {
            (Self::Plain, _) | (_, Role::Normal) => return text.to_owned(),
            (_, Role::Heading) => Ansi::new().bold(),
            (_, Role::Good) => AnsiColor::Green.on_default(),
            (_, Role::Doubtful) => AnsiColor::Yellow.on_default(),
            (_, Role::Bad) => AnsiColor::Red.on_default(),
            (_, Role::Aside) => Ansi::new().dimmed(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}
