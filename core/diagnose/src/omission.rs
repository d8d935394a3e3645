//! What a diagnosis did not do.

/// A step of the diagnosis that was skipped although it could have helped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    /// What was skipped, such as `the differential DHCP test`.
    pub what: String,
    /// Why it was skipped.
    pub why: String,
    /// A command that includes it, ready to be pasted.
    pub command: Option<String>,
}
