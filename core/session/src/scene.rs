//! The machines of a computer or a snapshot, and the network around them.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_inventory::{Depth, Inventory, Location, Monitors, read, read_beside_monitors};
use vmkit_model::{Machine, Problem, Severity};
use vmkit_platform::Platform as _;
use vmkit_snapshot::{Capture, Record};
use vmkit_types::{HostNetwork, Reading};

use crate::{Error, Settings, Source};

/// The machines, and what is around them.
#[derive(Clone, Debug)]
pub struct Scene {
    /// All machines, by name.
    pub machines: Vec<Machine>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The host's network, where it is known.
    pub network: Option<HostNetwork>,
    /// The data directory that machines were read from; `None`: they are a snapshot's.
    pub location: Option<Location>,
    /// Whether it was seen with root's rights, where that is known.
    pub privileged: Option<bool>,
    /// `linux` or `macos`, where that is known.
    pub platform: Option<String>,
    /// The snapshot and when it was captured; `None`: this is the computer, and now.
    snapshot: Option<(PathBuf, SystemTime)>,
}

impl Scene {
    /// Reads the machines alone: no plugin is asked and no network is read.
    ///
    /// # Errors
    /// No data directory can be named; the snapshot cannot be read.
    pub fn machines_only(source: &Source, settings: &Settings) -> Result<Self, Error> {
        if let Source::Snapshot(directory) = source {
            return Ok(Self::of_record(directory, vmkit_snapshot::open(directory)?));
        }
        let (location, problems) = settings.location()?;
        let (platform, broker) = (vmkit_platform::current(), settings.broker_of_root());
        let inventory = read(&location, &platform, broker, Depth::ProcessesOnly);
        Ok(Self::of_computer(location, problems, inventory, None, settings))
    }

    /// Reads the machines and the network, all but what the machines' monitors say.
    pub(crate) fn without_monitors(settings: &Settings) -> Result<(Self, Monitors), Error> {
        let (location, problems) = settings.location()?;
        let (platform, broker) = (vmkit_platform::current(), settings.broker_of_root());
        let (inventory, monitors) = read_beside_monitors(&location, &platform, broker);
        let network = match settings.network() {
            Reading::Known(network) => Some(network),
            Reading::Absent => None,
            Reading::Unknown(why) => {
                tracing::warn!("the network of this computer is unknown: {why}");
                None
            }
        };
        Ok((Self::of_computer(location, problems, inventory, network, settings), monitors))
    }

    fn of_computer(
        location: Location,
        mut problems: Vec<Problem>,
        inventory: Inventory,
        network: Option<HostNetwork>,
        settings: &Settings,
    ) -> Self {
        let Inventory { machines, problems: found } = inventory;
        problems.extend(found);
        Self {
            machines,
            problems,
            network,
            location: Some(location),
            privileged: Some(settings.invoker.privileged),
            platform: Some(vmkit_platform::current().name().to_owned()),
            snapshot: None,
        }
    }

    pub(crate) fn of_record(directory: &Path, record: Record) -> Self {
        let Inventory { machines, problems } = record.inventory;
        Self {
            machines,
            problems,
            network: record.network,
            location: None,
            privileged: record.privileged,
            platform: record.platform,
            snapshot: Some((directory.to_owned(), record.captured_at)),
        }
    }

    /// The present of the scene: when a snapshot was captured, or now.
    pub fn now(&self) -> SystemTime {
        self.snapshot.as_ref().map_or_else(SystemTime::now, |(_, captured_at)| *captured_at)
    }

    /// The directory that machines were read from.
    pub(crate) fn directory(&self) -> &Path {
        match (&self.snapshot, &self.location) {
            (Some((directory, _)), _) => directory,
            (None, Some(location)) => &location.base_directory,
            (None, None) => Path::new("/"),
        }
    }

    /// Whether something could not be read that takes away from the answer.
    pub fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Fails where the list of machines or the network could not be read. What was not seen must not
    /// count as gone: only a complete look may deny a name or take back an address.
    ///
    /// # Errors
    /// [`Error::Incomplete`] says what is missing.
    pub fn require_complete(&self) -> Result<(), Error> {
        let lists_machines = |path: &Path| {
            self.location.as_ref().is_some_and(|location| {
                [&location.registry, &location.base_directory, &location.data_directory]
                    .into_iter()
                    .any(|of_all| of_all == path)
            })
        };
        let mut errors = self.problems.iter().filter(|it| it.severity == Severity::Error);
        if let Some(problem) = errors.find(|problem| lists_machines(&problem.path)) {
            let (path, message) = (problem.path.display(), &problem.message);
            return Err(Error::Incomplete(format!("{path}: {message}")));
        }
        if self.network.is_none() {
            let why = "the network of this computer is unknown";
            return Err(Error::Incomplete(why.to_owned()));
        }
        Ok(())
    }

    /// What a snapshot records beside the signals' artefacts.
    pub fn to_record<'a>(&'a self, settings: &Settings) -> Capture<'a> {
        let invoker = &settings.invoker;
        Capture {
            captured_at: self.now(),
            platform: vmkit_platform::current().name(),
            privileged: invoker.privileged,
            network: self.network.as_ref(),
            machines: &self.machines,
        }
    }
}
