//! The gateway's replies, and what advice plugins conclude from them.

use std::net::IpAddr;

use vmkit_diagnose::Router;
use vmkit_gateway::{GatewayReplies, PageRequest, Ports};
use vmkit_host::{PluginAdvice, Snapshot, advise, gateway_pages};
use vmkit_model::Mode;
use vmkit_session::{Scene, Settings};
use vmkit_types::{AdviceKind, Fact, InterfaceKind, Mac, Reading, Unread};

use super::{gather::Gathered, subject::Subjects};

/// Asks the gateway for the pages that the advice plugins declare.
pub(crate) fn ask_gateway(scene: &Scene, settings: &Settings) -> Option<GatewayReplies> {
    let gateway = scene.network.as_ref()?.gateways().find(IpAddr::is_ipv4)?;
    let pages = gateway_pages(&settings.plugins());
    let wanted: Vec<PageRequest> = pages
        .into_iter()
        .map(|page| PageRequest { path: page.path, referer: page.referer })
        .collect();
    Some(vmkit_gateway::ask(gateway, &wanted, Ports::default()))
}

/// Asks the advice plugins about the router, from the gateway's replies.
pub(crate) fn judge_router(
    gathered: &mut Gathered,
    subjects: &Subjects,
    scene: &Scene,
    settings: &Settings,
) {
    let gateway =
        scene.network.as_ref().and_then(|network| network.gateways().find(IpAddr::is_ipv4));
    let (Some(gateway), Some(replies)) = (gateway, &gathered.replies) else {
        gathered.router = Reading::Unknown(Unread::NotTried);
        return;
    };
    let Ok(run) = settings.of_run(Mode::Full, Snapshot::None) else { return };
    let facts = facts(gateway, replies, gathered, subjects);
    let found = settings.plugins();
    let advised = advise(&found, &settings.installation, &run, &facts, scene.now());
    gathered.router = Reading::Known(router(gateway, advised.advice));
    gathered.outcomes = advised.outcomes;
}

fn facts(
    gateway: IpAddr,
    replies: &GatewayReplies,
    gathered: &Gathered,
    subjects: &Subjects,
) -> Vec<Fact> {
    let mac = gateway_mac(gateway, gathered);
    let mut facts = vmkit_gateway::facts(gateway, mac, replies);
    let mut add = |key: &str, value: String| facts.push(Fact { key: key.to_owned(), value });
    for machine in subjects.machines.iter().filter(|m| subjects.ailing.contains(&m.name)) {
        for mac in &machine.macs {
            add("machine.mac", mac.to_string());
        }
        if let Some(uplink) = subjects.place(machine).uplink {
            match uplink.kind {
                InterfaceKind::Wifi => add("uplink.kind", "wifi".to_owned()),
                InterfaceKind::Ethernet => add("uplink.kind", "ethernet".to_owned()),
                _ => {}
            }
        }
    }
    let traffic = gathered.guests.values().chain(gathered.uplinks.values());
    let messages =
        traffic.filter_map(|seen| seen.as_ref().known()).flat_map(|s| s.traffic.messages());
    for message in messages {
        if let Some(domain) = &message.domain {
            add("dhcp.domain", domain.clone());
        }
        if let Some(server) = message.server {
            add("dhcp.server", server.to_string());
        }
    }
    facts.sort();
    facts.dedup();
    facts
}

/// The gateway's MAC, as a capture shows it.
fn gateway_mac(gateway: IpAddr, gathered: &Gathered) -> Option<Mac> {
    let IpAddr::V4(gateway) = gateway else { return None };
    let captures = gathered.uplinks.values().chain(gathered.guests.values());
    let mut arp = captures.filter_map(|seen| seen.as_ref().known()).flat_map(|s| &s.traffic.arp);
    arp.find(|arp| arp.sender == Some(gateway)).map(|arp| arp.sender_mac)
}

/// What the plugins say about the router, the surest first.
fn router(gateway: IpAddr, found: Vec<PluginAdvice>) -> Router {
    let mut found = found;
    found.sort_by(|one, other| other.advice.confidence.total_cmp(&one.advice.confidence));
    let identifies: Vec<String> = found
        .iter()
        .filter(|item| item.advice.kind == AdviceKind::Router)
        .map(|item| item.plugin.clone())
        .collect();
    // A plugin that recognises another router than the likeliest has no remedies for this one.
    let recognises_another = |plugin: &String| {
        identifies.contains(plugin) && identifies.first().is_some_and(|best| best != plugin)
    };
    let mut router = Router { address: Some(gateway), ..Router::default() };
    for PluginAdvice { plugin, advice } in found {
        match advice.kind {
            AdviceKind::Router => router.identities.push(advice),
            AdviceKind::Remedy if recognises_another(&plugin) => {}
            AdviceKind::Remedy => router.remedies.push(advice),
            AdviceKind::Witness(witness) => router.witnesses.push(witness),
        }
    }
    router
}
