//! Everything that a diagnosis adds to the signals.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use vmkit_dhcp::{Ladder, TestCase, TestResult, Traffic};
use vmkit_diagnose::{Machine, Router};
use vmkit_host::Outcome;
use vmkit_inventory::Problem;
use vmkit_platform::{Platform as _, SurveyTexts};
use vmkit_probe::{DhcpTest, Seen, Tested, Watch, ask};
use vmkit_report::LeftOut;
use vmkit_survey::Survey;
use vmkit_types::{Reading, Unread};

use super::{advice, consent, subject::Subjects};
use crate::{arguments, context::Context, observe::Scene, output};

/// Most machines whose ports are captured at once: each costs a megabyte of ring and a thread.
const MOST_CAPTURED: usize = 16;
/// Most machines for which servers are asked: a test of one takes up to five seconds.
const MOST_TESTED: usize = 3;
/// How long ports are watched where nobody asked for a wait, as long as the test takes that no server
/// answers: a diagnosis with probes is to take 5 s in all. A client that was just refused asks again
/// within it.
const WATCH: Duration = Duration::from_millis(3800);
/// How often the progress of a long wait is told.
const PROGRESS: Duration = Duration::from_secs(1);
/// After a question has passed, how long its answer is waited for.
const ANSWER: Duration = Duration::from_secs(4);

/// What was gathered.
pub(crate) struct Gathered {
    /// Bridges, firewall, listeners and the hosts file.
    pub(crate) survey: Survey,
    /// The texts that the survey was read from.
    pub(crate) texts: Option<SurveyTexts>,
    /// What passed the port of each machine, by its name.
    pub(crate) guests: BTreeMap<String, Reading<Seen>>,
    /// What passed each uplink, by interface.
    pub(crate) uplinks: BTreeMap<String, Reading<Seen>>,
    /// The uplink of each machine.
    pub(crate) uplink_of: BTreeMap<String, String>,
    /// Results of the differential test, by machine.
    pub(crate) tests: BTreeMap<String, Reading<Tested>>,
    /// What the gateway told.
    pub(crate) told: Option<vmkit_gateway::Told>,
    /// What the advice plugins make of it.
    pub(crate) advice: Vec<vmkit_host::Advice>,
    /// Which router the network has, as far as it is the same for all machines.
    pub(crate) router: Reading<Router>,
    /// How the advice plugins fared.
    pub(crate) outcomes: Vec<Outcome>,
    /// What could have been done as well.
    pub(crate) left_out: Vec<LeftOut>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
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
            told: None,
            advice: Vec::new(),
            router: Reading::Unknown(Unread::NotTried),
            outcomes: Vec::new(),
            left_out: Vec::new(),
            problems: Vec::new(),
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

    /// The router as the machine has to do with it.
    pub(crate) fn router_of(&self, machine: &Machine) -> Reading<Router> {
        self.router.as_ref().map(|router| advice::for_machine(router, machine, &self.advice))
    }

