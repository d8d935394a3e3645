//! Why "no address" is no conclusion, as a part of a pick.

/// Why "no address" cannot be concluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// How much of the search was missing.
    pub lack: Lack,
    /// What was missing and why. Contains names and messages of plugins, which must be escaped.
    pub reason: String,
    /// The command that helps.
    pub hint: String,
}

/// How much of a search was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// Some plugins that can name addresses answered, and others did not.
    Some,
    /// No plugin that can name addresses answered.
    All,
}
