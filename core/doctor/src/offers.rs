//! The offer test: asks DHCP servers for offers to this computer, VMs and an unknown client, and
//! measures meanwhile what the link loses.

use std::{
    net::Ipv4Addr,
    sync::mpsc::{self, Receiver, TryRecvError},
    thread,
    time::{Duration, Instant},
};

use vmkit_capture::pcap;
use vmkit_dhcp::{
    FOREIGN_MAC, Frame, Loss, Message, MessageKind, Offer, Outcome, Plan, PlanStep, TestCase,
    TestResult,
};
use vmkit_rights::{Broker, CountArpRequest, DiscoverRequest, Frames, Refusal};
use vmkit_types::{Mac, Reading};

/// ARP requests that show whether the link loses frames at all.
const FIRST_COUNT: u32 = 16;
/// Further ones, if some of the first were lost: they show how many.
const SECOND_COUNT: u32 = 32;
/// How soon the counts of ARP are noticed.
const TICK: Duration = Duration::from_millis(50);

/// The VMs and the uplink of a test.
#[derive(Clone, Debug)]
pub(crate) struct OfferTestTarget {
    /// The uplink.
    pub(crate) interface: String,
    /// The uplink's MAC: the source of every frame.
    pub(crate) host: Mac,
    /// The VMs' MACs.
    pub(crate) machines: Vec<Mac>,
    /// Whether an unknown client asks as well, which takes an address of the server's for a while.
    pub(crate) unknown_client: bool,
    /// The gateway, and the interface on whose network it is. `None`: no gateway is on a network of this computer.
    pub(crate) gateway: Option<(String, Ipv4Addr)>,
}

/// The result of a test.
#[derive(Clone, Debug)]
pub struct OfferTest {
    /// A result for each tested case.
    pub results: Vec<TestResult>,
    /// The frames of the test as a pcap file.
    pub pcap: Vec<u8>,
}

impl OfferTest {
    /// The part that concerns a machine with these MACs.
    pub(crate) fn of_machine(&self, macs: &[Mac]) -> Self {
        let own = |result: &&TestResult| match result.case {
            TestCase::Host | TestCase::Foreign | TestCase::Gateway => true,
            TestCase::Machine | TestCase::MachineUnicast | TestCase::MachineClientId => {
                result.chaddr.is_none_or(|mac| macs.contains(&mac))
            }
        };
        let results = self.results.iter().filter(own).cloned().collect();
        Self { results, pcap: self.pcap.clone() }
    }
}

/// Asks for offers: sends DISCOVERs and never a REQUEST. Ends when every case is answered or has been
/// silent for longer than loss or a slow server explains, after 4 s, or as soon as `is_of_use` denies
/// that the rest could tell more. Unknown without the right to raw sockets, or if the interface
/// disappears.
pub(crate) fn test_offers(
    broker: &Broker,
    target: &OfferTestTarget,
    is_of_use: &mut dyn FnMut(&OfferTest) -> bool,
) -> Reading<OfferTest> {
    match run(broker, target, is_of_use) {
        Ok(test) => Reading::Known(test),
        Err(refusal) => {
            let message = format!("asking for offers: {}", refusal.message);
            Reading::Unknown(Refusal { message, ..refusal }.into())
        }
    }
}

fn run(
    broker: &Broker,
    target: &OfferTestTarget,
    is_of_use: &mut dyn FnMut(&OfferTest) -> bool,
) -> Result<OfferTest, Refusal> {
    let mut session = Session::open(broker, target)?;
    let counts = count_lost(broker.clone(), target.gateway.clone());
    let mut outcomes = Vec::new();
    loop {
        session.take_counts(&counts);
        match session.plan.step(session.now()) {
            PlanStep::Send(case, chaddr) => session.send(case, chaddr)?,
            PlanStep::WaitUntil(until) => session.listen(until.min(session.now() + TICK))?,
            PlanStep::Done => break,
        }
        let test = session.so_far();
        let loss = Loss::of(&test.results);
        let now: Vec<Outcome> = test.results.iter().map(|result| result.outcome(&loss)).collect();
        let is_new = now != outcomes && now.iter().any(|outcome| *outcome != Outcome::Open);
        if is_new && !session.plan.is_unsure(session.now()) {
            if !session.plan.awaits_others(session.now()) && !is_of_use(&test) {
                break;
            }
            outcomes = now;
        }
    }
    Ok(session.finish())
}

