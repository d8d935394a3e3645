//! The differential DHCP test: what servers offer this computer, a machine, and a stranger.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use vmkit_capture::{Capture, CaptureError, pcap};
use vmkit_dhcp::{
    Discover, FOREIGN_MAC, Frame, Message, MessageKind, Offer, TestCase, TestResult,
    test_transaction,
};
use vmkit_types::Mac;

/// Room for the answers of a few seconds; DHCP and ARP alone are kept.
const RING_BYTES: usize = 256 << 10;
/// Between two DISCOVERs, so that no server and no access point takes them for a flood.
const PACE: Duration = Duration::from_millis(60);
/// How long an answer is waited for after each round. Servers answer in milliseconds, or after a
/// ping of a second and more for an address that they have not given before.
const ROUND: Duration = Duration::from_millis(1100);
/// Rounds for each case, as often as clients try before they rest.
const ROUNDS: u32 = 3;
/// A second server may answer somewhat later than the first.
const SECOND_SERVER: Duration = Duration::from_millis(200);

/// Whom the test is about.
#[derive(Clone, Debug)]
pub struct DhcpTest {
    /// The uplink.
    pub interface: String,
    /// The uplink's MAC: the source of every frame.
    pub host: Mac,
    /// The machine's MAC.
    pub machine: Mac,
    /// The client identifier that the machine was seen to send.
    pub client_id: Option<Vec<u8>>,
}

/// What the test gave.
#[derive(Clone, Debug)]
pub struct Tested {
    /// One result for each case that was tried.
    pub results: Vec<TestResult>,
    /// All frames of the test as a pcap file.
    pub pcap: Vec<u8>,
}

/// Why the test could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The interface cannot be captured, or sent on.
    #[error("asking for offers")]
    Capture(#[from] CaptureError),
    /// The machine's client identifier does not fit into a message.
    #[error("asking for offers: a client identifier of {0} octets does not fit")]
    ClientId(usize),
}

/// Asks for offers. Takes 0.4 s where all are answered, and 4 s where none is.
///
/// # Errors
/// The right to raw sockets is missing, or the interface goes away.
pub fn ask(test: &DhcpTest) -> Result<Tested, ProbeError> {
    let mut session = Session::open(test)?;
    let first = [
        (TestCase::Host, test.host),
        (TestCase::Machine, test.machine),
        (TestCase::Foreign, FOREIGN_MAC),
    ];
    session.add(&first);
    session.round()?;
    // How a reply comes matters only where the first did not.
    if !session.is_answered(TestCase::Machine) {
        let with_identifier = test.client_id.as_ref().map(|_| TestCase::MachineClientId);
        let further = [Some(TestCase::MachineUnicast), with_identifier].into_iter().flatten();
        session.add(&further.map(|case| (case, test.machine)).collect::<Vec<_>>());
    }
    for _ in 1..ROUNDS {
        if !session.is_answered_in_all() {
            session.round()?;
        }
    }
    if session.is_answered_in_all() {
        session.listen(Instant::now() + SECOND_SERVER, false)?;
    }
    Ok(session.finish())
}

struct Session<'a> {
    test: &'a DhcpTest,
    capture: Capture,
    results: Vec<TestResult>,
    /// Place in `results` by transaction id.
    transactions: HashMap<u32, usize>,
    file: pcap::Writer<Vec<u8>>,
}

impl<'a> Session<'a> {
    fn open(test: &'a DhcpTest) -> Result<Self, ProbeError> {
        let capture = Capture::open(&test.interface, RING_BYTES)?;
        let file = pcap::Writer::new(Vec::new()).map_err(|source| CaptureError::System {
            interface: test.interface.clone(),
            operation: "keep the frames",
            source,
        })?;
        Ok(Self { test, capture, results: Vec::new(), transactions: HashMap::new(), file })
    }

    fn is_answered(&self, case: TestCase) -> bool {
        self.results.iter().any(|result| result.case == case && !result.offers.is_empty())
    }

    fn is_answered_in_all(&self) -> bool {
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

    /// Sends a DISCOVER for each case that has no answer yet, and waits for the answers.
    fn round(&mut self) -> Result<(), ProbeError> {
        for place in 0..self.results.len() {
            if self.results[place].offers.is_empty() {
                self.send(place)?;
                self.listen(Instant::now() + PACE, false)?;
            }
        }
        self.listen(Instant::now() + ROUND, true)
    }

    fn send(&mut self, place: usize) -> Result<(), ProbeError> {
        let result = &mut self.results[place];
        let xid = test_transaction(fastrand::u16(..));
        let identifier = self.test.client_id.as_ref();
        let discover = Discover {
            source: self.test.host,
            chaddr: result.chaddr.unwrap_or(FOREIGN_MAC),
            xid,
            broadcast: result.case != TestCase::MachineUnicast,
            client_id: identifier.filter(|_| result.case == TestCase::MachineClientId).cloned(),
        };
        let too_long = || ProbeError::ClientId(identifier.map_or(0, Vec::len));
        let frame = discover.frame().ok_or_else(too_long)?;
        self.capture.send(&frame)?;
        result.sent += 1;
        self.transactions.insert(xid, place);
        Ok(())
    }

    /// Takes answers in until the deadline, or until all cases have one.
    fn listen(&mut self, deadline: Instant, until_all: bool) -> Result<(), ProbeError> {
        while !(until_all && self.is_answered_in_all()) {
            let Some(frame) = self.capture.next(deadline)? else { return Ok(()) };
            let at = frame.at;
            let message = Frame::parse(at, frame.data).and_then(|read| Message::parse(at, &read));
            let Some(message) = message else { continue };
            let Some(place) = self.transactions.get(&message.xid).copied() else { continue };
            // Writing to memory does not fail.
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

    fn finish(self) -> Tested {
        Tested { results: self.results, pcap: self.file.into_inner() }
    }
}
