//! Who answers for a plugin.

/// Why a plugin is allowed to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with vmkit.
    Bundled,
    /// Somebody else made it, and the user has agreed.
    Trusted {
        /// Whether it may run where its files cannot be confined.
        unconfined: bool,
    },
    /// Somebody else made it, and nobody has agreed.
    Stranger,
}

impl Origin {
    /// Whether it may run where its files cannot be confined.
    pub(crate) fn may_run_unconfined(self) -> bool {
        matches!(self, Self::Bundled | Self::Trusted { unconfined: true })
    }
}
