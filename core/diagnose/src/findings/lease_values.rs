//! Whether the values beside the address in a lease or an offer fit the network: gateway, mask, time and MTU.

use std::net::Ipv4Addr;

use vmkit_dhcp::{Message, Offer};
use vmkit_types::{Prefix, Reading};

use super::{own_lease::own_lease, sheet::Sheet};
use crate::{Attachment, Facts, FindingCode};

/// The prefix length of a lease without a mask.
pub(super) const USUAL_PREFIX: u8 = 24;
/// A client renews at half of its lease (RFC 2131, 4.4.5) and asks again after some seconds at the soonest:
/// of a shorter lease one lost message in a row of two costs the address.
const SHORT_LEASE_S: u32 = 60;
/// The smallest MTU with which a link can carry IPv6 (RFC 8200, 5). Tunnels have larger ones.
const LEAST_MTU: u16 = 1280;

/// What one server gives.
struct Values<'a> {
    yiaddr: Ipv4Addr,
    prefix: Option<u8>,
    routers: &'a [Ipv4Addr],
    lease_s: Option<u32>,
    mtu: Reading<u16>,
    /// Who says so, as the beginning of a sentence.
    who: String,
}

impl<'a> Values<'a> {
    fn of_message(message: &'a Message) -> Option<Self> {
        let Message { prefix, routers, lease_s, mtu, .. } = message;
        let (yiaddr, who) = (message.yiaddr?, "it".to_owned());
        let mtu = mtu.map_or(Reading::Absent, Reading::Known);
        Some(Self { yiaddr, prefix: *prefix, routers, lease_s: *lease_s, mtu, who })
    }

    fn of_offer(offer: &'a Offer) -> Option<Self> {
        let Offer { prefix, routers, lease_s, mtu, .. } = offer;
        let who = offer.server.map_or_else(|| "an offer".to_owned(), |server| server.to_string());
        Some(Self {
            yiaddr: offer.yiaddr?,
            prefix: *prefix,
            routers,
            lease_s: *lease_s,
            mtu: mtu.clone(),
            who,
        })
    }
}

/// Judges the VM's last lease or offer, and what the offer test was given, also for this computer: the
/// values are those of the network.
pub(super) fn judge(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    given: Option<&Message>,
    sheet: &mut Sheet,
) {
    let tested = facts.test.as_ref().known().into_iter().flat_map(|results| results.iter());
    let offers = tested.flat_map(|result| &result.offers).filter_map(Values::of_offer);
    let all: Vec<Values<'_>> =
        given.and_then(Values::of_message).into_iter().chain(offers).collect();
    let questions: [(FindingCode, Question); 4] = [
        (FindingCode::OfferedBadGateway, gateway),
        (FindingCode::OfferedOtherMask, mask),
        (FindingCode::OfferedShortLease, time),
        (FindingCode::OfferedSmallMtu, |_, _, values| mtu(values)),
    ];
    for (code, ask) in questions {
        let answers = all.iter().filter_map(|values| ask(facts, attachment, values));
        let answers: Vec<(bool, String)> = answers.collect();
        // One server that is wrong is enough.
        let bad = answers.iter().find(|(is_bad, _)| *is_bad);
        if let Some((is_bad, says)) = bad.or(answers.first()) {
            sheet.judged(code, *is_bad, says, says);
        }
    }
}

/// Whether a value is wrong, and what it is. `None`: it cannot be judged.
type Question = fn(&Facts<'_>, &Attachment<'_>, &Values<'_>) -> Option<(bool, String)>;

fn gateway(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    values: &Values<'_>,
) -> Option<(bool, String)> {
    let Values { yiaddr, who, .. } = values;
    let own = attachment.own_networks();
    let router = *values.routers.first()?;
    // A lease without a mask names no network, and one of an address alone has its router outside.
    let network = values.prefix.filter(|length| *length < 32);
    let network = network.map(|length| Prefix { address: (*yiaddr).into(), length });
    let gateways = || facts.network.as_ref().known().into_iter().flat_map(|n| n.gateways());
    let host_gateway = gateways().find(|gateway| own.iter().any(|own| own.contains(*gateway)));
    // A lease of another network is a separate fault, and rightly names that network's router.
    let here = own.iter().any(|own| own.contains((*yiaddr).into()));
    if let Some(outside) = network.filter(|network| !network.contains(router.into())) {
        return Some((true, format!("{router} is not in the network of {outside}")));
    }
    let named = own_lease(facts, attachment).and_then(|own| own.router);
    let elsewhere = host_gateway.filter(|gateway| *gateway != router);
    let is_compared = attachment.bridged && here && (named.is_some() || host_gateway.is_some());
    if network.is_none() && !is_compared {
        return None;
    }
    let says = match (named, elsewhere) {
        _ if !attachment.bridged || !here => None,
        // Who routes by another gateway than that of the own lease has set it by hand.
        (Some(named), _) if named == router => None,
        (Some(named), _) => Some(format!("{who} names {router}; this computer's lease {named}")),
        (None, Some(host)) => Some(format!("{who} names {router}; this computer uses {host}")),
        (None, None) => None,
    };
    Some(match says {
        Some(says) => (true, says),
        None => (false, format!("{who} names {router}")),
    })
}

fn mask(_: &Facts<'_>, attachment: &Attachment<'_>, values: &Values<'_>) -> Option<(bool, String)> {
    let Values { yiaddr, prefix, who, .. } = values;
    let length = (*prefix)?;
    // A host route is how clouds and VPNs write an address that is alone.
    let own = attachment.own_networks().into_iter().filter(|own| own.length < 32);
    // An address of another network is a separate fault.
    let same = own.filter(|own| own.contains((*yiaddr).into())).collect::<Vec<_>>();
    let first = same.first()?;
    let fits = same.iter().any(|own| own.length == length);
    let says = format!("{who} gives {yiaddr}/{length}; this computer has {first}");
    Some((!fits, says))
}

fn time(
    facts: &Facts<'_>,
    attachment: &Attachment<'_>,
    values: &Values<'_>,
) -> Option<(bool, String)> {
    let lease_s = values.lease_s?;
    let own = own_lease(facts, attachment).and_then(|own| own.length);
    let own = own
        .map_or_else(String::new, |own| format!("; this computer's own lasts {} s", own.as_secs()));
    Some((lease_s < SHORT_LEASE_S, format!("{} gives a lease of {lease_s} s{own}", values.who)))
}

/// Most leases set none, and then each client keeps that of its card.
fn mtu(values: &Values<'_>) -> Option<(bool, String)> {
    match values.mtu {
        Reading::Known(mtu) => {
            Some((mtu < LEAST_MTU, format!("{} sets an MTU of {mtu}", values.who)))
        }
        Reading::Absent => Some((false, format!("{} sets none", values.who))),
        Reading::Unknown(_) => None,
    }
}
