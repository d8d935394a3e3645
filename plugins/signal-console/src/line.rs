//! A line with the text that was found in it.

/// What surrounds the text that was found in a line.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The line up to the text.
    pub(crate) before: &'a str,
    /// The line after the text.
    pub(crate) after: &'a str,
}
