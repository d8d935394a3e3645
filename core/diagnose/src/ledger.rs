//! What the evidence about one candidate says.

use std::net::IpAddr;

use vmkit_dhcp::MessageKind;
use vmkit_model::Evidence;
use vmkit_scoring::Candidate;
use vmkit_types::Kind;

use crate::Facts;

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
