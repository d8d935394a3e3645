//! What QEMU says about the guest's use of its devices.

use std::time::Duration;

use vmkit_types::Reading;

/// How the guest uses its network card and its disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Devices {
    /// Whether a driver of the guest has the network card.
    pub card: Reading<CardDriver>,
    /// How much of its disks was read.
    pub disk: Reading<DiskUse>,
}

/// The guest's driver of its network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardDriver {
    /// No driver has taken the card since it was last reset.
    Missing,
    /// A driver has the card, and the guest has never set its interface up.
    Idle,
    /// A driver has the card, and the guest has set its interface up.
    Used,
    /// A driver has the card. QEMU does not say whether the interface was set up.
    Present,
}

impl CardDriver {
    /// All of them with their words for snapshots.
    pub const WORDS: [(Self, &str); 4] = [
        (Self::Missing, "missing"),
        (Self::Idle, "idle"),
        (Self::Used, "used"),
        (Self::Present, "present"),
    ];
}

/// How much of all disks together was read since QEMU started, by firmware and guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DiskUse {
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Requests to read.
    pub read_operations: u64,
    /// Time since the last request to a disk. `None`: there was no request.
    pub idle: Option<Duration>,
}
