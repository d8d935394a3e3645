//! Which machines exist: the vm-toolkit directory, and the inventories of other managers beside it.

use std::{path::Path, sync::Arc};

use vmkit_host::{Found, Inventories, Listed, Snapshot};
use vmkit_inventory::{
    Depth, Inventory, Location, Monitors, Source, read, read_beside_monitors, with_listings,
};
use vmkit_model::{MANAGER, Mode, PluginOutcome, PluginStatus, Problem, Severity};
use vmkit_platform::Platform as _;
use vmkit_wire::PluginKind;

use crate::{Error, Settings};

/// The machines of all managers that were looked for.
pub(crate) struct Machines {
    pub(crate) inventory: Inventory,
    pub(crate) monitors: Monitors,
    /// The data directory; `None`: it was not looked at.
    pub(crate) location: Option<Location>,
    pub(crate) looked: Looked,
}

/// Which managers were looked for, and how that went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looked {
    /// The managers that were looked for.
    pub(crate) managers: Vec<Arc<str>>,
    /// Those whose machines may be missing.
    pub(crate) missing: Vec<Missing>,
    /// How each inventory's part went.
    pub(crate) outcomes: Vec<PluginOutcome>,
}

/// A manager whose machines may be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    manager: String,
    why: String,
    severity: Severity,
}

/// The inventories of the managers that are wanted. Their workers stay for further looks.
pub(crate) struct Managers {
    /// `None`: no inventory of other managers is wanted or installed.
    inventories: Option<Inventories>,
    /// The managers whose inventories are installed, whether or not there is anything of theirs here.
    names: Vec<Arc<str>>,
    /// The inventories that may not run.
    refused: Vec<PluginOutcome>,
}

impl Managers {
    /// No managers, as a snapshot has its own machines.
    pub(crate) const fn none() -> Self {
        Self { inventories: None, names: Vec::new(), refused: Vec::new() }
    }

    /// Starts the inventories among these plugins whose managers have files here.
    ///
    /// # Errors
    /// A plugin's configuration cannot be handed over; a manager that nobody knows.
    pub(crate) fn start(found: &[Found], settings: &Settings) -> Result<Self, Error> {
        let wanted = |found: &&Found| {
            let manifest = found.identity.as_ref().map(|identity| &identity.manifest);
            manifest
                .is_some_and(|it| it.is(PluginKind::Inventory) && settings.wants_manager(&it.id))
        };
        let inventories: Vec<&Found> = found.iter().filter(wanted).collect();
        let name = |found: &Found| Some(found.identity.as_ref()?.manifest.id.as_str().into());
        let names: Vec<Arc<str>> = inventories.iter().copied().filter_map(name).collect();
        if let Some(unknown) = settings.managers.iter().find(|wanted| !knows(&names, wanted)) {
            let known = found.iter().filter(|found| is_inventory(found)).filter_map(name);
            let known = [MANAGER.into()].into_iter().chain(known);
            let known = known.map(|name: Arc<str>| name.to_string()).collect();
            return Err(Error::UnknownManager { name: unknown.clone(), known });
        }
        let refused = inventories.iter().copied().filter_map(refused).collect();
        let run = settings.of_run(Mode::Full, Snapshot::None)?;
        let start = || Inventories::start(inventories, &settings.installation, run);
        let inventories = (!names.is_empty()).then(start);
        Ok(Self { inventories, names, refused })
    }

