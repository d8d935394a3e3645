//! Everything that a diagnosis adds to the signals.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use vmkit_dhcp::{Ladder, TestCase, TestResult, Traffic};
use vmkit_diagnose::{Machine, Omission, Router};
use vmkit_inventory::Link;
use vmkit_model::{PluginOutcome, Problem};
use vmkit_platform::{Platform as _, SurveyTexts};
use vmkit_probe::{Capture, OfferTest, OfferTestTarget, Watch, test_offers};
use vmkit_survey::Survey;
use vmkit_types::{Reading, Unread};

use super::{
    advice,
    attention::Attention,
    consent::Consent,
    points::{Awaited, Points},
    provoke::provoke,
    subject::Subjects,
    wait::wait,
};
use vmkit_session::{Scene, Settings};

/// Most machines for which servers are asked: a test of one takes up to five seconds.
const MOST_TESTED: usize = 3;
/// How long ports are watched where nobody asked for a wait, as long as the test takes that no server
/// answers: a diagnosis with probes is to take 5 s in all. A client that was just refused asks again
/// within it.
const WATCH: Duration = Duration::from_millis(3800);

/// What was gathered.
pub(crate) struct Gathered {
    /// Bridges, firewall, listeners and the hosts file.
    pub(crate) survey: Survey,
    /// The texts that the survey was read from.
    pub(crate) texts: Option<SurveyTexts>,
    /// What passed the port of each machine, by its name.
    pub(crate) guests: BTreeMap<String, Reading<Capture>>,
    /// What passed each uplink, by interface.
    pub(crate) uplinks: BTreeMap<String, Reading<Capture>>,
    /// The uplink of each machine.
    pub(crate) uplink_of: BTreeMap<String, String>,
    /// Results of the differential test, by machine.
    pub(crate) tests: BTreeMap<String, Reading<OfferTest>>,
    /// What the gateway answered; `None`: it was not asked.
    pub(crate) replies: Option<vmkit_gateway::GatewayReplies>,
    /// The network's router, as the advice plugins describe it.
    pub(crate) router: Reading<Router>,
    /// How the advice plugins fared.
    pub(crate) outcomes: Vec<PluginOutcome>,
    /// What could have been done as well.
    pub(crate) omissions: Vec<Omission>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// A machine was given an address while it was watched: what signals said before is outdated.
    pub(crate) outdated: bool,
}

impl Gathered {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            survey: Survey::default(),
            texts: None,
            guests: BTreeMap::new(),
            uplinks: BTreeMap::new(),
            uplink_of: BTreeMap::new(),
            tests: BTreeMap::new(),
            replies: None,
            router: Reading::Unknown(Unread::NotTried),
            outcomes: Vec::new(),
            omissions: Vec::new(),
            problems: Vec::new(),
            outdated: false,
        }
    }

    /// What passed the machine's port.
    pub(crate) fn guest_of(&self, name: &str) -> Reading<&Traffic> {
        traffic(self.guests.get(name))
    }

    /// What passed the machine's uplink.
    pub(crate) fn uplink_of(&self, name: &str) -> Reading<&Traffic> {
        traffic(self.uplink_of.get(name).and_then(|uplink| self.uplinks.get(uplink)))
    }

    /// The differential test of the machine.
    pub(crate) fn test_of(&self, name: &str) -> Reading<Vec<TestResult>> {
        match self.tests.get(name) {
            Some(Reading::Known(tested)) => Reading::Known(tested.results.clone()),
            Some(Reading::Unknown(why)) => Reading::Unknown(why.clone()),
            Some(Reading::Absent) | None => Reading::Unknown(Unread::NotTried),
        }
    }

    /// What a report shows of the machine's DHCP.
    pub(crate) fn shown(
        &self,
        machine: &vmkit_model::Machine,
        most: usize,
    ) -> (Reading<Ladder>, Reading<Vec<TestResult>>) {
        let (guest, uplink) = (self.guest_of(&machine.name), self.uplink_of(&machine.name));
        let macs: Vec<_> = machine.cards.macs().collect();
        let ladder = match (guest, uplink) {
            (Reading::Unknown(why), Reading::Unknown(_) | Reading::Absent)
            | (Reading::Absent, Reading::Unknown(why)) => Reading::Unknown(why),
            (Reading::Absent, Reading::Absent) => Reading::Absent,
            (guest, uplink) => {
                Reading::Known(Ladder::of(guest.known(), uplink.known(), &macs, most))
            }
        };
        (ladder, self.test_of(&machine.name))
    }
}

