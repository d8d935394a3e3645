//! Why a table of weights cannot be used.

/// Why a table of weights cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The text is not TOML of this form.
    #[error("cannot read the table of weights")]
    Syntax(#[source] Box<toml::de::Error>),
    /// A number is not finite, or out of its range.
    #[error("weights: {what} is out of range")]
    OutOfRange {
        /// Which number.
        what: String,
    },
    /// A kind names a group that the table does not have.
    #[error("weights: {kind} names the unknown group {group}")]
    UnknownGroup {
        /// Code of the kind.
        kind: String,
        /// The name it gives.
        group: String,
    },
    /// A range is not written as a network.
    #[error("weights: {network} is not a network such as 10.0.0.0/8")]
    NotANetwork {
        /// The text.
        network: String,
    },
}
