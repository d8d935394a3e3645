//! The offer test on links that lose frames: what it says may be little, and is not false.

mod common;

use std::{collections::HashMap, time::Duration};

use vmkit_dhcp::{FOREIGN_MAC, Offer, Plan, PlanStep, TestCase, TestResult};
use vmkit_diagnose::{Catalogue, Facts, FindingCode, State, findings};
use vmkit_scoring::Verdict;
use vmkit_types::{Mac, Reading, Unread};

const HOST: Mac = Mac::new([2, 0, 0, 0, 0, 1]);
const VM: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57]);
/// Draws of each network at each loss.
const DRAWS: u32 = 12;

/// The same draws on every computer: xorshift64.
struct Draws(u64);

impl Draws {
    fn chance(&mut self, probability: f64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) < probability * f64::from(u32::MAX)
    }
}

/// A network: what it never answers, and how long its server needs for a new client.
struct Network {
    name: &'static str,
    silent: &'static [TestCase],
    slow: Duration,
    /// The causes that may be named; on a lossy link the loss may always be.
    right: &'static [&'static str],
    /// They are named without loss, and mostly with a little.
    told_at_once: bool,
}

use TestCase::{Foreign, Host, Machine, MachineUnicast};

const AT_ONCE: Duration = Duration::from_millis(5);
const PINGS_FIRST: Duration = Duration::from_millis(3010);
const NETWORKS: [Network; 8] = [
    Network { name: "healthy", silent: &[], slow: AT_ONCE, right: &[], told_at_once: false },
    Network {
        name: "healthy, pings first",
        silent: &[],
        slow: PINGS_FIRST,
        right: &[],
        told_at_once: false,
    },
    Network {
        name: "no server",
        silent: &[Host, Machine, Foreign, MachineUnicast],
        slow: AT_ONCE,
        right: &["dhcp-no-server"],
        told_at_once: true,
    },
    Network {
        name: "broadcast filtered",
        silent: &[Host, Machine, Foreign],
        slow: AT_ONCE,
        right: &["dhcp-broadcast-filtered"],
        told_at_once: true,
    },
    Network {
        name: "unicast filtered",
        silent: &[MachineUnicast],
        slow: AT_ONCE,
        right: &[],
        told_at_once: false,
    },
    // The test's frames have the host's own source, which passes.
    Network {
        name: "foreign MAC dropped",
        silent: &[],
        slow: AT_ONCE,
        right: &[],
        told_at_once: false,
    },
    Network {
        name: "chaddr guard",
        silent: &[Machine, Foreign, MachineUnicast],
        slow: AT_ONCE,
        right: &["router-drops-foreign-chaddr", "dhcp-pool-exhausted"],
        told_at_once: true,
    },
    Network {
        name: "the machine blocked",
        silent: &[Machine, MachineUnicast],
        slow: PINGS_FIRST,
        right: &["router-blocks-vm-mac"],
        told_at_once: false,
    },
];

/// Plays the test in a network that loses this share of all frames. Returns its results, and how long
/// it took.
fn play(network: &Network, loss: f64, draws: &mut Draws) -> (Vec<TestResult>, Duration) {
    let passes = |draws: &mut Draws| !draws.chance(loss) && !draws.chance(loss);
    let mut plan = Plan::new([(Host, HOST), (Machine, VM), (Foreign, FOREIGN_MAC)]);
    let count = |requests: u32, draws: &mut Draws| {
        let answered = (0..requests).filter(|_| passes(draws)).count();
        (requests, u32::try_from(answered).expect("64 at most"))
    };
    let first = count(16, draws);
    let second = (first.1 > 0 && first.1 < first.0).then(|| count(32, draws));
    let mut counts = vec![(Duration::from_millis(330), first)];
    counts.extend(second.map(|second| (Duration::from_millis(1300), second)));
    // When the server has pinged for a client, and answers it at once.
    let mut pinged: HashMap<Mac, Duration> = HashMap::new();
    let mut offers: Vec<(Duration, u32, Mac)> = Vec::new();
    let (mut now, mut xid) = (Duration::ZERO, 0);
    loop {
        counts.retain(|(at, (asked, answered))| {
            let later = *at > now;
            if !later {
                plan.measured(*asked, *answered);
            }
            later
        });
        offers.retain(|(at, xid, chaddr)| {
            let later = *at > now;
            if !later {
                plan.offered(*xid, *chaddr, Offer::default(), *at);
            }
            later
        });
        let until = match plan.step(now) {
            PlanStep::Done => return (plan.results(now), now),
            PlanStep::Send(case, chaddr) => {
                xid += 1;
                plan.sent(case, chaddr, xid, now);
                let arrives = !draws.chance(loss) && !network.silent.contains(&case);
                if arrives {
                    let known = chaddr == HOST;
                    let ready = if known { now } else { now + network.slow };
                    let ready = *pinged.entry(chaddr).or_insert(ready);
                    if !draws.chance(loss) {
                        offers.push((ready.max(now) + AT_ONCE, xid, chaddr));
                    }
                }
                now
            }
            PlanStep::WaitUntil(until) => {
                let events =
                    offers.iter().map(|(at, ..)| *at).chain(counts.iter().map(|(at, _)| *at));
                events.fold(until, Duration::min)
            }
        };
        now = until.max(now + Duration::from_micros(100));
    }
}

