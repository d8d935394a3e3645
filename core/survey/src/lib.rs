//! Parses the output of the system's tools about this computer's part in the VMs' network.
//!
//! The texts come from `vmkit-platform` or from `host/` in a snapshot.

#![forbid(unsafe_code)]

mod application_firewall;
mod bridges;
mod client_leases;
mod facts;
mod filter;
mod firewall;
mod forwarding;
mod hosts;
mod listeners;
mod own_lease;
mod routes;
mod server;

pub use bridges::bridges;
pub use facts::{
    Bridge, Firewall, Forwarding, Listener, OwnLease, Port, PortState, RouteTo, Survey,
};
pub use filter::{DhcpKind, Ends, Packet, Passage, Quoted, RuleSet, Way};
pub use firewall::firewall;
pub use forwarding::forwarding;
pub use hosts::hosts;
pub use listeners::listeners;
pub use own_lease::own_leases;
pub use routes::routes;
pub use server::{Answer, Client, DhcpServer, Pool, dhcp_servers, write_dhcp_servers};

/// Longest text. The rules of a busy Docker host have about a tenth of it.
pub(crate) const LONGEST_TEXT: usize = 4 << 20;
