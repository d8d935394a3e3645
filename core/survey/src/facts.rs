//! This computer's part in the VMs' network.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use vmkit_types::{Mac, Reading, Unread};

use crate::{DhcpServer, RuleSet};

/// The state of a bridge's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortState {
    /// Off.
    Disabled,
    /// Waits for the spanning tree protocol.
    Listening,
    /// Waits for the forward delay.
    Learning,
    /// Forwards frames.
    Forwarding,
    /// Forwards nothing.
    Blocking,
}

/// One member of a bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name of the interface.
    pub name: String,
    /// Whether the port forwards frames.
    pub state: Reading<PortState>,
    /// Whether the port is isolated from other isolated ports.
    pub isolated: Reading<bool>,
    /// Whether the port has a carrier.
    pub carrier: Reading<bool>,
}

/// One bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Name of the interface.
    pub name: String,
    /// Whether the spanning tree protocol is on.
    pub spanning_tree: Reading<bool>,
    /// How long a new port waits in each of the states listening and learning.
    pub forward_delay: Reading<Duration>,
    /// Whether it keeps the VLANs of its ports apart.
    pub vlan_filtering: Reading<bool>,
    /// The members.
    pub ports: Vec<Port>,
}

/// The firewall rules and settings that concern VMs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// The rules of the packet filters.
    pub rules: RuleSet,
    /// macOS: whether the application firewall is on; `None`: it did not say.
    pub application_enabled: Option<bool>,
    /// macOS: whether the application firewall blocks bootpd. That its list allows it is no answer: it
    /// has been seen to block programs that it lists as allowed.
    pub blocks_bootpd: Option<bool>,
    /// macOS: whether the application firewall blocks all incoming connections.
    pub blocks_all_incoming: Option<bool>,
    /// macOS: whether the firewall is managed, so that its settings cannot be changed here.
    pub managed: Option<bool>,
}

/// Whether this computer forwards packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// By interfaces that are not listed.
    pub all: bool,
    /// By interfaces that differ.
    pub interfaces: Vec<(String, bool)>,
}

impl Forwarding {
    /// Whether packets that come in by this interface are forwarded.
    pub fn of(&self, interface: &str) -> bool {
        let own = self.interfaces.iter().find(|(name, _)| name == interface);
        own.map_or(self.all, |(_, forwards)| *forwards)
    }
}

/// A program that listens on UDP port 67.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The address that it is bound to. `None`: all addresses.
    pub address: Option<IpAddr>,
    /// The interface that it is bound to, if known.
    pub interface: Option<String>,
    /// Name of the program, if visible, bounded and not escaped.
    pub program: Option<String>,
}

/// The route that the kernel chooses for packets to one address, by all its tables and rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTo {
    /// The address.
    pub address: IpAddr,
    /// The interface that the packets leave by. `None`: they go nowhere.
    pub interface: Option<String>,
    /// The next hop. `None`: the address itself.
    pub gateway: Option<IpAddr>,
    /// The routing table that has the route, where it is not the main one. Not escaped.
    pub table: Option<String>,
}

impl RouteTo {
    /// No route to this address.
    pub(crate) fn none(address: IpAddr) -> Self {
        Self { address, interface: None, gateway: None, table: None }
    }
}

/// The lease of this computer itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnLease {
    /// The address.
    pub address: Ipv4Addr,
    /// The hardware address that it was given to, where the text names it.
    pub client: Option<Mac>,
    /// The server that gave it.
    pub server: Option<Ipv4Addr>,
    /// The router that it names.
    pub router: Option<Ipv4Addr>,
    /// For how long it was given.
    pub length: Option<Duration>,
}

/// The parsed survey of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Bridges and their ports.
    pub bridges: Reading<Vec<Bridge>>,
    /// The firewall.
    pub firewall: Reading<Firewall>,
    /// Whether packets are forwarded.
    pub forwarding: Reading<Forwarding>,
    /// The programs that listen for DHCP requests.
    pub listeners: Reading<Vec<Listener>>,
    /// The DHCP servers that run here.
    pub servers: Reading<Vec<DhcpServer>>,
    /// The entries of the hosts file: address and name.
    pub hosts: Reading<Vec<(IpAddr, String)>>,
    /// The routes to the addresses that machines may have.
    pub routes: Reading<Vec<RouteTo>>,
    /// The leases of this computer itself, that of its default route first.
    pub own_leases: Reading<Vec<OwnLease>>,
}

impl Default for Survey {
    /// All unknown.
    fn default() -> Self {
        Self {
            bridges: Reading::Unknown(Unread::NotTried),
            firewall: Reading::Unknown(Unread::NotTried),
            forwarding: Reading::Unknown(Unread::NotTried),
            listeners: Reading::Unknown(Unread::NotTried),
            servers: Reading::Unknown(Unread::NotTried),
            hosts: Reading::Unknown(Unread::NotTried),
            routes: Reading::Unknown(Unread::NotTried),
            own_leases: Reading::Unknown(Unread::NotTried),
        }
    }
}
