//! What every look works with: who asks, where things are, what is configured.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use vmkit_host::{Installation, RunSettings, Snapshot};
use vmkit_inventory::{Location, Sources};
use vmkit_model::{MANAGER, Mode, Problem};
use vmkit_platform::{Invoker, Platform as _};
use vmkit_rights::Broker;
use vmkit_types::{HostNetwork, Reading};

use crate::{Config, ConfigError, Error, Rights};

/// Where an unprivileged user's own plugins lie, below the home directory.
const OWN_PLUGINS: &str = ".local/share/vmkit/plugins";

/// What one call of a plugin may take, where nobody says otherwise.
const CALL_DEADLINE: Duration = Duration::from_secs(1);

/// Warnings and worse, of plugins' log lines.
const WARNINGS: u32 = 2;

/// Who asks, where things are, and what is configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The configuration files' content.
    pub config: Config,
    /// The configuration file, where the caller names one.
    pub config_file: Option<PathBuf>,
    /// The user who runs this.
    pub invoker: Invoker,
    /// The worker and the plugins that belong to this program.
    pub installation: Installation,
    /// Does what needs root's rights.
    pub broker: Broker,
    /// How long one call of a plugin may take.
    pub call_deadline: Duration,
    /// The least severe level of plugins' log lines that is wanted, 1 (error) to 5 (trace).
    pub log_level: u32,
    /// The vm-toolkit data directory, where the caller names one.
    pub data_dir: Option<PathBuf>,
    /// The managers whose machines are wanted; empty: all.
    pub managers: Vec<String>,
}

impl Settings {
    /// The settings of a program with these rights. `config`: a configuration file in place of the
    /// user's.
    ///
    /// # Errors
    /// A configuration file is wrong.
    pub fn read(rights: Rights, config: Option<&Path>) -> Result<Self, Error> {
        let Rights { invoker, installation, broker } = rights;
        let config_file = config.map(Path::to_owned);
        // Root's rights come with root's configuration: the user's could name anything.
        let user_home = invoker.home.as_ref().known().filter(|_| !invoker.privileged);
        let config = Config::read(config, user_home.map(PathBuf::as_path))?;
        Ok(Self {
            config,
            config_file,
            invoker,
            installation,
            broker,
            call_deadline: CALL_DEADLINE,
            log_level: WARNINGS,
            data_dir: None,
            managers: Vec::new(),
        })
    }

    /// The settings of another program, with the worker and plugins of a vmkit that is installed
    /// below this prefix, such as `/usr/local`.
    ///
    /// # Errors
    /// A configuration file is wrong, or vmkit is not installed there.
    pub fn of_prefix(prefix: impl AsRef<Path>) -> Result<Self, Error> {
        Self::read(Rights::of(&prefix.as_ref().join("bin/vm"))?, None)
    }

    /// The same, with at least this much time for each call of a plugin.
    #[must_use]
    pub fn with_patience(mut self, least: Duration) -> Self {
        self.call_deadline = self.call_deadline.max(least);
        self
    }

    /// Where the machines are, and what is wrong with the settings that say so.
    ///
    /// # Errors
    /// Nothing names a data directory and there is no home directory.
    pub fn location(&self) -> Result<(Location, Vec<Problem>), Error> {
        let environment: BTreeMap<_, _> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect();
        Ok(Location::find(Sources {
            flag: self.data_dir.as_deref(),
            environment: &environment,
            configured: self.config.data_dir.as_deref(),
            invoker: &self.invoker,
        })?)
    }

    /// Whether the machines of this manager are wanted.
    pub(crate) fn wants_manager(&self, manager: &str) -> bool {
        self.managers.is_empty() || self.managers.iter().any(|wanted| wanted == manager)
    }

    /// Whether machines of other managers than vm-toolkit are wanted.
    pub(crate) fn wants_others(&self) -> bool {
        self.managers.is_empty() || self.managers.iter().any(|wanted| wanted != MANAGER)
    }

    /// The broker, if it has root's rights.
    pub fn broker_of_root(&self) -> Option<&Broker> {
        self.invoker.privileged.then_some(&self.broker)
    }

    /// Whether the user allows that this page of the gateway is asked for on behalf of the plugin.
    pub fn allows_page(&self, plugin: &str, path: &str) -> bool {
        self.config.allows_page(plugin, path)
    }

    /// The configuration of the plugin of this id: a JSON object, as text.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn plugin_configuration(&self, id: &str) -> Result<String, Error> {
        let all = self.config.plugin_configurations()?;
        Ok(all.get(id).cloned().unwrap_or_else(|| "{}".to_owned()))
    }

    /// Where this run looks for plugins.
    pub(crate) fn plugin_directories(&self) -> Vec<PathBuf> {
        let mut directories = vec![self.installation.plugins()];
        directories.extend(self.config.plugin_directories.iter().cloned());
        let home = self.invoker.home.as_ref().known().filter(|_| !self.invoker.privileged);
        directories.extend(home.map(|home: &PathBuf| home.join(OWN_PLUGINS)));
        directories
    }

    /// The host's network, with what the configuration says of its interfaces.
    pub fn network(&self) -> Reading<HostNetwork> {
        vmkit_platform::current().network().map(|mut network| {
            for interface in &mut network.interfaces {
                if let Some(kind) = self.config.interface_kind(&interface.name) {
                    interface.kind = kind;
                }
            }
            network
        })
    }

    /// The same for a run of plugins in this mode, which look here.
    ///
    /// # Errors
    /// A plugin's configuration cannot be handed over.
    pub fn of_run(&self, mode: Mode, snapshot: Snapshot) -> Result<RunSettings, ConfigError> {
        Ok(RunSettings {
            mode,
            call_deadline: self.call_deadline,
            log_level: self.log_level,
            configurations: self.config.plugin_configurations()?,
            home: self.invoker.home.clone().known(),
            broker: self.broker.clone(),
            snapshot,
        })
    }
}