    /// Reads the machines of all managers that are wanted.
    ///
    /// # Errors
    /// No data directory can be named.
    pub(crate) fn read(&mut self, settings: &Settings, depth: Depth) -> Result<Machines, Error> {
        let (platform, broker) = (vmkit_platform::current(), settings.broker_of_root());
        let mut managers: Vec<Arc<str>> = Vec::new();
        let mut location = None;
        let mut problems = Vec::new();
        let nothing = Inventory { machines: Vec::new(), problems: Vec::new() };
        let mut of_directory = (nothing, Monitors::default());
        if settings.wants_manager(MANAGER) {
            let (place, found) = settings.location()?;
            problems.extend(found);
            of_directory = match depth {
                Depth::ProcessesOnly => {
                    (read(&place, &platform, broker, depth), Monitors::default())
                }
                Depth::WithQmp => read_beside_monitors(&place, &platform, broker),
            };
            location = Some(place);
            managers.push(MANAGER.into());
        }
        managers.extend(self.names.iter().cloned());
        let listed = self.list(settings);
        problems.extend(listed.problems);
        let listings = &listed.listings;
        let (mut inventory, monitors) = with_listings(of_directory, listings, &platform, broker);
        let missing: Vec<Missing> =
            listed.outcomes.iter().chain(&self.refused).filter_map(Missing::of).collect();
        inventory.problems.splice(0..0, problems);
        inventory.problems.extend(missing.iter().map(Missing::problem));
        forget_default_directory(&mut inventory, location.as_ref());
        let looked = Looked { managers, missing, outcomes: listed.outcomes };
        Ok(Machines { inventory, monitors, location, looked })
    }

    /// What the inventories list now.
    fn list(&mut self, settings: &Settings) -> Listed {
        let Some(inventories) = &mut self.inventories else { return Listed::default() };
        let listed = inventories.list(&vmkit_platform::current().processes());
        settings.count_incidents(&inventories.take_incidents());
        listed
    }
}

fn is_inventory(found: &Found) -> bool {
    let identity = found.identity.as_ref();
    identity.is_some_and(|identity| identity.manifest.is(PluginKind::Inventory))
}

/// The outcome of an inventory that may not run. The signals' run reports it among the plugins.
fn refused(found: &Found) -> Option<PluginOutcome> {
    let (identity, refusal) = (found.identity.as_ref()?, found.plugin.as_ref().err()?);
    Some(PluginOutcome {
        id: identity.manifest.id.clone(),
        version: Some(identity.manifest.version.clone()),
        status: PluginStatus::Refused,
        message: Some(refusal.in_full()),
        hint: None,
        elapsed: None,
        names_addresses: Some(false),
    })
}

fn knows(managers: &[Arc<str>], name: &str) -> bool {
    name == MANAGER || managers.iter().any(|manager| &**manager == name)
}

/// Drops the warning that vm-toolkit has no directory where that is no news: nobody named one, and there
/// are machines of other managers.
fn forget_default_directory(inventory: &mut Inventory, location: Option<&Location>) {
    let default = location.filter(|location| location.source == Source::Default);
    let others = inventory.machines.iter().any(|machine| &*machine.manager != MANAGER);
    if let Some(Location { data_directory, .. }) = default.filter(|_| others) {
        let expected =
            |it: &Problem| it.path == *data_directory && it.severity == Severity::Warning;
        inventory.problems.retain(|problem| !expected(problem));
    }
}

impl Missing {
    /// What an inventory that did not answer leaves open. One that lacks a right lacks it in each run, so
    /// that the rest of the answer stands.
    fn of(outcome: &PluginOutcome) -> Option<Self> {
        let severity = match outcome.status {
            PluginStatus::Ok | PluginStatus::Skipped => return None,
            PluginStatus::Denied => Severity::Warning,
            _ => Severity::Error,
        };
        let why = outcome.message.clone().unwrap_or_else(|| outcome.status.code().to_owned());
        Some(Self { manager: outcome.id.clone(), why, severity })
    }

    fn problem(&self) -> Problem {
        let Self { manager, why, severity } = self;
        let message = format!("its VMs may be missing: {why}");
        Problem { path: Path::new(manager).to_owned(), message, severity: *severity }
    }

    /// The manager and the reason.
    pub(crate) fn says(&self) -> String {
        format!("the VMs of {} may be missing: {}", self.manager, self.why)
    }
}
