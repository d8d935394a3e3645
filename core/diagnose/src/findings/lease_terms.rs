//! What DHCP servers give: which servers, networks and gateways, and what they refuse.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use vmkit_dhcp::{Message, MessageKind, TestCase, Traffic};
use vmkit_types::{Kind, Mac, NetworkMode, Reading, Unread, attribute, escaped};

use super::{lease_values, own_lease::own_lease, sheet::Sheet};
use crate::{Attachment, Facts, FindingCode};

pub(super) fn judge(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    let points: Vec<&Traffic> =
        [&facts.guest_traffic, &facts.uplink_traffic].into_iter().filter_map(known).collect();
    let all: Vec<&Message> =
        points.iter().flat_map(|t| &t.exchanges).flat_map(|e| &e.messages).collect();
    let own = |message: &&&Message| facts.machine.macs.contains(&message.chaddr);
    let replies =
        |message: &&&Message| matches!(message.kind, MessageKind::Offer | MessageKind::Ack);
    let gives: Vec<&Message> = all.iter().filter(own).filter(replies).copied().collect();
    let macs = &facts.machine.macs;
    let on_link = points.iter().flat_map(|point| on_its_link(point, macs)).collect::<Vec<_>>();
    servers(facts, attachment, &on_link, sheet);
    refusals(facts, &all, sheet);
    host(facts, attachment, sheet);
    lease_values::judge(facts, attachment, gives.last().copied(), sheet);
    if let Some(last) = gives.last() {
        if let Some(yiaddr) = last.yiaddr {
            address(facts, attachment, yiaddr, sheet);
        }
        if let Some(portal) = &last.portal {
            let says = format!("its lease names the login page {}", escaped(portal));
            sheet.present(FindingCode::WebHijacked, says);
        }
    } else if let Some((yiaddr, _)) = lease_on_console(facts) {
        address(facts, attachment, yiaddr, sheet);
    } else if let Some(yiaddr) = offered_in_test(facts) {
        address(facts, attachment, yiaddr, sheet);
    }
}

/// The messages at one point of the link that the machine is on: those with its own MAC, and of all others
/// those of the same VLANs. While it is silent there, those without a tag.
fn on_its_link<'t>(point: &'t Traffic, macs: &[Mac]) -> impl Iterator<Item = &'t Message> {
    let own = |message: &Message| macs.contains(&message.chaddr);
    let mut vlans: BTreeSet<Option<u16>> =
        point.messages().filter(|message| own(message)).map(|message| message.vlan).collect();
    if vlans.is_empty() {
        vlans.insert(None);
    }
    point.messages().filter(move |message| vlans.contains(&message.vlan))
}

fn known<'a>(reading: &Reading<&'a Traffic>) -> Option<&'a Traffic> {
    match reading {
        Reading::Known(traffic) => Some(traffic),
        Reading::Absent | Reading::Unknown(_) => None,
    }
}

/// Whether this computer itself was served on the machine's network. A lease stays in force after its server
/// has gone, so that it says less than an answer of now; an access point or router that answers only the
/// MAC that it knows has served this computer all the same.
fn host(facts: &Facts<'_>, attachment: &Attachment<'_>, sheet: &mut Sheet) {
    if let Some((address, server)) =
        own_lease(facts, attachment).and_then(|own| Some((own.address, own.server?)))
    {
        let says = format!("{server} gave this computer {address}");
        return sheet.absent(FindingCode::HostUnserved, says);
    }
    let Some(uplink) = attachment.uplink.filter(|_| attachment.bridged) else { return };
    let own: Vec<Ipv4Addr> = uplink.addresses.iter().filter_map(|it| v4(it.address)).collect();
    if let Some(first) = own.first().filter(|_| own.iter().all(Ipv4Addr::is_link_local)) {
        let says = format!("{} has {first} alone", escaped(&uplink.name));
        sheet.present(FindingCode::HostUnserved, says);
    }
}

fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}

fn servers(facts: &Facts<'_>, attachment: &Attachment<'_>, all: &[&Message], sheet: &mut Sheet) {
    // QEMU itself serves its user network, and no frame of it is captured.
    if facts.machine.mode == Some(NetworkMode::User) {
        return;
    }
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
            networks.extend(offer.yiaddr.map(|given| Network::of(given, offer.prefix)));
        }
    }
    // The guest's own lease does not show which other servers would have answered.
    let asked = !servers.is_empty();
    // Its twin may be served by another one, which only the twin's messages show.
    let given_twice = facts.comparison.second_gift(facts.machine);
    let of_twin = given_twice.map(|second| second.servers);
    servers.extend(of_twin.into_iter().flatten().flatten());
    let own = own_lease(facts, attachment).and_then(|own| Some((own.address, own.server?)));
    let silent = own.map(|(_, server)| server).filter(|server| !servers.contains(server));
    let without_mask = [lease_on_console(facts), own];
    for (address, server) in without_mask.into_iter().flatten() {
        servers.insert(server);
        // It is in a network that an offer names, or in one of its own.
        if !networks.iter().any(|network| network.holds(address)) {
            networks.insert(Network::of(address, None));
        }
    }
    let Some(first) = servers.first() else { return };
    if !asked {
        return;
    }
    let yes = named(&servers, silent);
    let several = servers.len() > 1;
    if !several && of_twin.is_some_and(|servers| servers.contains(&None)) {
        let why =
            Unread::Failed("which server gave its address to another is not known".to_owned());
        return sheet.unknown(FindingCode::SeveralServersAnswer, &why);
    }
    let no = format!("only {first} answers");
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

/// The servers in words, without the one that gave this computer its own lease and was silent.
fn named(servers: &BTreeSet<Ipv4Addr>, silent: Option<Ipv4Addr>) -> String {
    let others = servers.iter().filter(|server| Some(**server) != silent);
    let others = others.map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    match silent {
        None => others,
        Some(silent) => {
            let own = "gave this computer its own lease and was not seen to answer";
            format!("{others}; {silent} {own}")
        }
    }
}

/// A network: its first address and its prefix length.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Network(Ipv4Addr, u8);

impl Network {
    fn of(address: Ipv4Addr, length: Option<u8>) -> Self {
        let length =
            length.filter(|length| (1..=32).contains(length)).unwrap_or(lease_values::USUAL_PREFIX);
        let mask = u32::MAX << (32 - u32::from(length));
        Self(Ipv4Addr::from_bits(address.to_bits() & mask), length)
    }

    fn holds(&self, address: Ipv4Addr) -> bool {
        Self::of(address, Some(self.1)) == *self
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
    // Both capture points may have the same frame, and several servers may refuse the same request.
    let mut naks: Vec<&&&Message> = own.iter().filter(|m| m.kind == MessageKind::Nak).collect();
    naks.sort_by_key(|message| message.xid);
    naks.dedup_by_key(|message| message.xid);
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

/// Whether the address that the machine gets is of another network, or this computer's own.
fn address(facts: &Facts<'_>, attachment: &Attachment<'_>, yiaddr: Ipv4Addr, sheet: &mut Sheet) {
    let own = attachment.own_networks();
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
