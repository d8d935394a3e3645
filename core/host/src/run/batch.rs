//! What the plugins of one stage are asked.

use std::{net::IpAddr, path::PathBuf};

use vmkit_types::{Link, Stage, Subject};
use vmkit_wire::WireSubject;

use super::{
    link::link_of,
    question::{Addresses, Target},
};

/// What the plugins of one stage are asked, and what they may have opened for it.
pub(super) struct Batch {
    pub(super) stage: Stage,
    pub(super) subjects: Vec<WireSubject>,
    pub(super) consoles: Vec<Option<PathBuf>>,
    pub(super) guest_agents: Vec<Option<PathBuf>>,
    /// Names of the interfaces on which candidates lie.
    pub(super) links: Vec<String>,
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
            wire_subject(&target.subject, candidates, links)
        });
        let found = addresses.values().flatten().filter_map(|address| link_of(*address, links));
        let mut names: Vec<String> = found.map(|link| link.interface.clone()).collect();
        names.sort_unstable();
        names.dedup();
        Self {
            stage,
            subjects: subjects.collect(),
            consoles: targets.iter().map(|target| target.console.clone()).collect(),
            guest_agents: targets.iter().map(|target| target.guest_agent.clone()).collect(),
            links: names,
        }
    }
}

fn wire_subject(subject: &Subject, candidates: &[IpAddr], links: &[Link]) -> WireSubject {
    let mut of_candidates: Vec<&Link> = Vec::new();
    for link in candidates.iter().filter_map(|address| link_of(*address, links)) {
        if !of_candidates.contains(&link) {
            of_candidates.push(link);
        }
    }
    WireSubject {
        name: subject.name.clone(),
        macs: subject.macs.iter().map(ToString::to_string).collect(),
        cards: subject.cards.iter().map(ToString::to_string).collect(),
        hostname: subject.hostname.clone(),
        has_console: subject.has_console,
        has_guest_agent: subject.has_guest_agent,
        candidates: candidates.iter().map(ToString::to_string).collect(),
        links: of_candidates.into_iter().map(ToString::to_string).collect(),
        known_host_keys: subject.known_host_keys.iter().map(ToString::to_string).collect(),
    }
}
