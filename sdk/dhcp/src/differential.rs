//! Results of asking for offers with different hardware addresses.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

/// Whose hardware address a DISCOVER of the test carries. The frame's source is always the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TestCase {
    /// The host's own, with the broadcast flag.
    Host,
    /// The machine's, with the broadcast flag.
    Machine,
    /// One that no server has seen before, with the broadcast flag.
    Foreign,
    /// The machine's, without the broadcast flag.
    MachineUnicast,
    /// The machine's, with the flag and the client identifier that the machine itself sends.
    MachineClientId,
}

/// One offer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The server, by its identifier.
    pub server: Option<Ipv4Addr>,
    /// The address that it would give.
    pub yiaddr: Option<Ipv4Addr>,
}

/// What came back in one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The case.
    pub case: TestCase,
    /// The hardware address that was sent.
    pub chaddr: Option<Mac>,
    /// How many DISCOVERs were sent. With 0 nothing follows from the lack of offers.
    pub sent: u32,
    /// The offers, without repetitions.
    pub offers: Vec<Offer>,
}