    /// What a report shows of the machine's DHCP.
    pub(crate) fn shown(
        &self,
        machine: &vmkit_inventory::Machine,
        most: usize,
    ) -> (Reading<Ladder>, Reading<Vec<TestResult>>) {
        let (guest, uplink) = (self.guest_of(&machine.name), self.uplink_of(&machine.name));
        let macs: Vec<_> = machine.mac.as_ref().known().copied().into_iter().collect();
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

fn traffic(seen: Option<&Reading<Seen>>) -> Reading<&Traffic> {
    match seen {
        Some(Reading::Known(seen)) => Reading::Known(&seen.traffic),
        Some(Reading::Absent) => Reading::Absent,
        Some(Reading::Unknown(why)) => Reading::Unknown(why.clone()),
        None => Reading::Unknown(Unread::NotTried),
    }
}

/// Gathers at this computer. `unsettled` names the machines whose diagnosis a test could still
/// change, from what is known before it.
pub(crate) fn live(
    wanted: &arguments::Doctor,
    names: &[&str],
    subjects: &Subjects,
    scene: &Scene,
    context: &Context,
    unsettled: impl Fn(&Gathered) -> Vec<String>,
) -> Gathered {
    let mut gathered = Gathered::new();
    let points = Points::of(names, subjects, &mut gathered);
    let began = Instant::now();
    let watch = Watch::start(points.interfaces());
    let (texts, gateway) = std::thread::scope(|scope| {
        let texts = scope.spawn(|| vmkit_platform::current().survey());
        let gateway = (!wanted.passive && !subjects.ailing.is_empty())
            .then(|| advice::ask_gateway(scene, context));
        (texts.join().ok(), gateway.flatten())
    });
    if let Some(texts) = texts {
        gathered.survey = survey(&texts);
        gathered.texts = Some(texts);
    }
    gathered.told = gateway;
    advice::take(&mut gathered, subjects, scene, context);
    if wanted.passive {
        gathered.left_out.push(LeftOut {
            what: "everything that sends".to_owned(),
            why: "--passive".to_owned(),
            command: None,
        });
    } else {
        let ask = unsettled(&gathered);
        test(wanted, &ask, subjects, &mut gathered);
        if !ask.is_empty() && wanted.wait.is_none() {
            wait(&watch, &points, WATCH.saturating_sub(began.elapsed()), true);
        }
    }
    if let Some(longest) = wanted.wait {
        wait(&watch, &points, longest, context.quiet);
    }
    points.hand_over(watch, &mut gathered);
    gathered
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

/// Where to capture for which machine.
struct Points {
    ports: BTreeMap<String, String>,
    uplinks: BTreeSet<String>,
}

impl Points {
    /// The ports and uplinks of the machines that have no address.
    fn of(names: &[&str], subjects: &Subjects, gathered: &mut Gathered) -> Self {
        let mut points = Self { ports: BTreeMap::new(), uplinks: BTreeSet::new() };
        let ailing = names.iter().filter(|name| subjects.ailing.contains(**name));
        for name in ailing.clone().take(MOST_CAPTURED) {
            let machine = subjects.of(name);
            let place = subjects.place(machine);
            if let Some(port) = place.port {
                points.ports.insert((*name).to_owned(), port.name.clone());
            } else if let Some(bridge) = place.bridge.filter(|_| place.shared) {
                // The host's own end of a network that it serves itself.
                points.ports.insert((*name).to_owned(), bridge.name.clone());
            }
            if let Some(uplink) = place.uplink {
                points.uplinks.insert(uplink.name.clone());
                gathered.uplink_of.insert((*name).to_owned(), uplink.name.clone());
            }
        }
        if ailing.count() > MOST_CAPTURED {
            gathered.left_out.push(LeftOut {
                what: "captures at the ports of further machines".to_owned(),
                why: format!("{MOST_CAPTURED} are captured at once"),
                command: None,
            });
        }
        points
    }

    fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.ports.values().chain(&self.uplinks).map(String::as_str)
    }

    /// Ends the captures and puts each where it belongs.
    fn hand_over(self, watch: Watch, gathered: &mut Gathered) {
        let mut seen = watch.finish();
        for (name, port) in &self.ports {
            if let Some(seen) = seen.get(port) {
                gathered.guests.insert(name.clone(), seen.clone());
            }
        }
        for uplink in self.uplinks {
            if let Some(seen) = seen.remove(&uplink) {
                gathered.uplinks.insert(uplink, seen);
            }
        }
    }
}

/// Asks servers for offers, where that is allowed and would tell something.
fn test(
    wanted: &arguments::Doctor,
    unsettled: &[String],
    subjects: &Subjects,
    gathered: &mut Gathered,
) {
    for name in unsettled.iter().filter(|name| subjects.ailing.contains(*name)).take(MOST_TESTED) {
        let machine = subjects.of(name);
        let Some(uplink) = subjects.place(machine).uplink else { continue };
        let (Some(host), Some(mac)) = (uplink.mac, machine.macs.first()) else { continue };
        if !consent::to_test(wanted, &uplink.name) {
            gathered.left_out.push(LeftOut {
                what: format!("asking DHCP servers on {} for offers", uplink.name),
                why: "it sends DISCOVERs, which need your consent".to_owned(),
                command: Some(format!("vm doctor {name} --yes")),
            });
            continue;
        }
        let question =
            DhcpTest { interface: uplink.name.clone(), host, machine: *mac, client_id: None };
        let tested = match ask(&question) {
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

/// Waits for every machine to ask and be answered, telling the progress; a key or a closed pipe
/// ends it early.
fn wait(watch: &Watch, points: &Points, longest: Duration, quiet: bool) {
    let began = Instant::now();
    let mut heard: Option<Instant> = None;
    while !points.ports.is_empty() && began.elapsed() < longest {
        let asked = |port: &String| watch.messages().any(|(name, count)| name == port && count > 0);
        if points.ports.values().all(asked) {
            let first = *heard.get_or_insert_with(Instant::now);
            if first.elapsed() >= ANSWER {
                return;
            }
        }
        if !quiet {
            let messages: u64 = watch.messages().map(|(_, count)| count).sum();
            output::note(&format!(
                "waiting for the guest to ask: {} s of {}, {messages} DHCP messages so far (Enter \
                 or Ctrl-D: stop and answer)\n",
                began.elapsed().as_secs(),
                longest.as_secs()
            ));
        }
        if !consent::goes_on_for(PROGRESS.min(longest.saturating_sub(began.elapsed()))) {
            return;
        }
    }
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
