//! What was gathered for a diagnosis.

use std::collections::BTreeMap;

use vmkit_dhcp::{Ladder, TestResult, Traffic};
use vmkit_diagnose::{Examined, Omission, Router};
use vmkit_gateway::GatewayReplies;
use vmkit_inside::{Inside, Way};
use vmkit_model::{Machine, PluginOutcome, Problem};
use vmkit_platform::SurveyTexts;
use vmkit_survey::Survey;
use vmkit_types::{Reading, Unread};

use crate::{inside::GuestAnswer, offers::OfferTest, watch::Capture};

/// Everything that a diagnosis adds to the signals.
#[derive(Debug)]
pub struct Gathered {
    /// Bridges, firewall, listeners and the hosts file.
    pub survey: Survey,
    /// The texts that the survey was read from.
    pub texts: Reading<SurveyTexts>,
    /// DHCP and ARP at both ends.
    pub captures: Captures,
    /// The offer test of each machine, by name.
    pub tests: BTreeMap<String, Reading<OfferTest>>,
    /// What the guests said from inside, by name.
    pub inside: BTreeMap<String, GuestAnswer>,
    /// What the gateway answered.
    pub replies: Reading<GatewayReplies>,
    /// The network's router, as the advice plugins describe it.
    pub router: Reading<Router>,
    /// How the advice plugins fared.
    pub outcomes: Vec<PluginOutcome>,
    /// Steps that were skipped.
    pub omissions: Vec<Omission>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// A machine was given an address during the captures, so the look before them is outdated.
    pub address_given: bool,
    /// How many guests without an address could be seen to ask for one.
    pub awaited: usize,
    /// What was done for it. Unknown for a snapshot.
    pub examined: Reading<Examined>,
}

/// The captures for each machine.
#[derive(Debug, Default)]
pub struct Captures {
    /// At the port of each machine, by its name.
    pub guests: BTreeMap<String, Reading<Capture>>,
    /// At each uplink, by interface.
    pub uplinks: BTreeMap<String, Reading<Capture>>,
    /// The uplink of each machine.
    pub uplink_of: BTreeMap<String, String>,
}

/// The DHCP of one machine.
#[derive(Debug)]
pub struct Dhcp {
    /// Its messages on both sides of this computer.
    pub ladder: Reading<Ladder>,
    /// The offers for different hardware addresses.
    pub test: Reading<Vec<TestResult>>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            survey: Survey::default(),
            texts: Reading::Unknown(Unread::NotTried),
            captures: Captures::default(),
            tests: BTreeMap::new(),
            inside: BTreeMap::new(),
            replies: Reading::Unknown(Unread::NotTried),
            router: Reading::Unknown(Unread::NotTried),
            outcomes: Vec::new(),
            omissions: Vec::new(),
            problems: Vec::new(),
            address_given: false,
            awaited: 0,
            examined: Reading::Unknown(Unread::NotTried),
        }
    }
}

impl Gathered {
    /// The DHCP of this machine, with at most this many messages.
    pub fn dhcp(&self, machine: &Machine, most: usize) -> Dhcp {
        let guest = self.captures.guest(&machine.name);
        let uplink = self.captures.uplink(&machine.name);
        let macs: Vec<_> = machine.cards.macs().collect();
        let ladder = match (guest, uplink) {
            (Reading::Unknown(why), Reading::Unknown(_) | Reading::Absent)
            | (Reading::Absent, Reading::Unknown(why)) => Reading::Unknown(why),
            (Reading::Absent, Reading::Absent) => Reading::Absent,
            (guest, uplink) => {
                Reading::Known(Ladder::of(guest.known(), uplink.known(), &macs, most))
            }
        };
        Dhcp { ladder, test: self.test(&machine.name).map(<[_]>::to_vec) }
    }

    /// How this machine's guest was asked from inside.
    pub fn way_inside(&self, machine: &str) -> Reading<Way> {
        let Some(answer) = self.inside.get(machine) else {
            return Reading::Unknown(Unread::NotTried);
        };
        match (answer.way, &answer.says) {
            (Some(way), _) => Reading::Known(way),
            (None, Reading::Unknown(why)) => Reading::Unknown(why.clone()),
            (None, _) => Reading::Unknown(Unread::NotTried),
        }
    }

    /// What this machine's guest said from inside.
    pub(crate) fn inside(&self, machine: &str) -> Reading<&Inside> {
        let unasked = Reading::Unknown(Unread::NotTried);
        self.inside.get(machine).map_or(unasked, |answer| answer.says.as_ref())
    }

    /// The results of this machine's offer test.
    pub(crate) fn test(&self, machine: &str) -> Reading<&[TestResult]> {
        match self.tests.get(machine) {
            Some(Reading::Known(test)) => Reading::Known(&test.results),
            Some(Reading::Unknown(why)) => Reading::Unknown(why.clone()),
            Some(Reading::Absent) | None => Reading::Unknown(Unread::NotTried),
        }
    }
}

impl Captures {
    /// The traffic at this machine's port.
    pub(crate) fn guest(&self, machine: &str) -> Reading<&Traffic> {
        traffic(self.guests.get(machine))
    }

    /// The traffic at this machine's uplink.
    pub(crate) fn uplink(&self, machine: &str) -> Reading<&Traffic> {
        traffic(self.uplink_of.get(machine).and_then(|uplink| self.uplinks.get(uplink)))
    }

    /// The traffic of all captures that could be made.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Traffic> {
        let all = self.guests.values().chain(self.uplinks.values());
        all.filter_map(|capture| Some(&capture.as_ref().known()?.traffic))
    }
}

fn traffic(capture: Option<&Reading<Capture>>) -> Reading<&Traffic> {
    capture.map_or(Reading::Unknown(Unread::NotTried), |capture| {
        capture.as_ref().map(|capture| &capture.traffic)
    })
}
