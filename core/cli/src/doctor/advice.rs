//! The gateway's word and what advice plugins make of it.

use std::net::IpAddr;

use vmkit_diagnose::{Machine, Router, RouterIdentity, RouterRemedy};
use vmkit_gateway::{GatewayReplies, PageRequest, Ports};
use vmkit_host::{Advice, AdviceKind, Fact, Snapshot, advise, gateway_pages};
use vmkit_model::Mode;
use vmkit_session::{Scene, Settings};
use vmkit_types::{InterfaceKind, Mac, Reading, Unread};

use super::{gather::Gathered, subject::Subjects};

/// Ids of what a router witnesses; the first reason is the MAC that it is about.
const LISTED: &str = "listed";
const NOT_LISTED: &str = "not-listed";
const BLOCKED: &str = "blocked";
const HIJACKED: &str = "web-hijacked";

/// What stands for the machine at hand in the steps of an advice.
const NAME: &str = "NAME";

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

/// Has the advice plugins judge what the gateway told.
pub(crate) fn take(
    gathered: &mut Gathered,
    subjects: &Subjects,
    scene: &Scene,
    settings: &Settings,
) {
    let gateway =
        scene.network.as_ref().and_then(|network| network.gateways().find(IpAddr::is_ipv4));
    let (Some(gateway), Some(told)) = (gateway, &gathered.told) else {
        gathered.router = Reading::Unknown(Unread::NotTried);
        return;
    };
    let Ok(run) = settings.of_run(Mode::Full, Snapshot::None) else { return };
    let facts = facts(gateway, told, gathered, subjects);
    let found = settings.plugins();
    let advised = advise(&found, &settings.installation, &run, &facts, scene.now());
    gathered.router = Reading::Known(router(gateway, &advised.advice));
    gathered.advice = advised.advice;
    gathered.outcomes = advised.outcomes;
}

fn facts(
    gateway: IpAddr,
    told: &GatewayReplies,
    gathered: &Gathered,
    subjects: &Subjects,
) -> Vec<Fact> {
    let mac = gateway_mac(gateway, gathered);
    let of_gateway = vmkit_gateway::facts(gateway, mac, told);
    let mut facts: Vec<Fact> =
        of_gateway.into_iter().map(|fact| Fact { key: fact.key, value: fact.value }).collect();
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
    facts.sort_by(|one, other| (&one.key, &one.value).cmp(&(&other.key, &other.value)));
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

fn router(gateway: IpAddr, advice: &[Advice]) -> Router {
    let of = |kind: AdviceKind| {
        let mut found: Vec<&Advice> = advice.iter().filter(|item| item.kind == kind).collect();
        found.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        found
    };
    let identity = |item: &&Advice| RouterIdentity {
        id: item.id.clone(),
        name: item.title.clone(),
        confidence: item.confidence,
        because: item.because.clone(),
    };
    let remedy = |item: &&Advice| RouterRemedy {
        id: item.id.clone(),
        title: item.title.clone(),
        steps: item.steps.clone(),
        confidence: item.confidence,
        because: item.because.clone(),
    };
    let (witness, routers) = (of(AdviceKind::Witness), of(AdviceKind::Router));
    // Who names another router than the likeliest has nothing to say of what to set at this one.
    let names_another = |plugin: &str| {
        routers.iter().any(|router| router.plugin == plugin)
            && routers.first().is_some_and(|best| best.plugin != plugin)
    };
    let remedies = of(AdviceKind::Remedy).into_iter().filter(|item| !names_another(&item.plugin));
    Router {
        address: Some(gateway),
        identities: routers.iter().map(identity).collect(),
        remedies: remedies.map(|item| remedy(&item)).collect(),
        lists_machine: None,
        blocks_machine: None,
        web_hijacked: witness.iter().any(|item| item.id == HIJACKED).then_some(true),
    }
}

/// The router with what it witnesses of this machine.
pub(crate) fn for_machine(router: &Router, machine: &Machine, advice: &[Advice]) -> Router {
    let about = |item: &&Advice| {
        let mac = item.because.first().and_then(|text| text.parse::<Mac>().ok());
        item.kind == AdviceKind::Witness && mac.is_some_and(|mac| machine.macs.contains(&mac))
    };
    let says = |id: &str| advice.iter().filter(about).any(|item| item.id == id);
    let listed = says(LISTED) || says(BLOCKED);
    // A name that a shell would not take as it is stays a placeholder.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = if machine.name.chars().all(plain) { &machine.name } else { NAME };
    let named = |remedy: &RouterRemedy| {
        let steps = remedy
            .steps
            .iter()
            .map(|step| step.replace("vm doctor NAME", &format!("vm doctor {name}")));
        RouterRemedy { steps: steps.collect(), ..remedy.clone() }
    };
    Router {
        remedies: router.remedies.iter().map(named).collect(),
        lists_machine: if listed { Some(true) } else { says(NOT_LISTED).then_some(false) },
        // That it is listed does not tell that it is not blocked.
        blocks_machine: says(BLOCKED).then_some(true),
        ..router.clone()
    }
}
