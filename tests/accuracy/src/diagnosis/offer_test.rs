//! The doctor's offer test on the drawn network: its own plan asks, and the network answers.

use std::{collections::HashMap, net::Ipv4Addr, time::Duration};

use vmkit_dhcp::{FOREIGN_MAC, Offer, Plan, PlanStep, TestCase, TestResult};
use vmkit_types::{Mac, Reading};

use super::site::{Loss, Site};
use crate::random::Random;

/// When the counts of ARP requests come, and how many requests they are of. The second follows if some of the
/// first were lost.
const COUNTS: [(Duration, u32); 2] =
    [(Duration::from_millis(330), 16), (Duration::from_millis(1300), 32)];
/// How long a server pings the address that it is about to offer a new client, if it does.
const PING: Duration = Duration::from_millis(3010);
/// How soon an OFFER comes otherwise.
const AT_ONCE: Duration = Duration::from_millis(5);

/// What happens during the test.
enum Event {
    Offered { xid: u32, chaddr: Mac, offer: Offer },
    Counted { asked: u32, answered: u32 },
}

struct Network<'s> {
    site: &'s Site,
    random: Random,
    /// The servers ping first.
    pings: bool,
    /// When a new client may be offered an address.
    ready: HashMap<Mac, Duration>,
    events: Vec<(Duration, Event)>,
}

/// The results of the test of a case, whose frames always have the host's MAC as their source.
pub(super) fn results(site: &Site, family: &str, number: u64) -> Vec<TestResult> {
    let mut random = Random::of(&format!("offer test of {family}"), number);
    let cases = [
        (TestCase::Host, site.host_mac),
        (TestCase::Machine, site.vms[0].mac),
        (TestCase::Foreign, FOREIGN_MAC),
    ];
    let by_uplink = !site.has_any(&["host-wrong-uplink", "host-no-bridge-address"]);
    let gateway = by_uplink.then_some(site.gateway);
    let mut plan = Plan::new(cases).on_network_of(gateway);
    let pings = random.chance(0.25);
    let mut network = Network { site, random, pings, ready: HashMap::new(), events: Vec::new() };
    if gateway.is_some() {
        network.count_lost();
    }
    let (mut now, mut xid) = (Duration::ZERO, 0);
    loop {
        network.deliver(&mut plan, now);
        match plan.step(now) {
            PlanStep::Done => return plan.results(now),
            PlanStep::Send(case, chaddr) => {
                xid += 1;
                plan.sent(case, chaddr, xid, now);
                network.discover(case, chaddr, xid, now);
            }
            PlanStep::WaitUntil(until) => {
                let next = network.events.iter().map(|(at, _)| *at).fold(until, Duration::min);
                now = next.max(now + Duration::from_micros(100));
            }
        }
    }
}

impl Network<'_> {
    fn deliver(&mut self, plan: &mut Plan, now: Duration) {
        self.events.sort_by_key(|(at, _)| *at);
        let due = self.events.iter().take_while(|(at, _)| *at <= now).count();
        for (at, event) in self.events.drain(..due) {
            match event {
                Event::Counted { asked, answered } => plan.measured(asked, answered),
                Event::Offered { xid, chaddr, offer } => {
                    plan.offered(xid, chaddr, offer, at);
                }
            }
        }
    }

    fn passes(&mut self) -> bool {
        match self.site.loss {
            Some(Loss::Beyond { percent }) => !self.random.chance(f64::from(percent) / 100.0),
            // The test neither enters nor leaves a port of the bridge.
            Some(Loss::InHost { .. }) | None => true,
        }
    }

    /// A request and its reply.
    fn returns(&mut self) -> bool {
        self.passes() && self.passes()
    }

    fn count_lost(&mut self) {
        for (at, asked) in COUNTS {
            let up = !self.site.has("host-uplink-down");
            let answered = (0..asked).filter(|_| up && self.returns()).count();
            let answered = u32::try_from(answered).unwrap_or(asked);
            self.events.push((at, Event::Counted { asked, answered }));
            if answered == asked || answered == 0 {
                break;
            }
        }
    }

    fn discover(&mut self, case: TestCase, chaddr: Mac, xid: u32, now: Duration) {
        if !self.passes() {
            return;
        }
        for offer in self.offers(case) {
            // A server offers a client that it knows the same address again.
            let pings = self.pings && case != TestCase::Host;
            let ready = if pings { now + PING } else { now };
            let ready = *self.ready.entry(chaddr).or_insert(ready);
            if self.passes() {
                let at = ready.max(now) + AT_ONCE;
                self.events.push((at, Event::Offered { xid, chaddr, offer }));
            }
        }
    }

    /// What the servers offer this client.
    fn offers(&self, case: TestCase) -> Vec<Offer> {
        let site = self.site;
        let silent = [
            "dhcp-no-server",
            "host-uplink-down",
            "host-wrong-uplink",
            "wifi-private-address-changed",
        ];
        if site.has_any(&silent) {
            return Vec::new();
        }
        let of_vm = matches!(case, TestCase::Machine | TestCase::MachineUnicast);
        let by_broadcast = case != TestCase::MachineUnicast;
        let lost = by_broadcast && site.has("dhcp-broadcast-filtered");
        // The server offers the computer its present address.
        let new_refused = site.has_any(&["router-drops-foreign-chaddr", "dhcp-pool-exhausted"]);
        let refused =
            case != TestCase::Host && new_refused || of_vm && site.has("router-blocks-vm-mac");
        if lost || refused {
            return Vec::new();
        }
        let given = match case {
            TestCase::Host => site.host,
            TestCase::Foreign => site.at(190),
            _ => site.vms[0].address,
        };
        let offer = |server: Ipv4Addr, given: Ipv4Addr, router: Ipv4Addr| Offer {
            server: Some(server),
            yiaddr: Some(given),
            prefix: Some(24),
            routers: vec![router],
            lease_s: Some(if site.has_lease_of_zero() { 0 } else { 86_400 }),
            mtu: if site.has("dhcp-small-mtu") { Reading::Known(576) } else { Reading::Absent },
        };
        let mut offers = vec![offer(site.gateway, given, site.gateway)];
        if site.has("dhcp-rogue-server") {
            offers.push(offer(site.at(3), site.at(222), site.at(3)));
        }
        if site.has("dhcp-nak-loop") {
            let server = Ipv4Addr::new(192, 168, 9, 1);
            offers.push(offer(server, Ipv4Addr::new(192, 168, 9, 77), server));
        }
        offers
    }
}

/// Whether a careful person would say of the counts that the link loses frames: a quarter of at least eight
/// questions of an answered kind.
pub(super) fn shows_loss(results: &[TestResult]) -> bool {
    let answered = || results.iter().filter(|result| result.answered > 0);
    let asked: u32 = answered().map(|result| result.sent).sum();
    let lost: u32 = answered().map(|result| result.sent.saturating_sub(result.answered)).sum();
    asked >= 8 && lost * 4 >= asked
}
