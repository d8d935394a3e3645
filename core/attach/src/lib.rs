//! How a machine is attached to this computer's networks: what each mode means here, and which to choose.
//!
//! Pure: the networks are an argument.

#![forbid(unsafe_code)]

mod adapters;
mod bridge;
mod modes;
mod recommendation;
mod situation;
mod subnet;
mod target;
#[cfg(test)]
mod testing;
mod warning;
mod words;

pub use adapters::{Adapter, Bridging, Obstacle, adapters};
pub use bridge::{SHARED_BRIDGE, is_adapter, is_own_network, uplink_in};
pub use modes::{ModeHere, modes};
pub use recommendation::{Recommendation, recommendation};
pub use situation::{KnownRouter, Reach, Situation};
pub use subnet::{Subnet, free_subnet, overlapping};
pub use target::{NoTarget, target};
pub use warning::{Warning, WayOut, warning};
