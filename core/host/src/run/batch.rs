//! What the plugins of one stage are asked.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use vmkit_proxy::arp::Link;
use vmkit_types::{Stage, Subject};
use vmkit_wire::WireSubject;

use super::{
    link::link_of,
    question::{Addresses, Holder, Target},
};

/// What the plugins of one stage are asked, and what they may have opened for it.
pub(super) struct Batch {
    pub(super) stage: Stage,
    pub(super) subjects: Vec<WireSubject>,
    pub(super) consoles: Vec<Option<PathBuf>>,
    pub(super) guest_agents: Vec<Option<PathBuf>>,
    pub(super) processes: Vec<Option<Holder>>,
    /// The interfaces on whose links candidates are, each with its candidates.
    pub(super) on_links: Vec<(String, Vec<Ipv4Addr>)>,
}

impl Batch {
    /// The questions about these machines and their candidates, which lie on some of the links.
    pub(super) fn new(
        stage: Stage,
        targets: &[Target],
        addresses: &Addresses,
        links: &[Link],
    ) -> Self {
        let subjects = targets.iter().map(|target| {
            let candidates = addresses.get(&target.id).map(Vec::as_slice).unwrap_or_default();
            wire_subject(&target.subject, candidates)
        });
        Self {
            stage,
            subjects: subjects.collect(),
            consoles: targets.iter().map(|target| target.console.clone()).collect(),
            guest_agents: targets.iter().map(|target| target.guest_agent.clone()).collect(),
            processes: targets.iter().map(|target| target.process).collect(),
            on_links: on_links(addresses, links),
        }
    }
}

/// The candidates by the interface of their link, each once.
fn on_links(addresses: &Addresses, links: &[Link]) -> Vec<(String, Vec<Ipv4Addr>)> {
    let mut on_links: BTreeMap<String, Vec<Ipv4Addr>> = BTreeMap::new();
    let mut candidates: Vec<IpAddr> = addresses.values().flatten().copied().collect();
    candidates.sort_unstable();
    candidates.dedup();
    for candidate in candidates {
        if let (Some(link), IpAddr::V4(address)) = (link_of(candidate, links), candidate) {
            on_links.entry(link.interface.clone()).or_default().push(address);
        }
    }
    on_links.into_iter().collect()
}

/// A machine as plugins get it, with these candidates.
pub(crate) fn wire_subject(subject: &Subject, candidates: &[IpAddr]) -> WireSubject {
    WireSubject {
        name: subject.name.clone(),
        macs: subject.macs.iter().map(ToString::to_string).collect(),
        cards: subject.cards.iter().map(ToString::to_string).collect(),
        hostname: subject.hostname.clone(),
        has_console: subject.has_console,
        has_guest_agent: subject.has_guest_agent,
        candidates: candidates.iter().map(ToString::to_string).collect(),
        known_host_keys: subject.known_host_keys.iter().map(ToString::to_string).collect(),
    }
}
