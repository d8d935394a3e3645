//! Chooses the addresses that are probed.

use std::net::IpAddr;

use vmkit_types::HostNetwork;

use crate::{Pick, place::Place};

/// Most addresses of one machine that are probed: a run takes as long as its slowest probe, and a
/// fifth candidate was never the right one in any known case.
const MOST_PROBED: usize = 4;

/// The addresses that the confirming signals are asked about, per pick, the best first.
///
/// Guests write some of the evidence, and must not make vmkit connect to hosts of their choice. So
/// only addresses on the host's own links are probed, except VPNs, and never the host's own, those
/// of gateways or multicast. If the network is unknown, only addresses of private ranges are
/// probed.
pub fn candidates_to_probe<'p>(
    picks: impl IntoIterator<Item = &'p Pick>,
    network: Option<&HostNetwork>,
) -> Vec<Vec<IpAddr>> {
    let place = Place::new(network);
    let of_pick = |pick: &Pick| {
        pick.candidates
            .iter()
            .filter(|candidate| candidate.struck_out.is_none())
            .map(|candidate| candidate.address)
            .filter(|address| place.may_be_probed(*address))
            .take(MOST_PROBED)
            .collect()
    };
    picks.into_iter().map(of_pick).collect()
}
