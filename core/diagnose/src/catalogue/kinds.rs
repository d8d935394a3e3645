//! What findings, causes, remedies and tests consist of.

use super::stops::Stops;
use crate::{FindingCode, circumstance::Circumstance};

/// Whether a finding is a fault in itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Only together with another finding that is.
    #[default]
    Never,
    /// Yes, even if the machine has a usable address.
    Always,
    /// Yes, unless the machine's SSH server answers at its address.
    UnlessReached,
}

/// How much a finding counts while the guest is still booting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhileBooting {
    /// As much as after the boot.
    #[default]
    Counts,
    /// Not until the guest has tried its network: before, it is present in any boot.
    UntilNetwork,
    /// Not until the boot has ended: before, it is present in any boot.
    UntilEnd,
    /// As much as after the boot, and it shows that the guest has tried its network.
    ShowsNetwork,
    /// It is the boot itself; no cause produces it.
    IsBoot,
}

/// How long boots take.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BootTimes {
    pub(crate) limit_s: u64,
    pub(crate) address: BootPhase,
    pub(crate) ssh: BootPhase,
    pub(crate) sources: Vec<String>,
}

/// One part of a boot.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BootPhase {
    pub(crate) awaited: String,
    pub(crate) usual: String,
    pub(crate) sources: Vec<String>,
}

/// The description of a finding.
#[derive(Clone, Debug)]
pub struct FindingKind {
    /// Its code.
    pub code: FindingCode,
    /// What its presence means, in one sentence without a full stop.
    pub present: String,
    /// What its absence means.
    pub absent: String,
    /// Where it is read from.
    pub source: String,
    /// The right that it needs on a live run.
    pub needs: Option<String>,
    /// Whether it is a fault in itself.
    pub fault: Fault,
    /// How much it counts during a boot.
    pub while_booting: WhileBooting,
    /// It settles the question: what a guest does in the next seconds changes nothing about it.
    pub(crate) decisive: bool,
    /// How often it is present without any fault, from 0 to 1.
    pub(crate) leak: f64,
    /// How often a fault that no cause covers produces it, from 0 to 1.
    pub(crate) by_unknown: f64,
}

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The system inside the machine.
    Guest,
    /// The machine itself: its process and its registration.
    Vm,
    /// This computer.
    Host,
    /// The wireless link.
    Wifi,
    /// The network's router.
    Router,
    /// A DHCP server, or the path to it.
    Dhcp,
    /// The machine's address, or what is known about it.
    Address,
}

/// One cause. Its code is a contract.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Its code.
    pub code: &'static str,
    /// The fault, in one line.
    pub title: String,
    /// Where a fault is.
    pub layer: Layer,
    /// Why it happens.
    pub why: String,
    /// How it shows.
    pub shows: String,
    /// How it differs from similar causes.
    pub apart: String,
    /// The sources of all this.
    pub sources: Vec<String>,
    /// Codes of causes that are mere consequences of this one.
    pub explains: Vec<String>,
    /// Where it stops frames. `None`: its file does not say, which a test rules out.
    pub stops: Option<Stops>,
    pub(crate) prior: f64,
    /// Factors of the prior where a circumstance holds.
    pub(crate) given: Vec<(Circumstance, f64)>,
    /// How often it produces a finding, from 0 to 1.
    pub(crate) produces: Vec<(FindingCode, f64)>,
    /// How likely a remedy helps: index and probability.
    pub(crate) remedies: Vec<(usize, f64)>,
}

/// How much a remedy can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// It disturbs nothing that is in use.
    None,
    /// It interrupts only the machine.
    Low,
    /// It interrupts others for a while, or weakens a protection a little.
    Medium,
    /// It can cut this computer or others off, or loses data.
    High,
}

/// Where a remedy changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Inside the machine.
    Guest,
    /// How the machine is run.
    Vm,
    /// This computer.
    Host,
    /// The router.
    Router,
}

/// The description of a remedy. Its texts hold placeholders such as `{uplink}`.
#[derive(Clone, Debug)]
pub(crate) struct RemedyKind {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) steps: Vec<String>,
    pub(crate) command: Vec<String>,
    pub(crate) then: Vec<Vec<String>>,
    pub(crate) risk: Risk,
    pub(crate) risk_says: String,
    pub(crate) scope: Scope,
    pub(crate) undo: String,
    /// The finding to measure again afterwards.
    pub(crate) measures: FindingCode,
    /// What advice plugins propose for this network's router takes its place.
    pub(crate) replaced_by_advice: bool,
    /// Circumstances that must hold, as far as they are known.
    pub(crate) only: Vec<Circumstance>,
}

/// The part of an examination that does a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Means {
    /// Each examination reads it.
    Look,
    /// Each examination that may send does it.
    Probes,
    /// Asking DHCP servers for offers.
    OfferTest,
    /// Capturing for as long as the test takes.
    Watch,
    /// Unplugging the machine's virtual link.
    Unplug,
    /// A person does it.
    Person,
}

/// The description of a test that would find out more.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) cost_ms: u64,
    pub(crate) needs: Vec<String>,
    pub(crate) command: Vec<String>,
    pub(crate) means: Means,
    /// The findings that it reveals.
    pub(crate) reveals: Vec<FindingCode>,
    pub(crate) only: Vec<Circumstance>,
}

impl Test {
    /// Whether it makes sense where these circumstances hold.
    pub(crate) fn is_possible(&self, holding: &[Circumstance]) -> bool {
        self.only.iter().all(|circumstance| circumstance.is_possible(holding))
    }
}

impl Layer {
    /// Its name in the data and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Vm => "vm",
            Self::Host => "host",
            Self::Wifi => "wifi",
            Self::Router => "router",
            Self::Dhcp => "dhcp",
            Self::Address => "address",
        }
    }
}

impl Risk {
    /// Its name in the data and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Scope {
    /// Its name in the data and in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Vm => "vm",
            Self::Host => "host",
            Self::Router => "router",
        }
    }

    /// What is changed there, as the end of "it changes …".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Guest => "the system in the VM",
            Self::Vm => "how the VM is run",
            Self::Host => "this computer",
            Self::Router => "the router",
        }
    }
}
