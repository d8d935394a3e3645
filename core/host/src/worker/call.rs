//! One call of a plugin.

use std::{
    net::Ipv4Addr,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use vmkit_rights::Broker;
use vmkit_types::{Observation, Stage};
use vmkit_wire::{Observe, WireSubject};

use crate::{Holder, Plugin, Snapshot, broker::Grants, proxy::Askable};

/// What one call is about.
pub(crate) struct Call<'a> {
    /// What the plugin is asked for.
    pub(crate) stage: Stage,
    /// The batch.
    pub(crate) subjects: &'a [WireSubject],
    /// The console logs of the batch.
    pub(crate) consoles: &'a [Option<PathBuf>],
    /// The sockets of the batch's guest agents.
    pub(crate) guest_agents: &'a [Option<PathBuf>],
    /// The processes of the batch.
    pub(crate) processes: &'a [Option<Holder>],
    /// The interfaces on whose links candidates of the batch are, each with its candidates.
    pub(crate) on_links: &'a [(String, Vec<Ipv4Addr>)],
    /// Does what only root may.
    pub(crate) broker: &'a Broker,
    /// Whether this run has root's rights, so that the broker reads files of managers.
    pub(crate) reads_of_root: bool,
    /// Where to look.
    pub(crate) snapshot: &'a Snapshot,
    /// How long it may take.
    pub(crate) budget: Duration,
}

/// A fact and when it was received.
pub(crate) type Received = (SystemTime, Observation);

impl Call<'_> {
    /// The question, with what the plugin's manifest lets it know.
    pub(super) fn question(&self, plugin: &Plugin) -> Observe {
        let since_epoch = self.snapshot.now().duration_since(SystemTime::UNIX_EPOCH);
        let declared = |name: &&String| plugin.manifest.declares_artefact(name);
        let mut question = Observe {
            stage: self.stage,
            source: self.snapshot.source(),
            // A clock before 1970 is not set; 0 shows that as well as any other time.
            now_ms: since_epoch
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            budget_ms: u64::try_from(self.budget.as_millis()).unwrap_or(u64::MAX),
            artefacts: self.snapshot.names().filter(declared).cloned().collect(),
            vms: self.subjects.to_vec(),
        };
        if !plugin.manifest.needs_here().host_keys {
            question.vms.iter_mut().for_each(|vm| vm.known_host_keys.clear());
        }
        question
    }

    /// What the host may open for the plugin during the call.
    pub(super) fn grants<'g>(&'g self, plugin: &'g Plugin) -> Grants<'g> {
        Grants {
            manifest: &plugin.manifest,
            is_own: plugin.is_bundled(),
            consoles: self.consoles,
            processes: self.processes,
            broker: self.broker,
            snapshot: self.snapshot,
        }
    }

    /// What the host may ask for the plugin during the call.
    pub(super) fn askable<'g>(&'g self, plugin: &'g Plugin) -> Askable<'g> {
        Askable {
            manifest: &plugin.manifest,
            guest_agents: self.guest_agents,
            processes: self.processes,
            on_links: self.on_links,
            broker: self.broker,
            is_replay: self.snapshot.is_replayed(),
        }
    }
}
