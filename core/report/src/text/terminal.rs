//! The output that text is written to.

use super::Style;

/// The properties of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Columns; `None`: it is not a terminal, and nothing is cut.
    pub width: Option<usize>,
    /// Whether to use colour.
    pub style: Style,
}
