//! Parses the output of the system's tools about this computer's part in the VMs' network.
//!
//! The texts come from `vmkit-platform` or from `host/` in a snapshot.

#![forbid(unsafe_code)]

mod application_firewall;
mod bridges;
mod facts;
mod firewall;
mod hosts;
mod iptables;
mod listeners;
mod nftables;
mod rule;

pub use bridges::bridges;
pub use facts::{Bridge, DropRule, Drops, Firewall, Listener, Port, PortState, Survey};
pub use firewall::firewall;
pub use hosts::hosts;
pub use listeners::listeners;

/// Longest text. The rules of a busy Docker host have about a tenth of it.
pub(crate) const LONGEST_TEXT: usize = 4 << 20;
