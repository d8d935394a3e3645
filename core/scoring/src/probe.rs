//! Which addresses may be asked whether they answer.

use std::{net::IpAddr, time::SystemTime};

use vmkit_model::Evidence;
use vmkit_types::HostNetwork;

use crate::{Case, Weights, place::Place, score};

/// Addresses of one machine that are probed at most: the time of a run is that of its slowest
/// probe, and a fifth candidate was never the right one in any case that is known.
const MOST_PROBED: usize = 4;

/// The addresses that the confirming signals are asked about, per machine, the best first.
///
/// Guests write some of the evidence, and must not make vmkit connect to hosts of their choice.
/// So only addresses on the host's own links are probed, VPNs left out, and never the host's own,
/// a gateway's or a group's. Where the network is unknown, only addresses of private ranges are.
pub fn candidates_to_probe(
    cases: &[Case],
    evidence: &[Evidence],
    network: Option<&HostNetwork>,
    now: SystemTime,
    weights: &Weights,
) -> Vec<Vec<IpAddr>> {
    let place = Place::new(network);
    score(cases, evidence, network, now, weights)
        .iter()
        .map(|pick| {
            pick.candidates
                .iter()
                .filter(|candidate| candidate.struck_out.is_none())
                .map(|candidate| candidate.address)
                .filter(|address| place.may_be_probed(*address))
                .take(MOST_PROBED)
                .collect()
        })
        .collect()
}
