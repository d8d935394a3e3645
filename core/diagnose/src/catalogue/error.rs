//! Why a file of the catalogue is refused.

use crate::FindingCode;

/// Why the catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file is not TOML of its form.
    #[error("cannot read {file}")]
    Syntax {
        /// The file, below `core/diagnose`.
        file: String,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A number is not finite, or out of its range.
    #[error("{file}: {what} is out of range")]
    OutOfRange {
        /// The file.
        file: String,
        /// Which number.
        what: String,
    },
    /// `findings.toml` lacks a finding.
    #[error("{file} lacks {code}")]
    Missing {
        /// The file.
        file: String,
        /// The finding.
        code: FindingCode,
    },
    /// A file names something that is in no other file.
    #[error("{file} names the unknown {kind} {name}")]
    UnknownName {
        /// The file.
        file: String,
        /// What it should be: finding, cause, remedy, circumstance, place or placeholder.
        kind: &'static str,
        /// The name it gives.
        name: String,
    },
}
