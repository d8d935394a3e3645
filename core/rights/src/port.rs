//! Ports of this computer's networks, in requests and answers.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// Where a machine is to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortRequest {
    /// To this bridge, by a tap.
    Bridge(String),
    /// To the network of a wired adapter, by a macvtap.
    Adapter {
        /// The adapter.
        uplink: String,
        /// The machine's MAC.
        mac: [u8; 6],
    },
    /// To the network that machines share, which begins with its first port.
    Shared,
}

/// The network of this computer's own that machines share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedNetwork {
    /// The bridge.
    pub bridge: String,
    /// This computer's address on it.
    pub gateway: Ipv4Addr,
    /// The length of the network's prefix.
    pub prefix: u8,
    /// Why it is not the usual network, as a clause.
    pub moved_because: Option<String>,
    /// What of this computer's network overlaps it since it began, as a clause. It moves once no machine
    /// is on it.
    pub overlaps: Option<String>,
    /// What may keep its machines from an address or from the network beyond, as sentences.
    pub warnings: Vec<String>,
}

/// A port that the broker made. Its descriptor comes beside the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortReply {
    /// The interface.
    pub port: String,
    /// How long the bridge passes no frames on, in milliseconds.
    pub forwards_after_ms: u64,
    /// The network that it is on, if it is the shared one.
    pub shared: Option<SharedNetwork>,
}
