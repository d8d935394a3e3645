//! All that is known about one machine and its surroundings. Findings are derived from it.

use std::{net::IpAddr, time::SystemTime};

use vmkit_attach::KnownRouter;
use vmkit_dhcp::{TestResult, Traffic};
use vmkit_inside::Inside;
use vmkit_model::{Evidence, Platform};
use vmkit_scoring::Pick;
use vmkit_survey::Survey;
use vmkit_types::{Advice, HostNetwork, Reading, Witness};

use crate::{
    comparison::Comparison,
    machines::{Machine, Machines},
};

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

/// Below this confidence it is open which router it is.
const SURE_ENOUGH: f64 = 0.5;
/// Below this confidence a remedy is a setting to look at, not a report of trouble with bridged
/// machines.
const REPORTED: f64 = 0.5;

impl Router {
    /// Which router it is and what is reported of it, if that is sure enough.
    pub fn known(&self) -> Option<KnownRouter> {
        let identity = self.identities.first().filter(|it| it.confidence >= SURE_ENOUGH)?;
        let report = self.remedies.first().filter(|remedy| remedy.confidence >= REPORTED);
        let report = report.map(|remedy| remedy.title.clone());
        Some(KnownRouter { name: identity.title.clone(), report })
    }
}

/// What the examination has done by now, with which rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examined {
    /// It had root's rights.
    pub privileged: bool,
    /// It was allowed to send.
    pub sent: bool,
    /// It unplugged the machine's virtual link.
    pub unplugged: bool,
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
    /// What all machines of the look send, are given and are called.
    pub comparison: &'a Comparison,
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
    /// What the guest said from inside.
    pub inside: Reading<&'a Inside>,
    /// The network's router.
    pub router: Reading<&'a Router>,
    /// What was done to learn this. Unknown for a snapshot, whose examination may be another user's.
    pub examined: Reading<Examined>,
}
