//! The result of scoring: candidates, their ledgers and a verdict.

use std::{fmt, net::IpAddr, time::Duration};

use vmkit_model::Evidence;
use vmkit_types::Mac;

use crate::Unchecked;

/// How sure vmkit is of a machine's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// One address is likely enough to be used.
    Resolved,
    /// One address is likely enough to be shown, and marked.
    Probable,
    /// There are candidates and none is likely enough to be shown.
    Ambiguous,
    /// It most likely has no usable address.
    NoAddress,
    /// It does not run.
    NotRunning,
    /// Nobody looked, or not everybody who could have found its address.
    NotChecked,
}

/// What is remarkable about a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// The guest gave it to itself, for nobody else did.
    LinkLocal,
    /// What speaks for it is old, and nobody was seen answering there.
    Stale,
    /// It is tied to the MACs of two machines.
    DuplicateIp,
    /// The machine's MAC is also that of another one.
    DuplicateMac,
    /// It is in no network of the host's own.
    OffSubnet,
    /// It is the gateway of a default route.
    Gateway,
    /// It is an address of the host.
    Host,
    /// A MAC that is not the machine's was seen there.
    MacMismatch,
    /// Nothing but the guest's own words ties it to the machine.
    GuestClaimOnly,
}

/// What scoring says of one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// How sure it is.
    pub verdict: Verdict,
    /// The address, where the verdict is resolved or probable.
    pub address: Option<IpAddr>,
    /// Its probability.
    pub confidence: Option<f64>,
    /// All addresses that were named: first the family of the pick, then the likeliest (of IPv6 the
    /// farthest reaching of those that are about as sure). "No address" and the IPv4 addresses have
    /// probability 1 together, unless the machine answers at several at once.
    pub candidates: Vec<Candidate>,
    /// Probability of "no address" within the family of the pick; 1 where there are no candidates.
    pub none_probability: f64,
    /// Evidence about the machine as a whole. Its weight is part of every candidate's.
    pub about_machine: Vec<Entry>,
    /// What a person should know beside the verdict; contains names of machines as they are.
    pub notes: Vec<String>,
    /// Sources that could not be read for this machine.
    pub unread: Vec<Evidence>,
    /// What kept its address from being looked for, where somebody wanted it.
    pub unchecked: Option<Unchecked>,
}

/// One address that the machine may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The address.
    pub address: IpAddr,
    /// Probability that it is the machine's; 0 for one that is struck out.
    pub probability: f64,
    /// The index of the machine's card that has the address, where the machine has several and
    /// the evidence names its MAC, or the address is in the network of one card alone.
    pub card: Option<usize>,
    /// What is remarkable about it, in a fixed order.
    pub flags: Vec<Flag>,
    /// The evidence, the weightiest first, then what was not counted.
    pub ledger: Vec<Entry>,
    /// Why its prior is low.
    pub doubt: Option<Doubt>,
    /// Why it was not considered.
    pub struck_out: Option<StruckOut>,
}

/// One piece of evidence in the account of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The evidence itself.
    pub evidence: Evidence,
    /// What it adds to the logit: a natural logarithm, after decay, group share and cap.
    pub weight: f64,
    /// How old it is: since it was true where the source tells, else since it was received.
    pub age: Duration,
    /// Why it does not count; `None`: it does.
    pub why_not: Option<WhyNot>,
}

/// Why the prior of a candidate is low.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The reason, in plain words.
    pub says: String,
    /// What it adds to the logit.
    pub weight: f64,
}

/// Why an address cannot be the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StruckOut {
    /// It is an address of the host.
    Host,
    /// It is the gateway of a default route.
    Gateway,
    /// It names a whole network.
    Network,
    /// It reaches a whole network.
    Broadcast,
    /// It never leaves the machine.
    Loopback,
    /// It is a group's.
    Multicast,
    /// It is the absence of an address.
    Unspecified,
    /// Nothing that counts ties it to the machine.
    Unsupported,
}

