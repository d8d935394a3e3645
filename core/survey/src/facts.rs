//! This computer's part in the VMs' network.

use std::{net::IpAddr, time::Duration};

use vmkit_types::{Mac, Reading, Unread};

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
    /// The members.
    pub ports: Vec<Port>,
}

/// The frames that a firewall rule drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drops {
    /// Everything that a bridge forwards (policy or rule without a match).
    Bridged,
    /// DHCP from clients to servers: UDP to port 67.
    DhcpRequests,
    /// DHCP from servers to clients: UDP from port 67 or to port 68.
    DhcpReplies,
    /// One kind of DHCP message, by its option 53: acknowledgements.
    DhcpAcknowledgements,
    /// DHCP requests to this computer's own server.
    DhcpToThisHost,
    /// ARP.
    Arp,
    /// Frames from other sources than this MAC.
    ForeignMac(Mac),
    /// Frames from this MAC.
    Mac(Mac),
    /// DHCP with another chaddr than this MAC.
    ForeignChaddr(Mac),
    /// Frames to ff:ff:ff:ff:ff:ff.
    Broadcast,
    /// A random part of the frames.
    AtRandom,
    /// Connections to the SSH port.
    Ssh,
}

/// One rule or policy that drops frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropRule {
    /// The dropped frames.
    pub drops: Drops,
    /// The interface that the rule is limited to. A final `*` stands for any ending.
    pub interface: Option<String>,
    /// Interfaces whose frames an earlier rule accepts, so that they never reach this one.
    pub except: Vec<String>,
    /// Number of dropped frames. `None`: the rule has no counter.
    pub frames: Option<u64>,
    /// The rule's text, bounded and not escaped.
    pub text: String,
}

/// The firewall rules and settings that concern VMs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// The rules that drop frames.
    pub drops: Vec<DropRule>,
    /// Whether bridged frames pass the IP firewall (`bridge-nf-call-iptables`).
    pub bridged_frames_filtered: Option<bool>,
    /// macOS: whether the application firewall blocks bootpd.
    pub blocks_bootpd: Option<bool>,
    /// macOS: whether the application firewall blocks all incoming connections.
    pub blocks_all_incoming: Option<bool>,
    /// macOS: whether the firewall is managed, so that its settings cannot be changed here.
    pub managed: Option<bool>,
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

/// The parsed survey of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Bridges and their ports.
    pub bridges: Reading<Vec<Bridge>>,
    /// The firewall.
    pub firewall: Reading<Firewall>,
    /// The programs that listen for DHCP requests.
    pub listeners: Reading<Vec<Listener>>,
    /// The entries of the hosts file: address and name.
    pub hosts: Reading<Vec<(IpAddr, String)>>,
}

impl Default for Survey {
    /// All unknown.
    fn default() -> Self {
        Self {
            bridges: Reading::Unknown(Unread::NotTried),
            firewall: Reading::Unknown(Unread::NotTried),
            listeners: Reading::Unknown(Unread::NotTried),
            hosts: Reading::Unknown(Unread::NotTried),
        }
    }
}
