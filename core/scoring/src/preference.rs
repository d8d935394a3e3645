//! Which of several addresses that a machine has at once is picked.

use std::net::IpAddr;

use vmkit_types::attribute;

use crate::{Candidate, Flag, Pick, Verdict, Weights};

/// How an address came to the machine, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assignment {
    /// A DHCP server gave it, or it was configured with the prefix of a network: the machine's own.
    OfNetwork,
    /// No source says.
    Unknown,
    /// It was configured as a single IPv4 address (/32), as addresses are that float between machines.
    Floating,
}

impl Candidate {
    /// The verdict on a pick of this candidate, which is likely enough to be shown.
    ///
    /// An address or MAC of two machines is wrong for one of them. What only the guest says, and
    /// what is on no link of the host, the host cannot verify; nor what plugins claim.
    pub(crate) fn verdict(&self, weights: &Weights) -> Verdict {
        let unverified = [Flag::OffSubnet, Flag::GuestClaimOnly, Flag::PluginClaimOnly];
        let doubtful = self.contested || self.flags.iter().any(|flag| unverified.contains(flag));
        if self.unclaimed >= weights.thresholds.resolved && !doubtful {
            Verdict::Resolved
        } else {
            Verdict::Probable
        }
    }

    pub(crate) fn assignment(&self, weights: &Weights) -> Assignment {
        let counted = || {
            let counted = self.ledger.iter().filter(|entry| entry.counted() && entry.weight > 0.0);
            let known = counted.filter_map(|entry| {
                let observation = &entry.evidence.observation;
                Some((weights.rule(&observation.kind)?, observation))
            });
            known.filter(|(rule, _)| !rule.claim)
        };
        let leased = counted().any(|(rule, _)| rule.assigns);
        let mut lengths =
            counted().filter_map(|(_, observation)| observation.attribute(attribute::PREFIX));
        let single = if self.address.is_ipv4() { "32" } else { "128" };
        match lengths.next() {
            _ if leased => Assignment::OfNetwork,
            None => Assignment::Unknown,
            Some(first) if first != single || lengths.any(|other| other != single) => {
                Assignment::OfNetwork
            }
            // DHCPv6 gives single addresses.
            Some(_) if self.address.is_ipv6() => Assignment::Unknown,
            Some(_) => Assignment::Floating,
        }
    }
}

impl Pick {
    /// Another address of the same card that is as sure as the picked one, where nothing tells which
    /// of the two is the machine's own.
    pub(crate) fn tied_with(&self, weights: &Weights) -> Option<IpAddr> {
        let picked = self.picked()?;
        let rank = |candidate: &Candidate| preference(candidate, weights);
        let same_card = |other: &Candidate| {
            picked.card.is_none() || other.card.is_none() || other.card == picked.card
        };
        let rival = |other: &&Candidate| {
            other.address != picked.address
                && other.address.is_ipv4() == picked.address.is_ipv4()
                && other.struck_out.is_none()
                && other.verdict(weights) == Verdict::Resolved
                && same_card(other)
                && rank(other) == rank(picked)
        };
        self.candidates.iter().find(rival).map(|other| other.address)
    }
}

/// The order of the candidates of one family: those that the host is sure of first, among them the
/// IPv6 address with the greatest scope, then the address that is the machine's own.
pub(crate) fn preference(candidate: &Candidate, weights: &Weights) -> (u8, u8, Assignment) {
    let thresholds = weights.thresholds;
    let sureness = match candidate.probability {
        _ if candidate.verdict(weights) == Verdict::Resolved => 0,
        p if p >= thresholds.probable => 1,
        _ => 2,
    };
    match candidate.address {
        IpAddr::V4(_) if sureness == 0 => (0, 0, candidate.assignment(weights)),
        // Addresses that exclude each other are in the order of their probability.
        IpAddr::V4(_) => (1, 0, Assignment::Unknown),
        IpAddr::V6(address) => {
            let reach = match address {
                link_local if link_local.is_unicast_link_local() => 2,
                local if local.is_unique_local() => 1,
                _ => 0,
            };
            (sureness, reach, candidate.assignment(weights))
        }
    }
}
