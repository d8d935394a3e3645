//! Gathers at this computer what the signals do not report.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use vmkit_diagnose::{Catalogue, Examined, Further, Omission};
use vmkit_gateway::GatewayReplies;
use vmkit_model::Power;
use vmkit_power::Link;
use vmkit_session::{Row, Settings};
use vmkit_types::{Interface, Reading};

use crate::{
    Gathered, Person, Question, Request,
    assessment::unsettled,
    capture_points::{Awaited, CapturePoints},
    command_line::command_line,
    consent::Consent,
    inside,
    limit::limited,
    offers::{OfferTest, OfferTestTarget, test_offers},
    person::Wait,
    router,
    subjects::Subjects,
    survey,
    unplug::{UNPLUGGED, unplug},
    wait::wait_for_guests,
    watch::Watch,
};

/// Most machines for which servers are asked: more DISCOVERs would not fit into the time of a test.
const MOST_TESTED: usize = 3;
/// How long ports are captured if no wait was requested: as long as an offer test without answers,
/// so that an examination takes 5 s in all. A client that was just refused asks again within it.
const SHORT_WATCH: Duration = Duration::from_millis(3800);

/// After this time the firewall's counters may have counted more frames of the guests.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// How long the gateway's replies are waited for before other steps. A router answers within milliseconds; on a
/// link that loses frames it takes seconds, and the rest goes on beside it.
const ROUTER: Duration = Duration::from_millis(200);

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

