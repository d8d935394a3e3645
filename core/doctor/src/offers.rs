//! The offer test: asks DHCP servers for offers to this computer, a VM, and an unknown client.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use vmkit_capture::pcap;
use vmkit_dhcp::{FOREIGN_MAC, Frame, Message, MessageKind, Offer, TestCase, TestResult};
use vmkit_rights::{Broker, DiscoverRequest, Frames, Refusal};
use vmkit_types::{Mac, Reading};

/// Pause between DISCOVERs, so that servers and access points do not see a flood.
const PACE: Duration = Duration::from_millis(60);
/// How long to wait for answers after each round. Servers answer in milliseconds, or after a ping of
/// a second or more before offering a new address.
const ROUND_TIME: Duration = Duration::from_millis(1100);
/// Attempts for each case, like most clients make in a row.
const ROUNDS: u32 = 3;
/// How much later than the first a second server may answer.
const SECOND_SERVER: Duration = Duration::from_millis(200);

/// The VM and the uplink of a test.
#[derive(Clone, Debug)]
pub(crate) struct OfferTestTarget {
    /// The uplink.
    pub(crate) interface: String,
    /// The uplink's MAC: the source of every frame.
    pub(crate) host: Mac,
    /// The VM's MAC.
    pub(crate) machine: Mac,
    /// The client identifier that the VM sends, if known.
    pub(crate) client_id: Option<Vec<u8>>,
}

/// The result of a test.
#[derive(Clone, Debug)]
pub struct OfferTest {
    /// A result for each tested case.
    pub results: Vec<TestResult>,
    /// The frames of the test as a pcap file.
    pub pcap: Vec<u8>,
}

/// Asks for offers: sends DISCOVERs and never a REQUEST. Takes 0.4 s if all are answered, 4 s if
/// none is. Unknown without the right to raw sockets, or if the interface disappears.
pub(crate) fn test_offers(broker: &Broker, target: &OfferTestTarget) -> Reading<OfferTest> {
    match run(broker, target) {
        Ok(test) => Reading::Known(test),
        Err(refusal) => {
            let message = format!("asking for offers: {}", refusal.message);
            Reading::Unknown(Refusal { message, ..refusal }.into())
        }
    }
}

fn run(broker: &Broker, target: &OfferTestTarget) -> Result<OfferTest, Refusal> {
    let mut session = Session::open(broker, target)?;
    let first = [
        (TestCase::Host, target.host),
        (TestCase::Machine, target.machine),
        (TestCase::Foreign, FOREIGN_MAC),
    ];
    session.add(&first);
    session.round()?;
    // Try other forms only if the plain DISCOVER was not answered.
    if !session.is_answered(TestCase::Machine) {
        let with_identifier = target.client_id.as_ref().map(|_| TestCase::MachineClientId);
        let further = [Some(TestCase::MachineUnicast), with_identifier].into_iter().flatten();
        session.add(&further.map(|case| (case, target.machine)).collect::<Vec<_>>());
    }
    for _ in 1..ROUNDS {
        if !session.is_complete() {
            session.round()?;
        }
    }
    if session.is_complete() {
        session.listen(Instant::now() + SECOND_SERVER, false)?;
    }
    Ok(session.finish())
}

struct Session<'a> {
    broker: &'a Broker,
    target: &'a OfferTestTarget,
    capture: Frames,
    results: Vec<TestResult>,
    /// Index in `results` by transaction id.
    transactions: HashMap<u32, usize>,
    file: pcap::Writer<Vec<u8>>,
}

impl<'a> Session<'a> {
    fn open(broker: &'a Broker, target: &'a OfferTestTarget) -> Result<Self, Refusal> {
        let capture = broker.capture(&target.interface)?;
        let kept = pcap::Writer::new(Vec::new());
        let file = kept.map_err(|error| Refusal::failed(format!("keep the frames: {error}")))?;
        let (results, transactions) = (Vec::new(), HashMap::new());
        Ok(Self { broker, target, capture, results, transactions, file })
    }

    fn is_answered(&self, case: TestCase) -> bool {
        self.results.iter().any(|result| result.case == case && !result.offers.is_empty())
    }

    fn is_complete(&self) -> bool {
        self.results.iter().all(|result| !result.offers.is_empty())
    }

    fn add(&mut self, cases: &[(TestCase, Mac)]) {
        self.results.extend(cases.iter().map(|(case, chaddr)| TestResult {
            case: *case,
            chaddr: Some(*chaddr),
            sent: 0,
            offers: Vec::new(),
        }));
    }

    /// Sends a DISCOVER for each unanswered case, and waits for the answers.
    fn round(&mut self) -> Result<(), Refusal> {
        for place in 0..self.results.len() {
            if self.results[place].offers.is_empty() {
                self.send(place)?;
                self.listen(Instant::now() + PACE, false)?;
            }
        }
        self.listen(Instant::now() + ROUND_TIME, true)
    }

    fn send(&mut self, place: usize) -> Result<(), Refusal> {
        let result = &mut self.results[place];
        let identifier = self.target.client_id.as_ref();
        let discover = DiscoverRequest {
            interface: self.target.interface.clone(),
            chaddr: result.chaddr.unwrap_or(FOREIGN_MAC).octets(),
            broadcast: result.case != TestCase::MachineUnicast,
            client_id: identifier.filter(|_| result.case == TestCase::MachineClientId).cloned(),
        };
        let xid = self.broker.discover(discover)?;
        result.sent += 1;
        self.transactions.insert(xid, place);
        Ok(())
    }

    /// Collects answers until the deadline or until all cases have one.
    fn listen(&mut self, deadline: Instant, until_all: bool) -> Result<(), Refusal> {
        while !(until_all && self.is_complete()) {
            let Some(frame) = self.capture.next(deadline)? else { return Ok(()) };
            let at = frame.at;
            let message = Frame::parse(at, frame.data).and_then(|read| Message::parse(at, &read));
            let Some(message) = message else { continue };
            let Some(place) = self.transactions.get(&message.xid).copied() else { continue };
            // Writing to memory cannot fail.
            self.file.write(&frame).ok();
            let result = &mut self.results[place];
            let offer = Offer { server: message.server, yiaddr: message.yiaddr };
            let for_it =
                message.kind == MessageKind::Offer && result.chaddr == Some(message.chaddr);
            if for_it && !result.offers.contains(&offer) {
                result.offers.push(offer);
            }
        }
        Ok(())
    }

    fn finish(self) -> OfferTest {
        OfferTest { results: self.results, pcap: self.file.into_inner() }
    }
}
