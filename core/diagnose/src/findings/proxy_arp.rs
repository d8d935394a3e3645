//! A device that answers ARP for many addresses.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use vmkit_dhcp::Traffic;
use vmkit_scoring::{Candidate, WhyNot};
use vmkit_types::{Kind, Mac, Reading};

use super::sheet::Sheet;
use crate::{Facts, FindingCode, ledger::evidence_of};

const CODE: FindingCode = FindingCode::AddressOneMacAnswersForAll;
/// A computer with several addresses has two or three; a proxy answers for any address.
const MANY: usize = 4;

pub(super) fn judge(facts: &Facts<'_>, best: &Candidate, sheet: &mut Sheet) {
    let own = |mac: &Mac| {
        facts.machines.with_mac(*mac).next().is_some()
            || facts.network.as_ref().known().is_some_and(|network| {
                network.interfaces.iter().any(|interface| interface.mac == Some(*mac))
            })
    };
    let candidates = facts.pick.candidates.iter();
    let many = candidates.flat_map(|candidate| &candidate.ledger).find_map(|e| match e.why_not {
        Some(WhyNot::AnswersForMany(mac)) => Some(mac),
        _ => None,
    });
    match many {
        // Many addresses on this computer's MAC are its own machines behind Wi-Fi.
        Some(mac) if own(&mac) => sheet.absent(CODE, format!("{mac} is this computer's own")),
        Some(mac) => sheet.present(CODE, format!("{mac} answers for many addresses")),
        None => {}
    }
    if let Some((mac, count)) = captured(facts).filter(|(mac, _)| !own(mac)) {
        sheet.present(CODE, format!("{mac} answered ARP for {count} addresses"));
    }
    if let Some(seen) =
        evidence_of(best, &[Kind::NeighbourReachable, Kind::NeighbourStale, Kind::ArpReply])
    {
        sheet.absent(CODE, seen.observation.says.clone());
    }
}

/// The MAC that answered for the most addresses in the captures, if they are many.
fn captured(facts: &Facts<'_>) -> Option<(Mac, usize)> {
    let mut answers: BTreeMap<Mac, BTreeSet<Ipv4Addr>> = BTreeMap::new();
    let sides = [&facts.guest_traffic, &facts.uplink_traffic];
    let known = |side: &Reading<&Traffic>| match side {
        Reading::Known(traffic) => traffic.arp.clone(),
        Reading::Absent | Reading::Unknown(_) => Vec::new(),
    };
    for arp in sides.into_iter().flat_map(known).filter(|arp| arp.reply) {
        answers.entry(arp.sender_mac).or_default().insert(arp.target);
    }
    let counts = answers.into_iter().map(|(mac, addresses)| (mac, addresses.len()));
    counts.max_by_key(|(_, count)| *count).filter(|(_, count)| *count >= MANY)
}
