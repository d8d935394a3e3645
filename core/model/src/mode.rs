//! How much a run asks for.

/// How much a run asks for. A plugin's manifest names the modes that ask it; none can name `Basic`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Processes only: no plugin is asked.
    Basic,
    /// Quick signals only, and no statistics.
    Fast,
    /// Every signal.
    Full,
}

impl Mode {
    /// The word for it in manifests, JSON and text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Fast => "fast",
            Self::Full => "full",
        }
    }
}
