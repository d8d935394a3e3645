//! The network that machines share: a bridge with DHCP and DNS, whose machines reach beyond it as this
//! computer.
//!
//! A process keeps it, the keeper, since it outlives the `vm` that began it: from the first machine until
//! no machine is left. The keeper has no input.

mod chains;
mod dnsmasq;
mod firewall;
mod join;
mod keeper;
mod network;
mod openings;
mod place;
mod state;
mod tools;

pub(super) use self::dnsmasq::{MODE as DHCP_MODE, become_dnsmasq};
pub(super) use self::join::port;
pub(super) use self::keeper::{MODE as KEEPER_MODE, run};
