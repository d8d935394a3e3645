//! What the evidence about one candidate says.

use std::net::IpAddr;

use vmkit_dhcp::MessageKind;
use vmkit_model::Evidence;
use vmkit_scoring::{Candidate, Flag};
use vmkit_types::Kind;

use crate::Facts;

/// Candidates below this probability are ignored.
const LEAST_PROBABILITY: f64 = 0.05;

/// The candidate that the findings are about: the picked one, or else the best that is not
/// link-local, even if another machine was seen there.
pub(crate) fn best<'p>(facts: &'p Facts<'_>) -> Option<&'p Candidate> {
    let candidates = || facts.pick.candidates.iter().filter(|c| is_usable(c));
    held(facts)
        .or_else(|| {
            candidates().find(|c| c.struck_out.is_none() && c.probability > LEAST_PROBABILITY)
        })
        .or_else(|| candidates().find(|c| c.ledger.iter().any(|entry| entry.weight > 0.0)))
}

/// The candidate whose address the machine has: the picked one, unless that is outdated, and else one that a
/// source names in this boot and that is not silent.
fn held<'p>(facts: &'p Facts<'_>) -> Option<&'p Candidate> {
    let candidates = || facts.pick.candidates.iter();
    let picked =
        facts.pick.address.and_then(|picked| candidates().find(|each| each.address == picked));
    let is_of_boot = |candidate: &&Candidate| {
        let silent = evidence_of(candidate, &[Kind::ArpSilent, Kind::NeighbourFailed]).is_some();
        is_usable(candidate) && !silent && has_now(facts, candidate)
    };
    let sure = picked.filter(|picked| !is_outdated(facts, picked.address));
    sure.or_else(|| candidates().find(is_of_boot)).or(picked)
}

/// The address that the machine has by all that is known.
pub(crate) fn held_address(facts: &Facts<'_>) -> Option<IpAddr> {
    held(facts).map(|candidate| candidate.address)
}

fn is_usable(candidate: &Candidate) -> bool {
    candidate.address.is_ipv4() && !candidate.flags.contains(&Flag::LinkLocal)
}

/// The first evidence of one of these kinds about a candidate.
pub(crate) fn evidence_of<'c>(candidate: &'c Candidate, kinds: &[Kind]) -> Option<&'c Evidence> {
    let mut entries = candidate.ledger.iter();
    entries.find(|entry| kinds.contains(&entry.evidence.observation.kind)).map(|e| &e.evidence)
}

/// Whether nobody answers at the address and no source says that the machine has it in this boot.
pub(crate) fn is_outdated(facts: &Facts<'_>, address: IpAddr) -> bool {
    let candidate = facts.pick.candidates.iter().find(|each| each.address == address);
    candidate.is_some_and(|candidate| {
        let silent = evidence_of(candidate, &[Kind::ArpSilent, Kind::NeighbourFailed]).is_some();
        let answers = [Kind::ArpReply, Kind::IcmpReply, Kind::SshReady, Kind::SshRefused];
        silent && evidence_of(candidate, &answers).is_none() && !has_now(facts, candidate)
    })
}

/// Whether a source that would know says that the machine got the address in its present boot. A
/// name or a lease may be from an earlier boot; silence at such an address is not a fault.
pub(crate) fn has_now(facts: &Facts<'_>, candidate: &Candidate) -> bool {
    let current =
        [Kind::ConsoleAddress, Kind::AgentAddress, Kind::DhcpAck, Kind::NeighbourReachable];
    let reported = candidate
        .ledger
        .iter()
        .any(|entry| current.contains(&entry.evidence.observation.kind) && entry.why_not.is_none());
    let captured = facts.guest_traffic.as_ref().known().is_some_and(|traffic| {
        traffic.messages().any(|message| {
            message.kind == MessageKind::Ack
                && facts.machine.macs.contains(&message.chaddr)
                && message.yiaddr.map(IpAddr::V4) == Some(candidate.address)
        })
    });
    reported || captured
}

/// Whether the machine asks for an IPv4 address and was given none: DISCOVERs without an ACK were captured.
pub(crate) fn asks_in_vain(facts: &Facts<'_>) -> bool {
    facts.guest_traffic.as_ref().known().is_some_and(|traffic| {
        let own = || {
            let messages = traffic.messages();
            messages.filter(|message| facts.machine.macs.contains(&message.chaddr))
        };
        own().any(|message| message.kind == MessageKind::Discover)
            && own().all(|message| message.kind != MessageKind::Ack)
    })
}
