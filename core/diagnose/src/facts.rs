//! All that is known about one machine and its surroundings. Findings are derived from it.

use std::{net::IpAddr, time::SystemTime};

use vmkit_dhcp::{TestResult, Traffic};
use vmkit_model::Evidence;
use vmkit_scoring::Pick;
use vmkit_survey::Survey;
use vmkit_types::{Advice, HostNetwork, Reading, Witness};

use crate::machines::{Machine, Machines};

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

/// The facts behind the diagnosis of one machine. What was not looked at is unknown.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The present.
    pub now: SystemTime,
    /// The host's operating system.
    pub platform: Platform,
    /// The machine.
    pub machine: &'a Machine,
    /// All machines of the host, including this one.
    pub machines: &'a Machines,
    /// The host's network.
    pub network: Reading<&'a HostNetwork>,
    /// Bridges, firewall and listeners of the host.
    pub survey: &'a Survey,
    /// The evidence about this machine.
    pub evidence: Vec<&'a Evidence>,
    /// The pick that scoring made from it.
    pub pick: &'a Pick,
    /// The traffic captured at the machine's port.
    pub guest_traffic: Reading<&'a Traffic>,
    /// The traffic captured at the uplink.
    pub uplink_traffic: Reading<&'a Traffic>,
    /// The differential DHCP test.
    pub test: Reading<&'a [TestResult]>,
    /// The network's router.
    pub router: Reading<&'a Router>,
}
