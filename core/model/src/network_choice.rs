//! The network that a machine is to be started on.

use vmkit_types::NetworkMode;

/// What the user chose for a machine, which is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkChoice {
    /// The mode.
    pub mode: StartMode,
    /// The bridge or adapter of `--bridge`; `None`: the one that this computer suggests.
    pub bridge: Option<String>,
}

/// A mode that `vm start` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartMode {
    /// On the LAN of one of this computer's adapters; the router gives the address.
    Bridged,
    /// On a network of this computer's own; this computer gives the address and translates.
    Shared,
}

impl StartMode {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Bridged, Self::Shared];

    /// The word for it.
    pub const fn code(self) -> &'static str {
        self.network_mode().code()
    }

    /// The mode of this word, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.code() == code)
    }

    /// What a card on it is in.
    pub const fn network_mode(self) -> NetworkMode {
        match self {
            Self::Bridged => NetworkMode::Bridged,
            Self::Shared => NetworkMode::Shared,
        }
    }
}