fn traffic(seen: Option<&Reading<Capture>>) -> Reading<&Traffic> {
    match seen {
        Some(Reading::Known(seen)) => Reading::Known(&seen.traffic),
        Some(Reading::Absent) => Reading::Absent,
        Some(Reading::Unknown(why)) => Reading::Unknown(why.clone()),
        None => Reading::Unknown(Unread::NotTried),
    }
}

/// How far to go in gathering at this computer.
pub(crate) struct Extent<'a> {
    /// Send nothing.
    pub(crate) passive: bool,
    /// How long to wait for guests to ask, at most.
    pub(crate) wait: Option<Duration>,
    /// Show no progress.
    pub(crate) quiet: bool,
    /// Unplug the links of the machines before.
    pub(crate) provoke: bool,
    /// What the person allows.
    pub(crate) consent: &'a mut Consent,
    /// What ends a wait.
    pub(crate) attention: &'a Attention,
}

/// Gathers at this computer. `unsettled` names the machines whose diagnosis a test could still
/// change, from what is known before it.
pub(crate) fn live(
    extent: &mut Extent<'_>,
    names: &[&str],
    subjects: &Subjects,
    scene: &Scene,
    settings: &Settings,
    unsettled: impl Fn(&Gathered) -> Vec<String>,
) -> Gathered {
    let mut gathered = Gathered::new();
    let points = Points::of(names, subjects, &mut gathered);
    let began = Instant::now();
    let watch = Watch::start(points.interfaces());
    let awaited = points.awaited(subjects);
    let (texts, gateway) = std::thread::scope(|scope| {
        let texts = scope.spawn(|| vmkit_platform::current().survey());
        let gateway = (!extent.passive && !subjects.ailing.is_empty())
            .then(|| advice::ask_gateway(scene, settings));
        (texts.join().ok(), gateway.flatten())
    });
    if let Some(texts) = texts {
        gathered.survey = survey(&texts);
        gathered.texts = Some(texts);
    }
    gathered.replies = gateway;
    advice::judge_router(&mut gathered, subjects, scene, settings);
    if extent.passive {
        gathered.omissions.push(Omission {
            what: "everything that sends".to_owned(),
            why: "--passive".to_owned(),
            command: None,
        });
    } else {
        let ask = unsettled(&gathered);
        test(extent.consent, &ask, subjects, &mut gathered);
        if !ask.is_empty() && extent.wait.is_none() {
            let longest = WATCH.saturating_sub(began.elapsed());
            gathered.outdated = wait(&watch, &awaited, longest, &extent.attention.hold(), true);
        }
    }
    if let Some(longest) = extent.wait {
        let provoked = if extent.provoke {
            to_provoke(&awaited, extent.consent, scene, &mut gathered)
        } else {
            Vec::new()
        };
        let held = extent.attention.hold();
        gathered.omissions.extend(provoke(&provoked, &held, extent.quiet));
        gathered.outdated = wait(&watch, &awaited, longest, &held, extent.quiet);
    }
    if !extent.passive && !awaited.is_empty() {
        count_again(&mut gathered);
    }
    points.hand_over(watch, &mut gathered);
    gathered
}

