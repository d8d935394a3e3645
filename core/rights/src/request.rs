//! All that can be asked of the broker.

use serde::{Deserialize, Serialize};

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
    /// Run the system's tool for this. Its text goes to the socket that comes beside the request.
    Survey(SurveyPart),
    /// Run one command of a remedy.
    Remedy {
        /// The program's name and its arguments.
        words: Vec<String>,
    },
}

/// What root sees more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SurveyPart {
    /// The firewall's rules.
    Firewall,
    /// The programs that listen on UDP port 67.
    Listeners,
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
    /// It was not done.
    Refused(crate::Refusal),
}