/// The causes that are named for a machine whose DISCOVERs stay unanswered, with these results.
struct Doctor {
    catalogue: Catalogue,
    known: HashMap<Vec<Option<bool>>, Vec<&'static str>>,
}

impl Doctor {
    fn names(&mut self, results: &[TestResult]) -> Vec<&'static str> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let given = words("mode:bridged uplink:ethernet platform:linux");
        let (verdict, router) = (Verdict::NoAddress, Reading::Unknown(Unread::NotTried));
        let scene = common::Scene { name: "web", given: &given, verdict, unchecked: None, router };
        let Self { catalogue, known } = self;
        let present = words("address-missing discover-unanswered");
        let rest = common::findings(catalogue, &present, &[], &words("machine interfaces bridge"));
        scene.facts(|facts| {
            let facts = Facts { test: Reading::Known(results), ..facts.clone() };
            let of_test = |code: FindingCode| catalogue.finding(code).source == "dhcp-test";
            let mut all = findings(&facts, catalogue);
            for finding in &mut all {
                if !of_test(finding.code) {
                    let given = rest.iter().find(|it| it.code == finding.code);
                    finding.state = given.expect("every finding").state.clone();
                }
            }
            let key = all.iter().map(|finding| match finding.state {
                State::Present(_) => Some(true),
                State::Absent(_) => Some(false),
                State::NotObserved(_) => None,
            });
            known
                .entry(key.collect())
                .or_insert_with(|| {
                    let causes = scene.diagnose(&all, catalogue).causes;
                    let named = causes.iter().filter(|cause| cause.probability >= 0.5);
                    named.map(|cause| cause.code).collect()
                })
                .clone()
        })
    }
}

/// How the draws of one network at one loss ended.
#[derive(Default)]
struct Told {
    right: u32,
    wrong: u32,
    lossy: u32,
}

/// The longest time of a test, and of one whose server pings for one client after the other.
const LONGEST: Duration = Duration::from_millis(4300);
const LONGEST_OF_PINGS: Duration = Duration::from_millis(7100);

/// The draws of all networks at this loss.
fn told(percent: u8, doctor: &mut Doctor, draws: &mut Draws) -> Vec<Told> {
    const LOSSY: &str = "dhcp-lossy-link";
    let each = NETWORKS.iter().map(|network| {
        let mut told = Told::default();
        for _ in 0..DRAWS {
            let (results, took) = play(network, f64::from(percent) / 100.0, draws);
            let names = doctor.names(&results);
            let fits = |name: &&str| network.right.contains(name);
            let is_wrong = |name: &&str| !fits(name) && (*name != LOSSY || percent == 0);
            told.right += u32::from(names.iter().any(fits));
            told.wrong += u32::from(names.iter().any(is_wrong));
            told.lossy += u32::from(names.contains(&LOSSY));
            let longest = if network.slow == PINGS_FIRST { LONGEST_OF_PINGS } else { LONGEST };
            assert!(took < longest, "{percent} %, {}: {took:?}", network.name);
        }
        told
    });
    each.collect()
}

#[test]
fn a_lossy_link_is_named_and_nothing_else_is_for_its_sake() {
    let catalogue = Catalogue::builtin().expect("the built-in catalogue");
    let mut doctor = Doctor { catalogue, known: HashMap::new() };
    let mut draws = Draws(0x9e37_79b9_7f4a_7c15);
    let (mut all, mut false_names, mut lossy, mut told_something) = (0, 0, 0, 0);
    for percent in [0, 10, 25, 50, 75, 90] {
        let told = told(percent, &mut doctor, &mut draws);
        for (network, told) in NETWORKS.iter().zip(&told) {
            all += DRAWS;
            false_names += told.wrong;
            if (25..=75).contains(&percent) {
                lossy += DRAWS;
                told_something += (told.right + told.lossy).min(DRAWS);
            }
            if network.told_at_once && percent <= 10 {
                let least = if percent == 0 { DRAWS } else { DRAWS * 2 / 3 };
                assert!(told.right >= least, "{percent} %, {}: {}", network.name, told.right);
            }
        }
    }
    assert!(false_names * 100 <= all, "{false_names} of {all} got a false name");
    let says = format!("the loss or the cause was named in {told_something} of {lossy}");
    assert!(told_something * 10 >= lossy * 8, "{says}");
}
