//! Errors as text.

/// An error with its sources, as one line.
///
/// ```
/// let error = std::io::Error::other("no such disk");
/// assert_eq!(vmkit_types::error_chain(&error), "no such disk");
/// ```
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