/// Counts on a thread of its own how many ARP requests for the gateway are answered. Nobody waits for
/// a count that comes too late.
fn count_lost(broker: Broker, gateway: Option<(String, Ipv4Addr)>) -> Receiver<(u32, u32)> {
    let (told, counts) = mpsc::channel();
    let Some((interface, address)) = gateway else { return counts };
    thread::spawn(move || {
        for requests in [FIRST_COUNT, SECOND_COUNT] {
            let interface = interface.clone();
            let request = CountArpRequest { interface, address, requests };
            // Without the right to ask, the loss stays as unknown as before.
            let Ok((asked, answered)) = broker.count_arp(request) else { return };
            if told.send((asked, answered)).is_err() || answered == asked || answered == 0 {
                return;
            }
        }
    });
    counts
}

struct Session<'a> {
    broker: &'a Broker,
    target: &'a OfferTestTarget,
    began: Instant,
    capture: Frames,
    plan: Plan,
    file: pcap::Writer<Vec<u8>>,
}

impl<'a> Session<'a> {
    fn open(broker: &'a Broker, target: &'a OfferTestTarget) -> Result<Self, Refusal> {
        let capture = broker.capture(&target.interface)?;
        let kept = pcap::Writer::new(Vec::new());
        let file = kept.map_err(|error| Refusal::failed(format!("keep the frames: {error}")))?;
        let machines = target.machines.iter().map(|mac| (TestCase::Machine, *mac));
        let cases = [(TestCase::Host, target.host)].into_iter().chain(machines);
        let gateway = target.gateway.as_ref().map(|(_, address)| *address);
        let unknown = target.unknown_client.then_some((TestCase::Foreign, FOREIGN_MAC));
        let plan = Plan::new(cases.chain(unknown)).on_network_of(gateway).beside_a_count();
        Ok(Self { broker, target, began: Instant::now(), capture, plan, file })
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Takes what was counted by now.
    fn take_counts(&mut self, counts: &Receiver<(u32, u32)>) {
        loop {
            match counts.try_recv() {
                Ok((asked, answered)) => self.plan.measured(asked, answered),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => return self.plan.count_ended(),
            }
        }
    }

    fn send(&mut self, case: TestCase, chaddr: Mac) -> Result<(), Refusal> {
        let discover = DiscoverRequest {
            interface: self.target.interface.clone(),
            chaddr: chaddr.octets(),
            broadcast: case != TestCase::MachineUnicast,
            client_id: None,
        };
        let xid = self.broker.discover(discover)?;
        let now = self.now();
        self.plan.sent(case, chaddr, xid, now);
        Ok(())
    }

    /// Takes the offers that come until this time.
    fn listen(&mut self, until: Duration) -> Result<(), Refusal> {
        let deadline = self.began + until;
        if let Some(frame) = self.capture.next(deadline)? {
            let at = frame.at;
            let message = Frame::parse(at, frame.data).and_then(|read| Message::parse(at, &read));
            let Some(message) = message.filter(|it| it.kind == MessageKind::Offer) else {
                return Ok(());
            };
            let offer = Offer {
                server: message.server,
                yiaddr: message.yiaddr,
                prefix: message.prefix,
                routers: message.routers,
                lease_s: message.lease_s,
                mtu: message.mtu.map_or(Reading::Absent, Reading::Known),
            };
            if self.plan.offered(message.xid, message.chaddr, offer, self.began.elapsed()) {
                // Writing to memory cannot fail.
                self.file.write(&frame).ok();
            }
        }
        Ok(())
    }

    fn so_far(&self) -> OfferTest {
        OfferTest { results: self.plan.results(self.now()), pcap: Vec::new() }
    }

    fn finish(self) -> OfferTest {
        let results = self.plan.results(self.now());
        OfferTest { results, pcap: self.file.into_inner() }
    }
}
