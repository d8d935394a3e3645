//! DHCP, ARP and SSH within the machine's network.

use vmkit_survey::{DhcpKind, Passage};

use super::outcome::Outcome;
use crate::{
    FindingCode::{
        self, FirewallDropsArp, FirewallDropsBridged, FirewallDropsBroadcast,
        FirewallDropsDhcpReplies, FirewallDropsDhcpRequests, FirewallDropsForeignMac,
        FirewallDropsSsh,
    },
    packets::Asked,
};

const SSH: u16 = 22;
/// The kinds of replies that a client waits for.
const KINDS: [DhcpKind; 2] = [DhcpKind::Offer, DhcpKind::Acknowledgement];

/// DISCOVERs that the bridge forwards to the uplink.
pub(super) fn requests(asked: &Asked<'_>, outcome: &mut Outcome) {
    let passage = asked.discover(Some(asked.own()), false);
    // What the rule is about shows where a packet that differs in one point passes.
    let code = if !drops(&asked.discover(None, false)) {
        FirewallDropsForeignMac
    } else if !drops(&asked.discover_to_one()) {
        FirewallDropsBroadcast
    } else if !drops(&asked.discover_elsewhere()) {
        FirewallDropsDhcpRequests
    } else {
        FirewallDropsBridged
    };
    let open = [
        FirewallDropsBridged,
        FirewallDropsDhcpRequests,
        FirewallDropsForeignMac,
        FirewallDropsBroadcast,
    ];
    outcome.add(&passage, code, &open);
}

/// OFFERs and ACKs on their way to the machine.
pub(super) fn replies(asked: &Asked<'_>, from_host: bool, outcome: &mut Outcome) {
    for kind in KINDS {
        let own = Some(asked.own());
        let to_all = asked.reply(kind, own, true, from_host);
        let to_one = asked.reply(kind, own, false, from_host);
        let code = if drops(&to_all) && matches!(to_one, Passage::Passes { .. }) {
            FirewallDropsBroadcast
        } else if !drops(&asked.reply(kind, None, drops(&to_all), from_host)) {
            FirewallDropsForeignMac
        } else if drops(&asked.reply_elsewhere(from_host)) && !from_host {
            FirewallDropsBridged
        } else {
            FirewallDropsDhcpReplies
        };
        let open = [FirewallDropsDhcpReplies, FirewallDropsBroadcast];
        outcome.add(&to_all, code, &open);
        outcome.add(&to_one, code, &open);
    }
}

/// ARP. A rule that drops all frames is not about ARP.
pub(super) fn arp(asked: &Asked<'_>, shared: bool, outcome: &mut Outcome) {
    if all_is_dropped(outcome) {
        return;
    }
    for passage in asked.arp(shared) {
        outcome.add(&passage, FirewallDropsArp, &[FirewallDropsArp]);
    }
}

/// SSH. A rule that drops all frames is not about SSH.
pub(super) fn ssh(asked: &Asked<'_>, outcome: &mut Outcome) {
    if all_is_dropped(outcome) {
        return;
    }
    for passage in asked.connection(None, SSH) {
        outcome.add(&passage, FirewallDropsSsh, &[FirewallDropsSsh]);
    }
}

fn all_is_dropped(outcome: &Outcome) -> bool {
    [FirewallDropsBridged, FirewallDropsForeignMac, FindingCode::FirewallBlocksDhcpServer]
        .iter()
        .any(|code| outcome.found(*code))
}

fn drops(passage: &Passage) -> bool {
    matches!(passage, Passage::Drops { .. })
}
