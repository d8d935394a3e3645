//! The machines of a computer or a snapshot, and the network around them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use vmkit_inventory::{Depth, Inventory, Location, Monitors};
use vmkit_model::{Machine, PluginOutcome, Problem, Severity};
use vmkit_platform::Platform as _;
use vmkit_snapshot::{Capture, Record};
use vmkit_types::{HostNetwork, Reading, Unread};

use crate::{
    Error, Settings, Source,
    managers::{Looked, Machines, Managers, Missing},
};

/// The machines, and what is around them.
#[derive(Clone, Debug)]
pub struct Scene {
    /// All machines, by name.
    pub machines: Vec<Machine>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The host's network, where it is known.
    pub network: Option<HostNetwork>,
    /// The vm-toolkit data directory; `None`: it was not looked at.
    pub location: Option<Location>,
    /// Whether it was seen with root's rights, where that is known.
    pub privileged: Option<bool>,
    /// `linux` or `macos`, where that is known.
    pub platform: Option<String>,
    /// The system with its version; a snapshot does not say.
    pub system: Reading<String>,
    /// The snapshot and when it was captured; `None`: this is the computer, and now.
    snapshot: Option<(PathBuf, SystemTime)>,
    looked: Looked,
}

impl Scene {
    /// Reads the machines alone: no signal is asked and no network is read.
    ///
    /// # Errors
    /// No data directory can be named; a manager that nobody knows; the snapshot cannot be read.
    pub fn machines_only(source: &Source, settings: &Settings) -> Result<Self, Error> {
        if let Source::Snapshot(directory) = source {
            return Ok(Self::of_record(directory, vmkit_snapshot::open(directory)?, settings));
        }
        // Without other managers the plugins need not be found.
        let others = settings.wants_others();
        let found = if others { settings.plugins() } else { Vec::new() };
        let machines = Managers::start(&found, settings)?.read(settings, Depth::ProcessesOnly)?;
        Ok(Self::of_computer(machines, None, settings).0)
    }

    /// Reads the machines and the network, all but what the machines' monitors say.
    pub(crate) fn without_monitors(
        managers: &mut Managers,
        settings: &Settings,
    ) -> Result<(Self, Monitors), Error> {
        let machines = managers.read(settings, Depth::WithQmp)?;
        let network = match settings.network() {
            Reading::Known(network) => Some(network),
            Reading::Absent => None,
            Reading::Unknown(why) => {
                tracing::warn!("the network of this computer is unknown: {why}");
                None
            }
        };
        Ok(Self::of_computer(machines, network, settings))
    }

    fn of_computer(
        found: Machines,
        network: Option<HostNetwork>,
        settings: &Settings,
    ) -> (Self, Monitors) {
        let Machines { inventory: Inventory { machines, problems }, monitors, location, looked } =
            found;
        let scene = Self {
            machines,
            problems,
            network,
            location,
            privileged: Some(settings.invoker.privileged),
            platform: Some(vmkit_platform::current().name().to_owned()),
            system: Reading::Known(vmkit_platform::system()),
            snapshot: None,
            looked,
        };
        (scene, monitors)
    }

    pub(crate) fn of_record(directory: &Path, record: Record, settings: &Settings) -> Self {
        let Inventory { mut machines, problems } = record.inventory;
        machines.retain(|machine| settings.wants_manager(&machine.manager));
        Self {
            machines,
            problems,
            network: record.network,
            location: None,
            privileged: record.privileged,
            platform: record.platform,
            system: Reading::Unknown(Unread::NotTried),
            snapshot: Some((directory.to_owned(), record.captured_at)),
            looked: Looked::default(),
        }
    }

    /// A scene of these machines, for tests.
    #[cfg(test)]
    pub(crate) fn of_machines(machines: Vec<Machine>) -> Self {
        Self {
            machines,
            problems: Vec::new(),
            network: None,
            location: None,
            privileged: None,
            platform: None,
            system: Reading::Unknown(Unread::NotTried),
            snapshot: None,
            looked: Looked::default(),
        }
    }

    /// The present of the scene: when a snapshot was captured, or now.
    pub fn now(&self) -> SystemTime {
        self.snapshot.as_ref().map_or_else(SystemTime::now, |(_, captured_at)| *captured_at)
    }

    /// Where machines were looked for, in words.
    pub(crate) fn places(&self) -> String {
        match (&self.snapshot, &self.location, self.managers()) {
            (Some((directory, _)), ..) => directory.display().to_string(),
            (None, Some(location), [_] | []) => location.base_directory.display().to_string(),
            (None, _, managers) => managers.join(", "),
        }
    }

    /// The managers that were looked for; empty: in a snapshot, which has those that it has.
    pub fn managers(&self) -> &[Arc<str>] {
        &self.looked.managers
    }

    /// How the inventories' part went.
    pub fn inventories(&self) -> &[PluginOutcome] {
        &self.looked.outcomes
    }

    /// What may be missing among the machines.
    pub(crate) fn what_may_be_missing(&self) -> Option<String> {
        let says: Vec<String> = self.looked.missing.iter().map(Missing::says).collect();
        (!says.is_empty()).then(|| says.join("; "))
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
        if let Some(missing) = self.what_may_be_missing() {
            return Err(Error::Incomplete(missing));
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
            claims: settings.claims(),
        }
    }
}
