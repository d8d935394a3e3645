//! Who answers for a plugin.

use vmkit_model::ClaimLimit;

/// Why a plugin is allowed to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with vmkit.
    Bundled,
    /// Somebody else made it, and the user has agreed.
    Trusted {
        /// Whether it may run where its files cannot be confined.
        unconfined: bool,
        /// What its own claims may add up to, where the user has said so.
        limit: Option<ClaimLimit>,
    },
    /// Somebody else made it, and nobody has agreed.
    Stranger,
}

impl Origin {
    /// Whether it may run where its files cannot be confined.
    pub(crate) fn may_run_unconfined(self) -> bool {
        matches!(self, Self::Bundled | Self::Trusted { unconfined: true, .. })
    }
}
