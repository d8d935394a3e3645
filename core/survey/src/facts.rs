//! What is known of this computer's part in a machine's network.

use std::{net::IpAddr, time::Duration};

use vmkit_types::{Mac, Reading, Unread};

/// Whether a bridge passes the frames of a port on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortState {
    /// The port is off.
    Disabled,
    /// It waits, as the spanning tree protocol asks.
    Listening,
    /// It waits for the forward delay.
    Learning,
    /// It passes frames on.
    Forwarding,
    /// It passes nothing on.
    Blocking,
}

/// One member of a bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name of the interface.
    pub name: String,
    /// Whether it passes frames on.
    pub state: Reading<PortState>,
    /// It is kept apart from other isolated ports.
    pub isolated: Reading<bool>,
    /// It has a carrier.
    pub carrier: Reading<bool>,
}

/// One bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Name of the interface.
    pub name: String,
    /// The spanning tree protocol is on.
    pub spanning_tree: Reading<bool>,
    /// How long a new port is held back, for listening and for learning each.
    pub forward_delay: Reading<Duration>,
    /// Its members.
    pub ports: Vec<Port>,
}

/// What a firewall rule that drops is about.
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
    /// DHCP requests that would reach this computer's own server.
    DhcpToThisHost,
    /// ARP.
    Arp,
    /// Frames whose source is not one certain MAC.
    ForeignMac(Mac),
    /// Frames of one MAC.
    Mac(Mac),
    /// DHCP whose chaddr is not one certain MAC.
    ForeignChaddr(Mac),
    /// Frames to ff:ff:ff:ff:ff:ff.
    Broadcast,
    /// A part of the frames, by chance.
    AtRandom,
    /// Connections to the SSH port.
    Ssh,
}

/// One rule or policy that drops frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropRule {
    /// What it drops.
    pub drops: Drops,
    /// The interface that it is limited to, where it is; a `*` at the end stands for any ending.
    pub interface: Option<String>,
    /// Interfaces whose frames an earlier rule lets pass, so that this one never sees them.
    pub but_not: Vec<String>,
    /// How many frames it has dropped; `None`: it does not count.
    pub frames: Option<u64>,
    /// The rule as it stands, bounded and not escaped.
    pub text: String,
}

/// The firewall, as far as it concerns a machine's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firewall {
    /// Rules that drop.
    pub drops: Vec<DropRule>,
    /// Bridged frames go through the IP firewall (`bridge-nf-call-iptables`).
    pub bridged_frames_filtered: Option<bool>,
    /// macOS: the application firewall is on and keeps bootpd from answering, in its words.
    pub blocks_bootpd: Option<bool>,
    /// macOS: the application firewall blocks all incoming connections.
    pub blocks_all_incoming: Option<bool>,
    /// macOS: the firewall is managed, so its settings cannot be changed here.
    pub managed: Option<bool>,
}

/// A program that listens on UDP port 67.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The address that it is bound to; `None`: all.
    pub address: Option<IpAddr>,
    /// The interface that it is bound to, where that is told.
    pub interface: Option<String>,
    /// Name of the program, where it can be seen; bounded and not escaped.
    pub program: Option<String>,
}

/// All that was read of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Bridges and their ports.
    pub bridges: Reading<Vec<Bridge>>,
    /// The firewall.
    pub firewall: Reading<Firewall>,
    /// Who listens for DHCP requests. Empty: nobody.
    pub listeners: Reading<Vec<Listener>>,
    /// The hosts file: address and name of each entry.
    pub hosts: Reading<Vec<(IpAddr, String)>>,
}

impl Default for Survey {
    /// Nothing was looked at.
    fn default() -> Self {
        Self {
            bridges: Reading::Unknown(Unread::NotTried),
            firewall: Reading::Unknown(Unread::NotTried),
            listeners: Reading::Unknown(Unread::NotTried),
            hosts: Reading::Unknown(Unread::NotTried),
        }
    }
}
