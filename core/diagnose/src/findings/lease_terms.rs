//! What DHCP servers give: which servers, networks and gateways, and what they refuse.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use vmkit_dhcp::{Message, MessageKind, TestCase, Traffic};
use vmkit_types::{Kind, Mac, Prefix, Reading, Unread, attribute};

use super::sheet::Sheet;
use crate::{Attachment, Facts, FindingCode};

/// The prefix length of a lease without a mask.
const USUAL_PREFIX: u8 = 24;

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let points: Vec<&Traffic> =
        [&facts.guest_traffic, &facts.uplink_traffic].into_iter().filter_map(known).collect();
    let all: Vec<&Message> =
        points.iter().flat_map(|t| &t.exchanges).flat_map(|e| &e.messages).collect();
    let own = |message: &&&Message| facts.machine.macs.contains(&message.chaddr);
    let replies =
        |message: &&&Message| matches!(message.kind, MessageKind::Offer | MessageKind::Ack);
    let gives: Vec<&Message> = all.iter().filter(own).filter(replies).copied().collect();
    servers(facts, &all, sheet);
    refusals(facts, &all, sheet);
    if let Some(last) = gives.last() {
        terms(facts, attachment, last, sheet);
    } else if let Some((yiaddr, _)) = lease_on_console(facts) {
        address(facts, attachment, yiaddr, sheet);
    } else if let Some(yiaddr) = offered_in_test(facts) {
        address(facts, attachment, yiaddr, sheet);
    }
    client_identifier(facts, &all, sheet);
}

fn known<'a>(reading: &Reading<&'a Traffic>) -> Option<&'a Traffic> {
    match reading {
        Reading::Known(traffic) => Some(traffic),
        Reading::Absent | Reading::Unknown(_) => None,
    }
}

fn servers(facts: &Facts<'_>, all: &[&Message], sheet: &mut Sheet) {
    let replies = all
        .iter()
        .filter(|m| matches!(m.kind, MessageKind::Offer | MessageKind::Ack | MessageKind::Nak));
    let mut servers: BTreeSet<Ipv4Addr> = replies.filter_map(|message| message.server).collect();
    let mut networks: BTreeSet<Network> = BTreeSet::new();
    for message in all.iter().filter(|m| matches!(m.kind, MessageKind::Offer | MessageKind::Ack)) {
        networks.extend(message.yiaddr.map(|given| Network::of(given, message.prefix)));
    }
    if let Reading::Known(results) = facts.test {
        for offer in results.iter().flat_map(|result| &result.offers) {
            servers.extend(offer.server);
            networks.extend(offer.yiaddr.map(|given| Network::of(given, None)));
        }
    }
    // The guest's own lease does not show which other servers would have answered.
    let asked = !servers.is_empty();
    if let Some((address, server)) = lease_on_console(facts) {
        servers.insert(server);
        networks.insert(Network::of(address, None));
    }
    let Some(first) = servers.first() else { return };
    if !asked {
        return;
    }
    let names: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let several = servers.len() > 1;
    let (yes, no) = (names.join(" and "), format!("only {first} answers"));
    sheet.judged(FindingCode::SeveralServersAnswer, several, yes, no);
    if several {
        let given: Vec<String> = networks.iter().map(ToString::to_string).collect();
        sheet.judged(
            FindingCode::ServersDisagreeOnSubnet,
            networks.len() > 1,
            given.join(" and "),
            "they give addresses of the same network",
        );
    } else {
        sheet.absent(FindingCode::ServersDisagreeOnSubnet, format!("only {first} answers"));
    }
}

/// A network: its first address and its prefix length.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Network(Ipv4Addr, u8);