/// Reads the firewall once more: what its rules dropped meanwhile is what the captures miss. The
/// bridges stay as they were first seen, when a port that learns was not yet past it.
fn count_again(gathered: &mut Gathered) {
    let texts = vmkit_platform::current().survey();
    gathered.survey.firewall = survey(&texts).firewall;
    if let Some(first) = &mut gathered.texts {
        first.firewall = texts.firewall;
    }
}

/// The machines whose links may be unplugged.
fn to_provoke<'a>(
    awaited: &'a [Awaited],
    consent: &mut Consent,
    scene: &Scene,
    gathered: &mut Gathered,
) -> Vec<(&'a str, Option<Link>)> {
    let mut allowed = Vec::new();
    for Awaited { name, .. } in awaited {
        if consent.allows_provoking(name) {
            let machine = scene.machines.iter().find(|machine| machine.name == *name);
            let link = machine.and_then(|it| Link::of(it, it.cards.reachable()));
            allowed.push((name.as_str(), link));
        } else {
            gathered.omissions.push(Omission {
                what: format!("unplugging the virtual link of {name}"),
                why: "it interrupts the machine, which needs your consent".to_owned(),
                command: Some(format!("sudo vm doctor {name} --provoke --yes")),
            });
        }
    }
    allowed
}

fn survey(texts: &SurveyTexts) -> Survey {
    Survey {
        bridges: flat(texts.bridges.as_ref(), |text| vmkit_survey::bridges(text.as_bytes())),
        firewall: flat(texts.firewall.as_ref(), |text| vmkit_survey::firewall(text.as_bytes())),
        listeners: texts.listeners.as_ref().map(|text| vmkit_survey::listeners(text.as_bytes())),
        hosts: texts.hosts.as_ref().map(|text| vmkit_survey::hosts(text)),
    }
}

fn flat<T, U>(reading: Reading<T>, read: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
    match reading {
        Reading::Known(value) => read(value),
        Reading::Absent => Reading::Absent,
        Reading::Unknown(why) => Reading::Unknown(why),
    }
}

/// Asks servers for offers, where that is allowed and would tell something.
fn test(consent: &mut Consent, unsettled: &[String], subjects: &Subjects, gathered: &mut Gathered) {
    for name in unsettled.iter().filter(|name| subjects.ailing.contains(*name)).take(MOST_TESTED) {
        let Some(machine) = subjects.find(name) else { continue };
        let Some(uplink) = subjects.place(machine).uplink else { continue };
        let (Some(host), Some(mac)) = (uplink.mac, machine.macs.first()) else { continue };
        if !consent.allows_test(&uplink.name) {
            gathered.omissions.push(Omission {
                what: format!("asking DHCP servers on {} for offers", uplink.name),
                why: "it sends DISCOVERs, which need your consent".to_owned(),
                command: Some(format!("vm doctor {name} --yes")),
            });
            continue;
        }
        let target = OfferTestTarget {
            interface: uplink.name.clone(),
            host,
            machine: *mac,
            client_id: None,
        };
        let tested = match test_offers(&target) {
            Ok(tested) => Reading::Known(tested),
            Err(error) => Reading::Unknown(denied_or_failed(&error)),
        };
        gathered.tests.insert(name.clone(), tested);
    }
}

fn denied_or_failed(error: &vmkit_probe::ProbeError) -> Unread {
    let denied = matches!(error, vmkit_probe::ProbeError::Capture(error) if error.is_denied());
    let mut reasons = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        reasons.push(source.to_string());
        next = source.source();
    }
    let text = reasons.join(": ");
    if denied { Unread::Denied(text) } else { Unread::Failed(text) }
}

/// The part of the results that concerns this machine.
pub(crate) fn concerning(results: &[TestResult], machine: &Machine) -> Vec<TestResult> {
    let own = |result: &&TestResult| match result.case {
        TestCase::Host | TestCase::Foreign => true,
        TestCase::Machine | TestCase::MachineUnicast | TestCase::MachineClientId => {
            result.chaddr.is_none_or(|mac| machine.macs.contains(&mac))
        }
    };
    results.iter().filter(own).cloned().collect()
}
