//! All that is known of one machine and its surroundings: what findings are derived from.

use std::{net::IpAddr, time::SystemTime};

use vmkit_dhcp::{TestResult, Traffic};
use vmkit_model::Evidence;
use vmkit_scoring::Pick;
use vmkit_survey::Survey;
use vmkit_types::{HostNetwork, Mac, NetworkMode, Reading};

/// The operating system of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Another one, or not recorded.
    Unknown,
}

/// What the process of a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Process {
    /// None.
    Stopped,
    /// None any more, and it was not shut down.
    Crashed,
    /// QEMU keeps the guest from running.
    Paused,
    /// It runs.
    Running,
}

/// One machine, as its manager and its process tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// What its process does.
    pub process: Reading<Process>,
    /// When its process started.
    pub started_at: Option<SystemTime>,
    /// Whether QEMU holds its virtual link up.
    pub link_up: Reading<bool>,
    /// Its MACs.
    pub macs: Vec<Mac>,
    /// The MAC that the registry records.
    pub recorded_mac: Reading<Mac>,
    /// The guide's word for how it is connected.
    pub mode: Option<NetworkMode>,
    /// The interface or bridge of the host that it is on.
    pub interface: Option<String>,
    /// The host's end of its cable.
    pub port: Option<String>,
}

/// Which router the network has, as the advice plugins tell, and what it says itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Router {
    /// Its address.
    pub address: Option<IpAddr>,
    /// Which one it is, the surest answer first.
    pub identities: Vec<RouterIdentity>,
    /// Whether its own device list holds the machine.
    pub lists_machine: Option<bool>,
    /// Whether its own device list has the machine as blocked.
    pub blocks_machine: Option<bool>,
    /// Settings that are reported to keep bridged machines from an address.
    pub remedies: Vec<RouterRemedy>,
    /// Somebody else than the site that was asked answered over HTTP.
    pub web_hijacked: Option<bool>,
}

/// One answer to which router it is.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterIdentity {
    /// Such as `bt-smart-hub-2`.
    pub id: String,
    /// Such as `BT Smart Hub 2`; of a plugin, so not to be trusted.
    pub name: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// The facts that led to it; of a plugin, so not to be trusted.
    pub because: Vec<String>,
}

/// What can be done at the router; of a plugin, so not to be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterRemedy {
    /// Such as `bt-smart-setup-mode-2`.
    pub id: String,
    /// One line.
    pub title: String,
    /// What to do, step by step.
    pub steps: Vec<String>,
    /// How sure it is that this helps, from 0 to 1, and where that is known from.
    pub confidence: f64,
    /// Where it is known from.
    pub because: Vec<String>,
}

/// Everything that the diagnosis of one machine rests on. What was not looked at is unknown.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The present.
    pub now: SystemTime,
    /// The host's operating system.
    pub platform: Platform,
    /// The machine.
    pub machine: &'a Machine,
    /// All machines that run, this one among them.
    pub machines: &'a [Machine],
    /// The host's network.
    pub network: Reading<&'a HostNetwork>,
    /// Bridges, firewall and listeners of the host.
    pub survey: &'a Survey,
    /// What the signals said of this machine.
    pub evidence: Vec<&'a Evidence>,
    /// What scoring makes of that.
    pub pick: &'a Pick,
    /// What passed the machine's port.
    pub guest_traffic: Reading<&'a Traffic>,
    /// What passed the uplink.
    pub uplink_traffic: Reading<&'a Traffic>,
    /// The differential DHCP test.
    pub test: Reading<&'a [TestResult]>,
    /// The network's router.
    pub router: Reading<&'a Router>,
}
