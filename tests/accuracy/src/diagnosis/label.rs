//! The right answer to a snapshot.

use serde::{Deserialize, Serialize};

/// `label.json` of a snapshot.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Codes of the causes. None here and in `may`: healthy.
    pub causes: Vec<String>,
    /// The VM.
    pub machine: String,
    /// Causes that cannot be distinguished from the real ones or follow from them, and may be shown.
    /// Without any `causes`, the fault has no code, and these resemble it.
    #[serde(default)]
    pub may: Vec<String>,
    /// Whether the snapshot is enough to tell the causes.
    #[serde(default = "yes")]
    pub knowable: bool,
    /// What was done to the network, for people.
    #[serde(default)]
    pub why: String,
}

impl Label {
    pub(super) fn is_healthy(&self) -> bool {
        self.causes.is_empty() && self.may.is_empty()
    }
}

fn yes() -> bool {
    true
}