impl Network {
    fn of(address: Ipv4Addr, length: Option<u8>) -> Self {
        let length = length.filter(|length| (1..=32).contains(length)).unwrap_or(USUAL_PREFIX);
        let mask = u32::MAX << (32 - u32::from(length));
        Self(Ipv4Addr::from_bits(address.to_bits() & mask), length)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

fn refusals(facts: &Facts<'_>, all: &[&Message], sheet: &mut Sheet) {
    let own: Vec<&&Message> =
        all.iter().filter(|message| facts.machine.macs.contains(&message.chaddr)).collect();
    if own.is_empty() {
        return;
    }
    // Both capture points may have the same frame.
    let mut naks: Vec<&&&Message> = own.iter().filter(|m| m.kind == MessageKind::Nak).collect();
    naks.sort_by_key(|message| message.xid);
    naks.dedup_by_key(|message| (message.xid, message.server));
    match naks.as_slice() {
        [] => {
            sheet.absent(FindingCode::RequestRefused, "no NAK was seen");
            sheet.absent(FindingCode::RequestRefusedAgainAndAgain, "no NAK was seen");
        }
        [first, others @ ..] => {
            let server = first.server.map_or_else(String::new, |s| format!(" by {s}"));
            sheet.present(FindingCode::RequestRefused, format!("NAK{server}"));
            let code = FindingCode::RequestRefusedAgainAndAgain;
            let last = naks.iter().map(|nak| nak.at).max();
            let accepted = own.iter().any(|m| m.kind == MessageKind::Ack && Some(m.at) > last);
            if !others.is_empty() {
                sheet.present(code, format!("NAK in {} transactions", others.len() + 1));
            } else if accepted {
                sheet.absent(code, "NAK in one transaction, then ACK");
            } else {
                let why = "one NAK was seen, but not what followed".to_owned();
                sheet.unknown(code, &Unread::Failed(why));
            }
        }
    }
    let decline = own.iter().find(|message| message.kind == MessageKind::Decline);
    match decline {
        Some(message) => {
            let what = message.requested.map_or_else(|| "it".to_owned(), |a| a.to_string());
            sheet.present(FindingCode::AddressDeclined, format!("it declined {what}"));
        }
        None if own.iter().any(|message| message.kind == MessageKind::Ack) => {
            sheet.absent(FindingCode::AddressDeclined, "it declined nothing");
        }
        None => {}
    }
}

/// The address and the server of the lease that the console names in the present boot.
fn lease_on_console(facts: &Facts<'_>) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let current = facts.pick.candidates.iter().flat_map(|each| &each.ledger);
    let current = current.filter(|entry| entry.why_not.is_none()).map(|entry| &entry.evidence);
    let mut leases = current.filter(|item| item.observation.kind == Kind::ConsoleAddress);
    leases.find_map(|item| match item.observation.address {
        Some(IpAddr::V4(address)) => {
            let server = item.observation.attribute(attribute::SERVER)?.parse().ok()?;
            Some((address, server))
        }
        _ => None,
    })
}

/// The address that a server offers to the machine.
fn offered_in_test(facts: &Facts<'_>) -> Option<Ipv4Addr> {
    let results = facts.test.as_ref().known()?;
    let own = results.iter().filter(|result| {
        !matches!(result.case, TestCase::Host | TestCase::Foreign) && !result.offers.is_empty()
    });
    own.flat_map(|result| &result.offers).find_map(|offer| offer.yiaddr)
}

fn terms(facts: &Facts<'_>, attachment: &Attachment<'_>, given: &Message, sheet: &mut Sheet) {
    let Some(yiaddr) = given.yiaddr else { return };
    address(facts, attachment, yiaddr, sheet);
    let own = attachment.networks();
    let Some(router) = given.routers.first() else { return };
    let length = given.prefix.unwrap_or(USUAL_PREFIX);
    let inside = Prefix { address: yiaddr.into(), length }.contains((*router).into());
    let gateways = || facts.network.as_ref().known().into_iter().flat_map(|n| n.gateways());
    let host_gateway = gateways().find(|gateway| own.iter().any(|own| own.contains(*gateway)));
    // A lease of another network is a separate fault, and rightly names that network's router.
    let here = own.iter().any(|own| own.contains(yiaddr.into()));
    let code = FindingCode::OfferedBadGateway;
    if !inside {
        sheet.present(code, format!("{router} is not in the network of {yiaddr}/{length}"));
    } else if attachment.bridged && here && host_gateway.is_some_and(|gateway| gateway != *router) {
        let host = host_gateway.map_or_else(String::new, |gateway| gateway.to_string());
        sheet.present(code, format!("it names {router}; this computer uses {host}"));
    } else {
        sheet.absent(code, format!("it names {router}"));
    }
}

/// Whether the address that the machine gets is of another network, or this computer's own.
fn address(facts: &Facts<'_>, attachment: &Attachment<'_>, yiaddr: Ipv4Addr, sheet: &mut Sheet) {
    let own = attachment.networks();
    if !own.is_empty() {
        let inside = own.iter().any(|prefix| prefix.contains(yiaddr.into()));
        let names: Vec<String> = own.iter().map(ToString::to_string).collect();
        let says = format!("it was given {yiaddr}; this computer has {}", names.join(", "));
        sheet.judged(FindingCode::OfferedOtherSubnet, !inside, &says, &says);
    }
    if let Some(network) = facts.network.as_ref().known() {
        let mut addresses = network.interfaces.iter().flat_map(|each| &each.addresses);
        let of_host = addresses.any(|prefix| prefix.address == yiaddr);
        let says = format!("it was given {yiaddr}");
        sheet.judged(FindingCode::OfferedHostAddress, of_host, &says, &says);
    }
}

fn client_identifier(facts: &Facts<'_>, all: &[&Message], sheet: &mut Sheet) {
    let code = FindingCode::ClientIdentifierShared;
    let own = |mac: &Mac| facts.machine.macs.contains(mac);
    let mut ids = all.iter().filter(|m| own(&m.chaddr)).filter_map(|m| m.client_id.as_ref());
    let Some(id) = ids.next() else { return };
    let other = all.iter().find(|m| !own(&m.chaddr) && m.client_id.as_ref() == Some(id));
    let machine = |mac: Mac| {
        let found = facts.machines.with_mac(mac).next();
        found.map_or_else(|| mac.to_string(), |machine| machine.name.clone())
    };
    match other {
        Some(message) => sheet.present(code, format!("{} sends the same", machine(message.chaddr))),
        None => sheet.absent(code, "no other client was seen with it"),
    }
}
