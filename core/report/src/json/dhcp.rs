//! DHCP messages and offers, in documents.

use std::net::Ipv4Addr;

use serde::Serialize;
use vmkit_dhcp::{Checksum, Ladder, Rung, Step, TestCase, TestResult};

use crate::time::rfc3339;

/// One DHCP message at one side of the computer.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct RungDocument {
    /// `DISCOVER`, `OFFER`, …
    message: &'static str,
    /// Whether it was seen on this side, where it should pass.
    seen: bool,
    /// When it was first seen on either side, RFC 3339.
    at: Option<String>,
    /// Transaction id.
    xid: String,
    source_mac: String,
    destination_mac: String,
    chaddr: String,
    /// Option 61 in hexadecimal.
    client_id: Option<String>,
    broadcast_flag: bool,
    server: Option<Ipv4Addr>,
    yiaddr: Option<Ipv4Addr>,
    requested: Option<Ipv4Addr>,
    lease_s: Option<u32>,
    routers: Vec<Ipv4Addr>,
    /// `right`, `wrong` or `unchecked`.
    checksum: &'static str,
}

/// The messages of one side; `None`: it was not watched.
pub(super) fn rungs(ladder: &Ladder, side: impl Fn(&Rung) -> Step) -> Option<Vec<RungDocument>> {
    let watched = ladder.rungs.iter().all(|rung| side(rung) != Step::NotWatched);
    let rung = |rung: &Rung| {
        let message = &rung.message;
        RungDocument {
            message: message.kind.word(),
            seen: side(rung) == Step::Seen,
            at: rfc3339(rung.at),
            xid: format!("{:#010x}", message.xid),
            source_mac: message.source_mac.to_string(),
            destination_mac: message.destination_mac.to_string(),
            chaddr: message.chaddr.to_string(),
            client_id: message.client_id.as_ref().map(|id| hexadecimal(id)),
            broadcast_flag: message.broadcast_flag,
            server: message.server,
            yiaddr: message.yiaddr,
            requested: message.requested,
            lease_s: message.lease_s,
            routers: message.routers.clone(),
            checksum: match message.checksum {
                Checksum::Right => "right",
                Checksum::Wrong => "wrong",
                Checksum::Unchecked => "unchecked",
            },
        }
    };
    watched.then(|| ladder.rungs.iter().map(rung).collect())
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat()
}

/// What was asked in one case, and what was answered.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct TestDocument {
    /// `host`, `vm`, `foreign`, `vm-unicast` or `vm-client-id`: DISCOVERs. `gateway`: ARP requests for
    /// the gateway, which show what the link loses.
    case: &'static str,
    chaddr: Option<String>,
    /// Questions that were answered or whose answer is overdue.
    sent: u32,
    /// How many of them were answered.
    answered: u32,
    /// How long an answer to the first question was waited for.
    waited_ms: Option<u64>,
    offers: Vec<OfferDocument>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OfferDocument {
    server: Option<Ipv4Addr>,
    yiaddr: Option<Ipv4Addr>,
    /// The length of the offered network's prefix.
    prefix: Option<u8>,
    routers: Vec<Ipv4Addr>,
    lease_s: Option<u32>,
}

impl TestDocument {
    pub(super) fn new(result: &TestResult) -> Self {
        let offers = result.offers.iter();
        Self {
            case: match result.case {
                TestCase::Host => "host",
                TestCase::Machine => "vm",
                TestCase::Foreign => "foreign",
                TestCase::MachineUnicast => "vm-unicast",
                TestCase::MachineClientId => "vm-client-id",
                TestCase::Gateway => "gateway",
            },
            chaddr: result.chaddr.map(|mac| mac.to_string()),
            sent: result.sent,
            answered: result.answered,
            waited_ms: result.waited.and_then(|it| u64::try_from(it.as_millis()).ok()),
            offers: offers
                .map(|offer| OfferDocument {
                    server: offer.server,
                    yiaddr: offer.yiaddr,
                    prefix: offer.prefix,
                    routers: offer.routers.clone(),
                    lease_s: offer.lease_s,
                })
                .collect(),
        }
    }
}
