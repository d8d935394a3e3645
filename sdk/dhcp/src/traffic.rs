//! What one capture point saw.

use std::{collections::BTreeMap, net::Ipv4Addr, time::SystemTime};

use vmkit_types::Mac;

use crate::Message;

/// All messages of one transaction, in their order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Transaction id.
    pub xid: u32,
    /// The client's hardware address.
    pub chaddr: Mac,
    /// Never empty.
    pub messages: Vec<Message>,
}

/// One ARP frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// When it passed.
    pub at: SystemTime,
    /// It answers; else it asks.
    pub reply: bool,
    /// Hardware address of who sends it, from the ARP payload.
    pub sender_mac: Mac,
    /// Address of who sends it; `None` in a probe for conflicts, which gives 0.0.0.0.
    pub sender: Option<Ipv4Addr>,
    /// The address that is asked for, or whose owner is answered.
    pub target: Ipv4Addr,
}

/// What a capture saw at one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From the first look to the last; `None`: the file does not tell and holds no frame.
    pub span: Option<(SystemTime, SystemTime)>,
    /// DHCP transactions, by the time of their first message.
    pub exchanges: Vec<Exchange>,
    /// ARP frames, by time.
    pub arp: Vec<Arp>,
    /// How many frames of any kind each source MAC sent.
    pub frames_by_source: BTreeMap<Mac, u64>,
    /// Frames that were captured and could not be understood.
    pub malformed: u64,
    /// Frames that the capture lost; `None`: not told.
    pub lost: Option<u64>,
}
