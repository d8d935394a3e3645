//! What raw texts of the operating system say of this computer's part in a machine's network.
//!
//! The texts are read live by `vmkit-platform` and lie in a snapshot under `host/`; one parser
//! serves both.

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

/// Most bytes that are read of one text. The rules of a busy Docker host are about a tenth of it.
pub const LONGEST_TEXT: usize = 4 << 20;
