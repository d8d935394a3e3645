//! One machine, as scoring sees it.

use std::time::SystemTime;

use vmkit_types::{Mac, NetworkMode};

/// What is known of a machine before any signal was asked. Its place in the list is the `vm` of
/// the observations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its name in its manager, for notes.
    pub name: String,
    /// Its MACs; none: they are unknown, and a MAC is not held against an address.
    pub macs: Vec<Mac>,
    /// Whether its process is alive, paused or not.
    pub running: bool,
    /// When its present boot began, the latest that is known: what was seen before does not count.
    pub started_at: Option<SystemTime>,
    /// How its card reaches the world.
    pub mode: Option<NetworkMode>,
    /// The host's interface that its card is on or bridged with.
    pub interface: Option<String>,
}