impl Gathering<'_> {
    /// Captures while the surroundings are read, servers are asked and guests are waited for. What
    /// takes time is done only while it could change a diagnosis.
    pub(crate) fn run(self) -> Gathered {
        let network = self.subjects.scene().network.as_ref();
        let asks = !self.request.passive && !self.subjects.without_address.is_empty();
        let settings = self.settings;
        thread::scope(|scope| {
            let (told, replies) = mpsc::channel();
            if asks {
                scope.spawn(move || told.send(router::ask_gateway(network, settings)));
            } else {
                drop(told);
            }
            self.beside_the_gateway(&replies)
        })
    }

    /// Does all but asking the gateway, whose replies come meanwhile, if it is asked.
    fn beside_the_gateway(mut self, replies: &Receiver<Reading<GatewayReplies>>) -> Gathered {
        let points = CapturePoints::choose(self.subjects);
        let began = Instant::now();
        let watch = Watch::start(&self.settings.broker, points.interfaces());
        let awaited = points.awaited(self.subjects);
        let inside =
            self.request.inside.then(|| inside::Session::start(self.subjects, self.settings));

        let mut gathered = self.surroundings();
        if let Ok(replies) = replies.recv_timeout(ROUTER) {
            gathered = self.with_router(gathered, replies);
        }
        gathered.captures = points.assign(&watch.so_far());
        let untested = self.test(&watch, &points, &mut gathered);
        let uncompared = self.compare_offers(&mut gathered);
        let (given, not_unplugged) = match self.wait {
            Some(longest) => self.wait(longest, &watch, &awaited),
            None => (self.watch(began, &watch, &points, &mut gathered), Vec::new()),
        };
        gathered.address_given = given;
        let seen = awaited.iter().filter(|it| !it.is_twin && watch.is_running(&it.interface));
        gathered.awaited = seen.count();
        let waited =
            self.wait.is_some() || !gathered.tests.is_empty() || began.elapsed() > READ_AGAIN;
        if !self.request.passive && !awaited.is_empty() && waited {
            gathered = survey::with_new_counters(gathered, &self.settings.broker);
        }

        let (answers, unasked) = inside.map(inside::Session::finish).unwrap_or_default();
        gathered.inside = answers;
        let passive = self.request.passive.then(nothing_sent);
        let omissions = points.omission().into_iter().chain(passive).chain(untested);
        let omissions = omissions.chain(uncompared).chain(unasked);
        gathered.omissions = omissions.chain(not_unplugged).collect();
        gathered.captures = points.assign(&watch.finish());
        match replies.recv() {
            Ok(late) => self.with_router(gathered, late),
            Err(_) => gathered,
        }
    }

    fn with_router(&self, gathered: Gathered, replies: Reading<GatewayReplies>) -> Gathered {
        router::with_advice(Gathered { replies, ..gathered }, self.subjects, self.settings)
    }

    /// Reads the host's texts.
    fn surroundings(&self) -> Gathered {
        let texts = survey::texts(&self.settings.broker, &self.subjects.addresses());
        let survey = survey::survey(&texts);
        let texts = Reading::Known(texts);
        let examined = Reading::Known(Examined {
            privileged: self.settings.invoker.privileged,
            sent: !self.request.passive,
            unplugged: self.request.unplug && self.wait.is_some(),
        });
        Gathered { survey, texts, examined, ..Gathered::default() }
    }

    /// The machines whose diagnosis this step could still change. A passive request takes no time for
    /// any.
    fn unsettled(&self, step: Further, known: &Gathered) -> Vec<String> {
        if self.request.passive {
            return Vec::new();
        }
        unsettled(step, self.subjects, known, self.catalogue)
    }

    /// Asks servers for offers, if that is allowed and could change a diagnosis, at each interface for
    /// all of its machines together. Returns what was skipped.
    fn test(
        &mut self,
        watch: &Watch,
        points: &CapturePoints,
        gathered: &mut Gathered,
    ) -> Vec<Omission> {
        let mut omissions = Vec::new();
        let mut targets: BTreeMap<String, (OfferTestTarget, Vec<String>)> = BTreeMap::new();
        let open = self.unsettled(Further::OfferTest, gathered);
        let what = |count| format!("asking DHCP servers for offers to {count} more VMs");
        let (tested, skipped) = limited(open, MOST_TESTED, what, |name| vec!["vm", "doctor", name]);
        omissions.extend(skipped);
        for name in tested {
            let Some(target) = self.target(&name) else { continue };
            let (known, names) = targets.entry(target.interface.clone()).or_insert_with(|| {
                (OfferTestTarget { machines: Vec::new(), ..target.clone() }, Vec::new())
            });
            known.machines.extend(target.machines);
            names.push(name);
        }
        for (interface, (target, names)) in targets {
            let question = Question::TestOffers { interface: interface.clone() };
            if !self.consent.allows(question, self.person) {
                omissions.extend(names.first().map(|name| Omission {
                    what: format!("asking DHCP servers on {interface} for offers"),
                    why: "it sends DISCOVERs, which need your consent".to_owned(),
                    command: command_line(["vm", "doctor", name, "--yes"]),
                }));
                continue;
            }
            let subjects = self.subjects;
            let keep = |test: &Reading<OfferTest>, gathered: &mut Gathered| {
                for name in &names {
                    let macs = subjects.find(name).map_or(&[][..], |machine| &machine.macs);
                    let own = test.as_ref().map(|test| test.of_machine(macs));
                    gathered.tests.insert(name.clone(), own);
                }
            };
            let mut is_of_use = |test: &OfferTest| {
                keep(&Reading::Known(test.clone()), gathered);
                gathered.captures = points.assign(&watch.so_far());
                // While the guest's own messages could change the answer, the rest of the test could, too.
                [Further::OfferTest, Further::Watch]
                    .into_iter()
                    .any(|step| !unsettled(step, subjects, gathered, self.catalogue).is_empty())
            };
            let test = test_offers(&self.settings.broker, &target, &mut is_of_use);
            keep(&test, gathered);
        }
        omissions
    }

    /// Asks once at each uplink what its DHCP servers give, where machines have an address: a second server,
    /// a wrong gateway or mask shows before it takes effect. Only with consent that was given beforehand:
    /// nobody is asked about a machine that works.
    /// Returns what was skipped.
    fn compare_offers(&self, gathered: &mut Gathered) -> Option<Omission> {
        if !self.request.yes || self.request.passive {
            return None;
        }
        let has_address = |row: &&Row<'_>| {
            let name = &row.machine.name;
            let runs = row.machine.power == Power::Running && !row.machine.foreign;
            runs && row.pick.address.is_some() && !self.subjects.without_address.contains(name)
        };
        let named = self.subjects.rows.iter().filter(has_address).map(|row| &row.machine.name);
        let mut targets: BTreeMap<String, (OfferTestTarget, Vec<&String>)> = BTreeMap::new();
        for name in named {
            let Some(target) = self.target(name) else { continue };
            let new = || (OfferTestTarget { unknown_client: false, ..target.clone() }, Vec::new());
            targets.entry(target.interface.clone()).or_insert_with(new).1.push(name);
        }
        let what = |count| format!("comparing the offers of DHCP servers at {count} more uplinks");
        let (targets, skipped) =
            limited(targets.into_values().collect(), MOST_TESTED, what, |(_, names)| {
                let name = names.first().map(|name| name.as_str());
                ["vm", "doctor"].into_iter().chain(name).chain(["--yes"]).collect()
            });
        for (target, names) in targets {
            let mut goes_on = |_: &OfferTest| true;
            let test = test_offers(&self.settings.broker, &target, &mut goes_on);
            for name in names {
                let macs = self.subjects.find(name).map_or(&[][..], |machine| &machine.macs);
                let own = test.as_ref().map(|test| test.of_machine(macs));
                gathered.tests.insert(name.clone(), own);
            }
        }
        skipped
    }

    /// Waits for guests for as long as an offer test takes, while their messages could change a
    /// diagnosis. Returns whether one of them was given an address.
    fn watch(
        &mut self,
        began: Instant,
        watch: &Watch,
        points: &CapturePoints,
        gathered: &mut Gathered,
    ) -> bool {
        let (subjects, catalogue) = (self.subjects, self.catalogue);
        let passive = self.request.passive;
        let unsettled = |gathered: &Gathered| {
            if passive {
                Vec::new()
            } else {
                unsettled(Further::Watch, subjects, gathered, catalogue)
            }
        };
        let awaited = points.awaited(subjects);
        let mut open = unsettled(gathered);
        if open.is_empty() {
            return false;
        }
        let mut is_of_use = || {
            gathered.captures = points.assign(&watch.so_far());
            open = unsettled(gathered);
            !open.is_empty()
        };
        let longest = SHORT_WATCH.saturating_sub(began.elapsed());
        let mut wait = Wait::begin(self.person);
        wait_for_guests(watch, &awaited, longest, &mut wait, false, &mut is_of_use)
    }

    /// Where to test for this machine; `None` without an uplink or a MAC.
    fn target(&self, name: &str) -> Option<OfferTestTarget> {
        let machine = self.subjects.find(name)?;
        let uplink = self.subjects.attachment(machine).uplink?;
        Some(OfferTestTarget {
            interface: uplink.name.clone(),
            host: uplink.mac?,
            machines: vec![*machine.macs.first()?],
            unknown_client: true,
            gateway: self.gateway_by(uplink),
        })
    }

    /// The gateway that is reached by this uplink, and the interface of its network: the uplink or its
    /// bridge.
    fn gateway_by(&self, uplink: &Interface) -> Option<(String, Ipv4Addr)> {
        let network = self.subjects.scene().network.as_ref()?;
        let mut gateways = network.gateways().filter_map(|gateway| {
            let interface = network.on_link(gateway)?;
            let by_uplink =
                interface.name == uplink.name || uplink.bridge.as_ref() == Some(&interface.name);
            let IpAddr::V4(address) = gateway else { return None };
            by_uplink.then(|| (interface.name.clone(), address))
        });
        gateways.next()
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
        // A person who asks for a wait has a reason that the doctor does not know.
        let given = wait_for_guests(watch, awaited, longest, &mut wait, true, &mut || true);
        (given, omissions)
    }

    /// The links that may be unplugged.
    fn links<'m>(
        &mut self,
        awaited: &'m [Awaited],
    ) -> (Vec<(&'m str, Option<Link>)>, Vec<Omission>) {
        let (mut links, mut omissions) = (Vec::new(), Vec::new());
        let touched = awaited.iter().filter(|it| self.request.unplug && !it.is_twin);
        for Awaited { name, .. } in touched {
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
                    why: "it interrupts the VM, which needs your consent".to_owned(),
                    command: command_line(["sudo", "vm", "doctor", name, "--provoke", "--yes"]),
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
