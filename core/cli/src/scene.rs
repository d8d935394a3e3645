//! The machines of a place, at the computer or on a snapshot of one.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_host::Snapshot;
use vmkit_inventory::{Depth, Inventory, Location, Monitors, read, read_beside_monitors};
use vmkit_model::{Machine, Power, Problem};
use vmkit_platform::Platform as _;
use vmkit_snapshot::Record;
use vmkit_types::{HostNetwork, Reading};

use crate::context::Context;

/// Where a run looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// At the computer.
    Computer,
    /// At the computer; the raw artefacts go to this directory.
    Recorded(&'a Path),
    /// At the snapshot in this directory.
    Snapshot(&'a Path),
}

impl<'a> Place<'a> {
    /// The snapshot that was named, or else the computer.
    pub(crate) fn of(from: Option<&'a PathBuf>) -> Self {
        from.map_or(Self::Computer, |directory| Self::Snapshot(directory))
    }
}

/// The machines of a place, and what is around them.
pub(crate) struct Scene {
    /// All machines, by name.
    pub(crate) machines: Vec<Machine>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
    /// The host's network, where it is known.
    pub(crate) network: Option<HostNetwork>,
    /// Where the machines were read from.
    pub(crate) source: Source,
    /// Where and when a snapshot was recorded; `None`: this is the computer, and now.
    recorded: Option<Recorded>,
}

/// What a snapshot says of its recording.
struct Recorded {
    at: SystemTime,
    platform: Option<String>,
    privileged: Option<bool>,
}

/// Where machines were read from.
pub(crate) enum Source {
    DataDirectory(Location),
    Snapshot(PathBuf),
}

impl Scene {
    /// The present of the scene.
    pub(crate) fn now(&self) -> SystemTime {
        self.recorded.as_ref().map_or_else(SystemTime::now, |recorded| recorded.at)
    }

    /// The names in it that tell whose machines these are.
    pub(crate) fn names(&self) -> vmkit_snapshot::Names {
        let of = |reading: &Reading<String>| reading.as_ref().known().cloned();
        let machines = self.machines.iter().map(|machine| machine.name.as_str());
        let users: Vec<String> = self.machines.iter().filter_map(|m| of(&m.username)).collect();
        let mut hosts: Vec<String> = self.machines.iter().filter_map(|m| of(&m.hostname)).collect();
        hosts.push(rustix::system::uname().nodename().to_string_lossy().into_owned());
        let (hosts, users) = (hosts.iter().map(String::as_str), users.iter().map(String::as_str));
        vmkit_snapshot::Names::new(machines, hosts, users)
    }

    /// `linux` or `macos`, where that is known.
    pub(crate) fn platform(&self) -> Option<String> {
        match &self.recorded {
            Some(recorded) => recorded.platform.clone(),
            None => Some(vmkit_platform::current().name().to_owned()),
        }
    }

    /// Whether what was seen was seen with root's rights.
    pub(crate) fn privileged(&self, context: &Context) -> Option<bool> {
        match &self.recorded {
            Some(recorded) => recorded.privileged,
            None => Some(context.invoker.privileged),
        }
    }

    /// Reads the machines alone: no plugin is asked.
    pub(crate) fn machines_only(place: Place<'_>, context: &Context) -> anyhow::Result<Self> {
        if let Some((directory, record)) = record(place)? {
            return Ok(Self::of_record(directory, record));
        }
        let (location, problems) = context.location()?;
        let inventory = read(&location, &vmkit_platform::current(), Depth::ProcessesOnly);
        Ok(Self::of_computer(location, problems, inventory, None))
    }

    /// Reads the machines and the network, all but what the monitors say.
    pub(crate) fn beside_monitors(context: &Context) -> anyhow::Result<(Self, Monitors)> {
        let (location, problems) = context.location()?;
        let (inventory, monitors) = read_beside_monitors(&location, &vmkit_platform::current());
        let network = match context.network() {
            Reading::Known(network) => Some(network),
            Reading::Absent => None,
            Reading::Unknown(why) => {
                tracing::warn!("the network of this computer is unknown: {why}");
                None
            }
        };
        Ok((Self::of_computer(location, problems, inventory, network), monitors))
    }

    fn of_computer(
        location: Location,
        mut problems: Vec<Problem>,
        inventory: Inventory,
        network: Option<HostNetwork>,
    ) -> Self {
        let Inventory { machines, problems: found } = inventory;
        problems.extend(found);
        let source = Source::DataDirectory(location);
        Self { machines, problems, network, source, recorded: None }
    }

    pub(crate) fn of_record(directory: PathBuf, record: Record) -> Self {
        let Inventory { machines, problems } = record.inventory;
        Self {
            machines,
            problems,
            network: record.network,
            source: Source::Snapshot(directory),
            recorded: Some(Recorded {
                at: record.captured_at,
                platform: record.platform,
                privileged: record.privileged,
            }),
        }
    }
}

pub(crate) fn record(place: Place<'_>) -> anyhow::Result<Option<(PathBuf, Record)>> {
    match place {
        Place::Snapshot(directory) => {
            Ok(Some((directory.to_owned(), vmkit_snapshot::open(directory)?)))
        }
        Place::Computer | Place::Recorded(_) => Ok(None),
    }
}

pub(crate) fn snapshot(place: Place<'_>, record: Option<&Record>) -> Snapshot {
    match (place, record) {
        (_, Some(record)) => Snapshot::Replay {
            artefacts: record.artefacts.clone(),
            captured_at: record.captured_at,
        },
        (Place::Recorded(directory), None) => {
            Snapshot::Recording { directory: directory.to_owned() }
        }
        (Place::Computer | Place::Snapshot(_), None) => Snapshot::None,
    }
}

/// Whether a machine has a process.
pub(crate) fn is_alive(machine: &Machine) -> bool {
    matches!(machine.power, Power::Running | Power::Paused)
}

/// What `vm snapshot save` records beside the signals' artefacts.
pub(crate) fn capture<'a>(scene: &'a Scene, context: &Context) -> vmkit_snapshot::Capture<'a> {
    let invoker = &context.invoker;
    vmkit_snapshot::Capture {
        captured_at: scene.now(),
        platform: vmkit_platform::current().name(),
        privileged: invoker.privileged,
        network: scene.network.as_ref(),
        machines: &scene.machines,
        owner: invoker.via_sudo.then_some((invoker.uid, invoker.gid)),
    }
}
