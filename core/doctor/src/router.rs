//! The gateway's replies, and what advice plugins conclude from them.

use std::{net::IpAddr, time::SystemTime};

use vmkit_attach::KnownRouter;
use vmkit_dhcp::Traffic;
use vmkit_diagnose::Router;
use vmkit_gateway::{DeclaredPage, GatewayReplies, Limits, Ports};
use vmkit_host::{PluginAdvice, Snapshot, advise, gateway_pages};
use vmkit_model::{Mode, Platform, PluginOutcome};
use vmkit_platform::Platform as _;
use vmkit_session::Settings;
use vmkit_types::{
    AdviceKind, Fact, HostNetwork, InterfaceKind, Mac, Reading, Unread, error_chain,
};

use crate::{Captures, Gathered, subjects::Subjects};

/// Asks the gateway for the reviewed and allowed ones among the pages that the advice plugins declare.
pub(crate) fn ask_gateway(
    network: Option<&HostNetwork>,
    settings: &Settings,
) -> Reading<GatewayReplies> {
    let gateway = network.and_then(gateway);
    let Some(gateway) = gateway else { return Reading::Unknown(Unread::NotTried) };
    let pages = gateway_pages(&settings.plugins()).into_iter();
    let declared: Vec<_> = pages
        .map(|(plugin, page)| DeclaredPage { plugin, path: page.path, referer: page.referer })
        .collect();
    let wanted = vmkit_gateway::requests(&declared, |page: &DeclaredPage| {
        settings.allows_page(&page.plugin, &page.path)
    });
    Reading::Known(vmkit_gateway::ask(gateway, &wanted, Ports::default(), Limits::default()))
}

/// Asks the advice plugins about the router, from the gateway's replies and the captures.
pub(crate) fn with_advice(
    gathered: Gathered,
    subjects: &Subjects<'_>,
    settings: &Settings,
) -> Gathered {
    let scene = subjects.scene();
    let gateway = scene.network.as_ref().and_then(gateway);
    let (Some(gateway), Reading::Known(replies)) = (gateway, &gathered.replies) else {
        return gathered;
    };
    let facts = facts(gateway, replies, &gathered.captures, subjects);
    match recognised(gateway, &facts, settings, scene.now()) {
        Ok((router, outcomes)) => Gathered { router: Reading::Known(router), outcomes, ..gathered },
        Err(why) => Gathered { router: Reading::Unknown(why), ..gathered },
    }
}

/// The router of this computer, if bridged machines depend on its kind: where the default route leads
/// over Wi-Fi. It is asked for the reviewed and allowed pages.
pub fn known_router(network: &HostNetwork, settings: &Settings) -> Reading<KnownRouter> {
    let over_wifi = vmkit_attach::adapters(network, Platform::named(Some(platform_name())))
        .iter()
        .any(|adapter| adapter.default_route && adapter.is_wifi());
    let (Some(gateway), true) = (gateway(network), over_wifi) else {
        return Reading::Unknown(Unread::NotTried);
    };
    let replies = match ask_gateway(Some(network), settings) {
        Reading::Known(replies) => replies,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    let mut facts = vmkit_gateway::facts(gateway, None, &replies);
    facts.push(Fact { key: "uplink.kind".to_owned(), value: "wifi".to_owned() });
    facts.sort();
    match recognised(gateway, &facts, settings, SystemTime::now()) {
        Ok((router, _)) => router.known().map_or(Reading::Absent, Reading::Known),
        Err(why) => Reading::Unknown(why),
    }
}

fn platform_name() -> &'static str {
    vmkit_platform::current().name()
}

/// What the advice plugins make of the facts, and how each of them fared.
fn recognised(
    gateway: IpAddr,
    facts: &[Fact],
    settings: &Settings,
    now: SystemTime,
) -> Result<(Router, Vec<PluginOutcome>), Unread> {
    let run = settings
        .of_run(Mode::Full, Snapshot::None)
        .map_err(|error| Unread::Failed(error_chain(&error)))?;
    let found = settings.plugins();
    let advised = advise(&found, &settings.installation, &run, facts, now);
    settings.count_incidents(&advised.incidents);
    Ok((router(gateway, advised.advice), advised.outcomes))
}

fn gateway(network: &HostNetwork) -> Option<IpAddr> {
    network.gateways().find(IpAddr::is_ipv4)
}

fn facts(
    gateway: IpAddr,
    replies: &GatewayReplies,
    captures: &Captures,
    subjects: &Subjects<'_>,
) -> Vec<Fact> {
    let mut facts = vmkit_gateway::facts(gateway, gateway_mac(gateway, captures), replies);
    let mut add = |key: &str, value: String| facts.push(Fact { key: key.to_owned(), value });
    for machine in subjects.without_address() {
        for mac in &machine.macs {
            add("machine.mac", mac.to_string());
        }
        if let Some(uplink) = subjects.attachment(machine).uplink {
            match uplink.kind {
                InterfaceKind::Wifi => add("uplink.kind", "wifi".to_owned()),
                InterfaceKind::Ethernet => add("uplink.kind", "ethernet".to_owned()),
                _ => {}
            }
        }
    }
    for message in captures.known().flat_map(Traffic::messages) {
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
fn gateway_mac(gateway: IpAddr, captures: &Captures) -> Option<Mac> {
    let IpAddr::V4(gateway) = gateway else { return None };
    // An uplink is nearer to the gateway than a port.
    let uplinks = captures.uplinks.values().chain(captures.guests.values());
    let mut arp = uplinks.filter_map(|it| it.as_ref().known()).flat_map(|it| &it.traffic.arp);
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
