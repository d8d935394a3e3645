//! All that is known of one machine and its surroundings: what findings are derived from.

use std::{net::IpAddr, time::SystemTime};

use vmkit_dhcp::{TestResult, Traffic};
use vmkit_model::Evidence;
use vmkit_scoring::Pick;
use vmkit_survey::Survey;
use vmkit_types::{Advice, HostNetwork, Mac, NetworkMode, Reading, Witness};

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

/// The network's router, as the advice plugins describe it. Their texts are not to be trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Router {
    /// Its address.
    pub address: Option<IpAddr>,
    /// Which router it may be, the surest answer first.
    pub identities: Vec<Advice>,
    /// Settings that may keep bridged machines from an address, the surest first.
    pub remedies: Vec<Advice>,
    /// What it reports about machines.
    pub witnesses: Vec<Witness>,
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
