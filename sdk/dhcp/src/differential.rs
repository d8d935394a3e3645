//! Results of the offer test: DISCOVERs with different hardware addresses, and how much the link
//! loses meanwhile.

use std::{net::Ipv4Addr, time::Duration};

use vmkit_types::{Mac, Reading, Unread};

/// What a question of the test asks. The frame's source is always the host's own MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TestCase {
    /// A DISCOVER with the host's own hardware address, with the broadcast flag.
    Host,
    /// One with the machine's, with the broadcast flag.
    Machine,
    /// One with an address that no server has seen before, with the broadcast flag.
    Foreign,
    /// One with the machine's, without the broadcast flag.
    MachineUnicast,
    /// One with the machine's, with the flag and the client identifier that the machine itself sends.
    MachineClientId,
    /// An ARP request for the gateway's address. What is lost of these, the link loses.
    Gateway,
}

/// One offer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The server, by its identifier.
    pub server: Option<Ipv4Addr>,
    /// The address that the server offers.
    pub yiaddr: Option<Ipv4Addr>,
    /// The length of its network's prefix.
    pub prefix: Option<u8>,
    /// The routers that it names.
    pub routers: Vec<Ipv4Addr>,
    /// How long the lease would last, in seconds.
    pub lease_s: Option<u32>,
    /// The MTU that the lease would set, in octets. `Absent`: it sets none. Unknown where nobody asked for it.
    pub mtu: Reading<u16>,
}

impl Default for Offer {
    /// An offer with nothing known.
    fn default() -> Self {
        Self {
            server: None,
            yiaddr: None,
            prefix: None,
            routers: Vec::new(),
            lease_s: None,
            mtu: Reading::Unknown(Unread::NotTried),
        }
    }
}

impl Offer {
    /// Whether its network is known and does not hold this address.
    pub(crate) fn is_of_network_without(&self, address: Ipv4Addr) -> bool {
        let (Some(own), Some(prefix)) = (self.yiaddr, self.prefix) else { return false };
        (own.to_bits() ^ address.to_bits()).leading_zeros() < u32::from(prefix.min(32))
    }
}

/// The result of one case: so many of so many were answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The case.
    pub case: TestCase,
    /// The hardware address that was sent; none for ARP.
    pub chaddr: Option<Mac>,
    /// Number of questions that were answered or whose answer is overdue, also of a slow server. With 0,
    /// missing offers mean nothing.
    pub sent: u32,
    /// How many of them were answered.
    pub answered: u32,
    /// How long an answer to the first question was waited for. `None`: not recorded, as by versions
    /// for which silence after three questions was certain; then it counts.
    pub waited: Option<Duration>,
    /// The offers, without repetitions.
    pub offers: Vec<Offer>,
}