/// Why a piece of evidence does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The table of weights gives its kind no weight.
    NoWeight,
    /// It was true this long before the present boot.
    BeforeBoot(Duration),
    /// The same source has said the same, or another state of the same thing, more recently.
    Superseded,
    /// It names this MAC, which is not the machine's.
    ForeignMac(Mac),
    /// The address was found on another interface.
    OtherInterface,
    /// That MAC is of another card of the same machine.
    OwnCard(Mac),
    /// That MAC answers for many addresses: a host that translates MACs, or a router's proxy ARP.
    AnswersForMany(Mac),
    /// That MAC is of the host's Wi-Fi, which stands for the MACs of all machines bridged with it.
    Translated(Mac),
    /// It is of a DHCP server that a bridged machine does not ask.
    OtherMode,
    /// Whether the server that it is about serves the machine's network is not known.
    NotServed,
    /// The machine had just been started and may not have been up.
    TooEarly,
    /// The machine itself was just seen at the address.
    SeenThere,
}

impl Verdict {
    /// The word for it in documents.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Probable => "probable",
            Self::Ambiguous => "ambiguous",
            Self::NoAddress => "no-address",
            Self::NotRunning => "not-running",
            Self::NotChecked => "not-checked",
        }
    }
}

impl Flag {
    /// The word for it in documents.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LinkLocal => "link-local",
            Self::Stale => "stale",
            Self::DuplicateIp => "duplicate-ip",
            Self::DuplicateMac => "duplicate-mac",
            Self::OffSubnet => "off-subnet",
            Self::Gateway => "gateway",
            Self::Host => "host",
            Self::MacMismatch => "mac-mismatch",
            Self::GuestClaimOnly => "guest-claim-only",
        }
    }
}

impl Pick {
    /// Of a machine whose address nobody looked for.
    pub fn not_checked() -> Self {
        Self::without_address(Verdict::NotChecked)
    }

    /// Of a machine that does not run.
    pub fn not_running() -> Self {
        Self::without_address(Verdict::NotRunning)
    }

    fn without_address(verdict: Verdict) -> Self {
        Self {
            verdict,
            address: None,
            confidence: None,
            candidates: Vec::new(),
            none_probability: 1.0,
            about_machine: Vec::new(),
            notes: Vec::new(),
            unread: Vec::new(),
            unchecked: None,
        }
    }
}

impl Pick {
    /// The candidate that was picked.
    pub fn picked(&self) -> Option<&Candidate> {
        let address = self.address?;
        self.candidates.iter().find(|candidate| candidate.address == address)
    }
}

impl Entry {
    /// Whether it counts.
    pub fn counted(&self) -> bool {
        self.why_not.is_none()
    }
}

impl fmt::Display for StruckOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "an address of this computer",
            Self::Gateway => "the address of the gateway",
            Self::Network => "the address of a whole network",
            Self::Broadcast => "a broadcast address",
            Self::Loopback => "a loopback address",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "the unspecified address",
            Self::Unsupported => "nothing that counts ties it to the machine",
        })
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWeight => f.write_str("its kind has no weight"),
            Self::BeforeBoot(by) => write!(f, "seen {} s before this boot", by.as_secs()),
            Self::Superseded => f.write_str("the same source has said something newer"),
            Self::ForeignMac(mac) => write!(f, "{mac} is not the machine's MAC"),
            Self::OtherInterface => f.write_str("the address was found on another interface"),
            Self::OwnCard(mac) => write!(f, "{mac} is another network card of the machine itself"),
            Self::AnswersForMany(mac) => write!(
                f,
                "{mac} answers for several addresses: translated MACs or proxy ARP, which tell \
                 nothing of who is behind"
            ),
            Self::Translated(mac) => {
                write!(
                    f,
                    "{mac} is this computer's on Wi-Fi, and stands for every bridged machine's"
                )
            }
            Self::OtherMode => {
                f.write_str("a lease of the shared network says nothing about a bridged run")
            }
            Self::NotServed => {
                f.write_str("the machine is not known to ask a DHCP server of this computer")
            }
            Self::TooEarly => f.write_str("the machine may not have been up yet"),
            Self::SeenThere => f.write_str("the machine's MAC was just seen there"),
        }
    }
}
