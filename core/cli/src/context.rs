//! What every command works with: who asks, where things are, what was configured.

use std::{
    collections::BTreeMap,
    io::IsTerminal as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use vmkit_host::{Found, Installation, find};
use vmkit_inventory::{Location, Sources};
use vmkit_model::Problem;
use vmkit_platform::{Invoker, Platform as _};
use vmkit_types::{HostNetwork, Reading};
use vmkit_wire::Account;

use crate::{
    arguments::{ColorChoice, Global},
    config::Config,
};

/// Where an unprivileged user's own plugins lie, below the home directory.
const OWN_PLUGINS: &str = ".local/share/vmkit/plugins";

/// The settings of this run.
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) invoker: Invoker,
    pub(crate) installation: Installation,
    pub(crate) call_deadline: Duration,
    pub(crate) log_level: u32,
    pub(crate) quiet: bool,
    color: ColorChoice,
    data_dir: Option<PathBuf>,
}

impl Context {
    /// Reads who asks and what is configured.
    pub(crate) fn new(global: &Global) -> anyhow::Result<Self> {
        let invoker = vmkit_platform::current().invoker();
        // Root's rights come with root's configuration: the user's could name anything.
        let user_home = invoker.home.as_ref().known().filter(|_| !invoker.privileged);
        let config = Config::read(global.config.as_deref(), user_home.map(PathBuf::as_path))?;
        let account = Account { uid: invoker.uid, gid: invoker.gid };
        let installation = Installation::of_this_program(account, invoker.privileged)
            .context("cannot find the installed tree around this program")?;
        Ok(Self {
            config,
            invoker,
            installation,
            call_deadline: global.timeout,
            log_level: global.verbosity(),
            quiet: global.is_quiet(),
            color: global.color,
            data_dir: global.data_dir.clone(),
        })
    }

    /// The same, with at least this much time for each call of a plugin.
    pub(crate) fn with_patience(mut self, least: Duration) -> Self {
        self.call_deadline = self.call_deadline.max(least);
        self
    }

    /// Where the machines are, and what is wrong with the settings that say so.
    pub(crate) fn location(&self) -> anyhow::Result<(Location, Vec<Problem>)> {
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

    /// All plugins in the directories of this run.
    pub(crate) fn plugins(&self) -> Vec<Found> {
        find(&self.plugin_directories(), &self.installation)
    }

    fn plugin_directories(&self) -> Vec<PathBuf> {
        let mut directories = vec![self.installation.plugins()];
        directories.extend(self.config.plugin_directories.iter().cloned());
        let home = self.invoker.home.as_ref().known().filter(|_| !self.invoker.privileged);
        directories.extend(home.map(|home: &PathBuf| home.join(OWN_PLUGINS)));
        directories
    }

    /// The host's network, with what the configuration says of its interfaces.
    pub(crate) fn network(&self) -> Reading<HostNetwork> {
        vmkit_platform::current().network().map(|mut network| {
            for interface in &mut network.interfaces {
                if let Some(kind) = self.config.interface_kind(&interface.name) {
                    interface.kind = kind;
                }
            }
            network
        })
    }

    /// Whether standard output gets colour.
    pub(crate) fn wants_color(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
                std::io::stdout().is_terminal() && !refused && !dumb
            }
        }
    }
}

/// The path of a library, when this names one rather than a plugin's id.
pub(crate) fn as_library(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    (path.components().count() > 1 || path.extension().is_some()).then_some(path)
}
