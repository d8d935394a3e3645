//! All that can be asked of the broker.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use vmkit_state::{FileHash, TrustedPlugin};

use crate::MonitorCommand;

/// One thing to do. Each travels on a socket of its own, which also carries the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Capture DHCP and ARP at this interface. The frames go to the socket that comes beside the
    /// request, until its other end is shut down.
    Capture {
        /// The interface.
        interface: String,
    },
    /// Send one DISCOVER.
    Discover(DiscoverRequest),
    /// Ask by ARP who has addresses.
    WhoHas(WhoHasRequest),
    /// Ask several times by ARP for one address, and count the answers.
    CountArp(CountArpRequest),
    /// Run the system's tool for this. Its text goes to the socket that comes beside the request.
    Survey(SurveyPart),
    /// Replace the system's hosts file, if its contents have this SHA-256. The new contents come from
    /// the socket that comes beside the request.
    Hosts {
        /// The digest of the contents that the change was made for.
        base: [u8; 32],
    },
    /// Restore the hosts file's backup, if its contents have this SHA-256.
    UndoHosts {
        /// The digest of the contents.
        base: [u8; 32],
    },
    /// Bind a TCP and a UDP socket at port 53 of this loopback address. They come beside the answer, in
    /// this order.
    Listen {
        /// The address.
        address: IpAddr,
    },
    /// Make the system's resolver ask a server for names below a domain, or no longer.
    Resolver {
        /// The domain.
        suffix: String,
        /// The loopback address of the server, port 53. `None`: undo it.
        server: Option<IpAddr>,
    },
    /// Change root's lock of plugins.
    PluginLock(PluginLockChange),
    /// Run one command of a remedy.
    Remedy {
        /// The program's name and its arguments.
        words: Vec<String>,
    },
    /// Which program a QEMU of root's or of the user's runs, and where.
    Process {
        /// Its number.
        pid: u32,
    },
    /// Say this to the monitor of a QEMU of root's. What it answers goes to the socket that comes beside
    /// the request.
    Monitor {
        /// The QEMU's number.
        pid: u32,
        /// The monitor's socket.
        path: PathBuf,
        /// What to say.
        command: MonitorCommand,
    },
    /// Ask the guest agent of a QEMU of root's. Its reply goes to the socket that comes beside the
    /// request.
    GuestAgent {
        /// The QEMU's number.
        pid: u32,
        /// The channel's socket.
        path: PathBuf,
        /// The command's name in the agent's protocol.
        command: String,
        /// How long the agent may take.
        patience_ms: u64,
    },
    /// Have the guest agent of a QEMU of root's run the script that looks at its guest's network. Its last
    /// reply goes to the socket that comes beside the request.
    GuestInside {
        /// The QEMU's number.
        pid: u32,
        /// The channel's socket.
        path: PathBuf,
        /// How long the script may take.
        patience_ms: u64,
    },
    /// Open a file of a manager, of the broker's table, for reading. The descriptor comes beside the
    /// answer.
    ManagerFile {
        /// The file.
        path: PathBuf,
    },
    /// List the files of a manager that match this pattern of the broker's table.
    ManagerFiles {
        /// The pattern.
        pattern: String,
    },
    /// Open the console log of a QEMU of root's for reading. The descriptor comes beside the answer.
    Console {
        /// The QEMU's number.
        pid: u32,
        /// The log.
        path: PathBuf,
    },
    /// Make a port of a network for a machine. Its descriptor comes beside the answer.
    Port(crate::PortRequest),
}

/// A change of the plugins that root agrees to, for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginLockChange {
    /// Agree to this one. The broker sets the time.
    Trust(Box<TrustedPlugin>),
    /// Take back what was agreed to about the file with this hash.
    Untrust(FileHash),
}

/// What the kernel knows of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// The file of its program.
    pub program: PathBuf,
    /// The owner of that file.
    pub program_owner: u32,
    /// Whether users who are neither its owner nor root may write to that file.
    pub writable_by_others: bool,
    /// Its resolved working directory, if known.
    pub working_directory: Option<PathBuf>,
    /// The ports of machines that it holds open.
    pub ports: Vec<PortFacts>,
}

/// A port that a process holds open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortFacts {
    /// The number of the descriptor.
    pub descriptor: u32,
    /// The name of the interface.
    pub name: String,
    /// The adapter that a macvtap is on.
    pub uplink: Option<String>,
}

/// What root sees more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurveyPart {
    /// The firewall's rules.
    Firewall,
    /// The rules of nftables as a document.
    FirewallDocument,
    /// The programs that listen on UDP port 67.
    Listeners,
    /// The DHCP servers that run here, as a document of what their configurations, leases and logs say.
    DhcpServers,
}

/// A DISCOVER for the offer test. Its transaction id is the broker's, so that captures know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoverRequest {
    /// Where to send it.
    pub interface: String,
    /// The client's hardware address, six octets.
    pub chaddr: [u8; 6],
    /// Whether to ask for replies by broadcast.
    pub broadcast: bool,
    /// Option 61, as it is on the wire.
    pub client_id: Option<Vec<u8>>,
}

/// Who has which address, asked by ARP. The broker asks only for other hosts of the interfaces' own
/// networks, for a limited number of them and at a limited rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoHasRequest {
    /// The interfaces, each with addresses.
    pub asked: Vec<(String, Vec<Ipv4Addr>)>,
    /// Milliseconds until the answer is of no use.
    pub patience_ms: u64,
}

/// How many ARP requests for an address are answered. The broker asks only for another host of the
/// interface's own networks, 64 times at most and 50 times a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountArpRequest {
    /// The interface.
    pub interface: String,
    /// The address.
    pub address: Ipv4Addr,
    /// How often to ask.
    pub requests: u32,
}

/// What the broker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// It was begun or done.
    Done,
    /// The DISCOVER was sent with this transaction id.
    Sent {
        /// The transaction id.
        xid: u32,
    },
    /// The command was run.
    Ran(crate::CommandResult),
    /// The resolver's files were written or removed.
    Resolver(ResolverReply),
    /// Who has the addresses: each answer as the names and values of an `ArpAnswer`.
    Holders(Vec<Vec<(String, String)>>),
    /// How many ARP requests were sent, and how many were answered.
    Counted {
        /// Requests that were sent.
        asked: u32,
        /// Requests that were answered.
        answered: u32,
    },
    /// The paths of files.
    Paths(Vec<String>),
    /// What became of the hosts file.
    Hosts(HostsReply),
    /// What the kernel knows of the process; `None`: it is no QEMU of root's or of the user's.
    Process(Option<ProcessFacts>),
    /// The port was made.
    Port(Box<crate::PortReply>),
    /// It was not done.
    Refused(crate::Refusal),
}

/// What became of the system's hosts file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostsReply {
    /// It has other contents than the change was made for, and was left alone.
    Changed,
    /// It was written.
    Written {
        /// By overwriting, since a new file could not take its place.
        in_place: bool,
        /// The commands that emptied the resolvers' caches, each with its failure.
        caches: Vec<(String, Result<(), String>)>,
    },
}

/// What became of the resolver's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolverReply {
    /// The files that were written or removed.
    pub files: Vec<PathBuf>,
    /// Whether the resolver reads them now, or why it could not be restarted. `None`: it needs no
    /// restart.
    pub restarted: Option<Result<(), String>>,
}
