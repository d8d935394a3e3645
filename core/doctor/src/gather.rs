//! Gathers at this computer what the signals do not report.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use vmkit_diagnose::{Catalogue, Omission};
use vmkit_inventory::Link;
use vmkit_session::Settings;
use vmkit_types::{Reading, Unread};

use crate::{
    Assessment, Gathered, Person, Question, Request,
    assessment::assess,
    capture_points::{Awaited, CapturePoints},
    consent::Consent,
    offers::{OfferTest, OfferTestTarget, test_offers},
    person::Wait,
    router,
    subjects::Subjects,
    survey,
    unplug::{UNPLUGGED, unplug},
    wait::wait_for_guests,
    watch::Watch,
};

/// Most machines for which servers are asked: a test of one takes up to five seconds.
const MOST_TESTED: usize = 3;
/// How long ports are captured if no wait was requested: as long as an offer test without answers,
/// so that an examination takes 5 s in all. A client that was just refused asks again within it.
const SHORT_WATCH: Duration = Duration::from_millis(3800);

/// One gathering at this computer.
pub(crate) struct Gathering<'a> {
    pub(crate) subjects: &'a Subjects<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) request: &'a Request,
    /// How long to wait for guests to ask, at most.
    pub(crate) wait: Option<Duration>,
    pub(crate) consent: &'a mut Consent,
    pub(crate) person: &'a mut dyn Person,
}

type OfferTests = BTreeMap<String, Reading<OfferTest>>;

impl Gathering<'_> {
    /// Captures while the surroundings are read, servers are asked and guests are waited for.
    pub(crate) fn run(mut self) -> Gathered {
        let points = CapturePoints::choose(self.subjects);
        let began = Instant::now();
        let watch = Watch::start(&self.settings.broker, points.interfaces());
        let awaited = points.awaited(self.subjects);

        let surroundings = self.surroundings();
        let unsettled = self.unsettled(&surroundings);
        let (tests, untested) = self.test(&unsettled);
        let (address_given, not_unplugged) = match self.wait {
            Some(longest) => self.wait(longest, &watch, &awaited),
            None if unsettled.is_empty() => (false, Vec::new()),
            None => {
                let longest = SHORT_WATCH.saturating_sub(began.elapsed());
                let mut wait = Wait::begin(self.person);
                (wait_for_guests(&watch, &awaited, longest, &mut wait, false), Vec::new())
            }
        };
        let surroundings = if self.request.passive || awaited.is_empty() {
            surroundings
        } else {
            survey::with_new_counters(surroundings, &self.settings.broker)
        };

        let passive = self.request.passive.then(nothing_sent);
        let omissions = points.omission().into_iter().chain(passive).chain(untested);
        let omissions = omissions.chain(not_unplugged).collect();
        let captures = points.assign(&watch.finish());
        Gathered { captures, tests, omissions, address_given, ..surroundings }
    }

    /// Reads the host's texts, and asks the gateway in the meantime.
    fn surroundings(&self) -> Gathered {
        let scene = self.subjects.scene();
        let asks = !self.request.passive && !self.subjects.without_address.is_empty();
        let (texts, replies) = std::thread::scope(|scope| {
            let texts = scope.spawn(|| survey::texts(&self.settings.broker));
            let replies = asks.then(|| router::ask_gateway(scene, self.settings));
            (texts.join().ok(), replies.unwrap_or(Reading::Unknown(Unread::NotTried)))
        });
        let survey = texts.as_ref().map(survey::survey).unwrap_or_default();
        let texts = texts.map_or(Reading::Unknown(Unread::NotTried), Reading::Known);
        let gathered = Gathered { survey, texts, replies, ..Gathered::default() };
        router::with_advice(gathered, self.subjects, self.settings)
    }

    /// The machines whose diagnosis a test could still change. Nothing is sent for a passive
    /// request, so there is nothing to test.
    fn unsettled(&self, known: &Gathered) -> Vec<String> {
        if self.request.passive {
            return Vec::new();
        }
        let assessments = assess(self.subjects, known, &self.request.selection, self.catalogue);
        let unsettled = assessments.into_iter().filter(Assessment::is_unsettled);
        unsettled.map(|assessment| assessment.machine.name).collect()
    }

    /// Asks servers for offers, if that is allowed.
    fn test(&mut self, unsettled: &[String]) -> (OfferTests, Vec<Omission>) {
        let (mut tests, mut omissions) = (OfferTests::new(), Vec::new());
        let testable = unsettled.iter().filter(|it| self.subjects.without_address.contains(it));
        for name in testable.take(MOST_TESTED) {
            let Some(target) = self.target(name) else { continue };
            let question = Question::TestOffers { interface: target.interface.clone() };
            if self.consent.allows(question, self.person) {
                tests.insert(name.clone(), test_offers(&self.settings.broker, &target));
            } else {
                omissions.push(Omission {
                    what: format!("asking DHCP servers on {} for offers", target.interface),
                    why: "it sends DISCOVERs, which need your consent".to_owned(),
                    command: Some(format!("vm doctor {name} --yes")),
                });
            }
        }
        (tests, omissions)
    }

    /// Where to test for this machine; `None` without an uplink or a MAC.
    fn target(&self, name: &str) -> Option<OfferTestTarget> {
        let machine = self.subjects.find(name)?;
        let uplink = self.subjects.attachment(machine).uplink?;
        Some(OfferTestTarget {
            interface: uplink.name.clone(),
            host: uplink.mac?,
            machine: *machine.macs.first()?,
            client_id: None,
        })
    }

    /// Waits for guests, whose links are unplugged before if that is requested and allowed. Returns
    /// whether one of them was given an address, and the links that were not unplugged.
    fn wait(
        &mut self,
        longest: Duration,
        watch: &Watch,
        awaited: &[Awaited],
    ) -> (bool, Vec<Omission>) {
        let (links, mut omissions) = self.links(awaited);
        let mut wait = Wait::begin(self.person);
        omissions.extend(unplug(&links, &mut wait));
        (wait_for_guests(watch, awaited, longest, &mut wait, true), omissions)
    }

    /// The links that may be unplugged.
    fn links<'m>(
        &mut self,
        awaited: &'m [Awaited],
    ) -> (Vec<(&'m str, Option<Link>)>, Vec<Omission>) {
        let (mut links, mut omissions) = (Vec::new(), Vec::new());
        for Awaited { name, .. } in awaited.iter().filter(|_| self.request.unplug) {
            let question = Question::Unplug { machine: name.clone(), time: UNPLUGGED };
            if self.consent.allows(question, self.person) {
                let machines = &self.subjects.scene().machines;
                let machine = machines.iter().find(|machine| machine.name == *name);
                let broker = self.settings.broker_of_root();
                let link = machine.and_then(|it| Link::of(it, it.cards.reachable(), broker));
                links.push((name.as_str(), link));
            } else {
                omissions.push(Omission {
                    what: format!("unplugging the virtual link of {name}"),
                    why: "it interrupts the machine, which needs your consent".to_owned(),
                    command: Some(format!("sudo vm doctor {name} --provoke --yes")),
                });
            }
        }
        (links, omissions)
    }
}

fn nothing_sent() -> Omission {
    Omission {
        what: "everything that sends".to_owned(),
        why: "--passive".to_owned(),
        command: None,
    }
}
