//! Results of the offer test: DISCOVERs with different hardware addresses.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

/// Whose hardware address a DISCOVER of the test has. The frame's source is always the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TestCase {
    /// The host's own, with the broadcast flag.
    Host,
    /// The machine's, with the broadcast flag.
    Machine,
    /// An address that no server has seen before, with the broadcast flag.
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
    /// The address that the server offers.
    pub yiaddr: Option<Ipv4Addr>,
}

/// The result of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The case.
    pub case: TestCase,
    /// The hardware address that was sent.
    pub chaddr: Option<Mac>,
    /// Number of DISCOVERs sent. With 0, missing offers mean nothing.
    pub sent: u32,
    /// The offers, without repetitions.
    pub offers: Vec<Offer>,
}
