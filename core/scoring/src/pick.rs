//! The result of scoring: candidates, their ledgers and a verdict.

use std::{fmt, net::IpAddr, time::Duration};

use vmkit_model::{Evidence, Power};
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
    /// Its address was not looked for, or signals that could have found it failed.
    NotChecked,
}

/// A property of a candidate that a reader should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// The guest gave it to itself, since DHCP failed.
    LinkLocal,
    /// The evidence for it is old, and it did not answer.
    Stale,
    /// It is tied to the MACs of two machines.
    DuplicateIp,
    /// Another machine has the same MAC.
    DuplicateMac,
    /// It is in no network of the host.
    OffSubnet,
    /// It is the gateway of a default route.
    Gateway,
    /// It is an address of the host.
    Host,
    /// A MAC that is not the machine's was seen there.
    MacMismatch,
    /// Only the guest itself names it, perhaps beside plugins' own claims.
    GuestClaimOnly,
    /// Only plugins' own claims name it.
    PluginClaimOnly,
}

/// The result of scoring for one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// How sure the address is.
    pub verdict: Verdict,
    /// The address, if the verdict is resolved or probable.
    pub address: Option<IpAddr>,
    /// Its probability.
    pub confidence: Option<f64>,
    /// All addresses that were named: first the family of the pick, then by probability (IPv6:
    /// among about equal ones, the address with the greatest scope first). The probabilities of "no
    /// address" and of the IPv4 addresses of one card add up to 1, unless the machine answers at
    /// several at once.
    pub candidates: Vec<Candidate>,
    /// Probability of "no address" within the family of the pick; 1 without candidates.
    pub none_probability: f64,
    /// Evidence about the machine as a whole. Its weight is part of every candidate's.
    pub about_machine: Vec<Entry>,
    /// Remarks for people. Contains names of machines, which must be escaped.
    pub notes: Vec<String>,
    /// Sources that could not be read for this machine.
    pub unread: Vec<Evidence>,
    /// Why its address was not looked for, if it should have been.
    pub unchecked: Option<Unchecked>,
}

/// One address that the machine may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The address.
    pub address: IpAddr,
    /// Probability that it is the machine's; 0 for one that is struck out.
    pub probability: f64,
    /// The probability without plugins' own claims; at most `probability`.
    pub unclaimed: f64,
    /// The index of the machine's card that has the address. Known if the machine has several cards
    /// and the evidence names the MAC of one, or the address is in the network of one alone.
    pub card: Option<usize>,
    /// Its properties, in a fixed order.
    pub flags: Vec<Flag>,
    /// It is on a link of the host that a machine can be on.
    pub on_link: bool,
    /// It may be another machine's or another host's.
    pub contested: bool,
    /// The evidence: the greatest weight first, then what was not counted.
    pub ledger: Vec<Entry>,
    /// Why its prior is low.
    pub doubt: Option<Doubt>,
    /// Why it was not considered.
    pub struck_out: Option<StruckOut>,
}

/// One piece of evidence in a ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The evidence itself.
    pub evidence: Evidence,
    /// Its contribution to the logit: a natural logarithm, after decay, group share and cap.
    pub weight: f64,
    /// Time since it was true if the source gives that, or else since it was received.
    pub age: Duration,
    /// Why it does not count; `None`: it counts.
    pub why_not: Option<WhyNot>,
}

/// Why the prior of a candidate is low.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The reason, in plain words.
    pub says: String,
    /// Its contribution to the logit.
    pub weight: f64,
}

/// Why an address cannot be the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StruckOut {
    /// It is an address of the host.
    Host,
    /// It is the gateway of a default route.
    Gateway,
    /// It is the address of a network.
    Network,
    /// It is a broadcast address.
    Broadcast,
    /// It is a loopback address.
    Loopback,
    /// It is a multicast address.
    Multicast,
    /// It is the unspecified address.
    Unspecified,
    /// No counted evidence ties it to the machine.
    Unsupported,
}

/// Why a piece of evidence does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The table of weights gives its kind no weight.
    NoWeight,
    /// It is older than the present boot, by this much.
    BeforeBoot(Duration),
    /// The same source reported the same, or another state of the same thing, more recently.
    Superseded,
    /// It names this MAC, which is not the machine's.
    ForeignMac(Mac),
    /// The address was found on another interface.
    OtherInterface,
    /// This MAC is that of another card of the same machine.
    OwnCard(Mac),
    /// This MAC answers for many addresses: a host that translates MACs, or a router's proxy ARP.
    AnswersForMany(Mac),
    /// This MAC is that of the host's Wi-Fi, which replaces the MACs of bridged machines.
    Translated(Mac),
    /// It comes from a DHCP server that a bridged machine does not ask.
    OtherMode,
    /// It comes from a DHCP server that may not serve the machine's network.
    NotServed,
    /// The machine had just been started and may still have been booting.
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
            Self::PluginClaimOnly => "plugin-claim-only",
        }
    }
}

impl Pick {
    /// The pick of a machine whose address was not looked for.
    pub fn not_checked() -> Self {
        Self::without_address(Verdict::NotChecked)
    }

    /// The pick of a machine that does not run.
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
    /// The verdict as it is shown for a machine in this state. A machine is called not running only if its state
    /// is known.
    pub fn verdict_of(&self, power: Power) -> Verdict {
        match (self.verdict, power) {
            (Verdict::NotRunning, Power::Unknown) => Verdict::NotChecked,
            (verdict, _) => verdict,
        }
    }

    /// The candidate that was picked.
    pub fn picked(&self) -> Option<&Candidate> {
        let address = self.address?;
        self.candidates.iter().find(|candidate| candidate.address == address)
    }
}

impl Candidate {
    /// Whether it would be less likely than this without plugins' own claims.
    pub(crate) fn rests_on_claims(&self, least: f64) -> bool {
        self.probability >= least && self.unclaimed < least
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
            Self::Unsupported => "no counted evidence ties it to the VM",
        })
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWeight => f.write_str("its kind has no weight"),
            Self::BeforeBoot(by) => write!(f, "seen {} s before this boot", by.as_secs()),
            Self::Superseded => f.write_str("the same source reported something newer"),
            Self::ForeignMac(mac) => write!(f, "{mac} is not the VM's MAC"),
            Self::OtherInterface => f.write_str("the address was found on another interface"),
            Self::OwnCard(mac) => write!(f, "{mac} is another network card of the VM itself"),
            Self::AnswersForMany(mac) => write!(
                f,
                "{mac} answers for several addresses: translated MACs or proxy ARP, which do not \
                 show who has an address"
            ),
            Self::Translated(mac) => {
                write!(
                    f,
                    "{mac} is the MAC of this computer's Wi-Fi, which replaces those of bridged VMs"
                )
            }
            Self::OtherMode => {
                f.write_str("a lease of the shared network says nothing about a bridged VM")
            }
            Self::NotServed => f.write_str("the VM may not use a DHCP server of this computer"),
            Self::TooEarly => f.write_str("the VM may still have been booting"),
            Self::SeenThere => f.write_str("the VM's MAC was just seen there"),
        }
    }
}
