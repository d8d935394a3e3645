//! The settings of this run: those of the session, and how to print.

use std::{io::IsTerminal as _, path::PathBuf};

use vmkit_session::{Rights, Settings};

use crate::arguments::{ColorChoice, Global};

/// The settings of this run.
pub(crate) struct Context {
    /// Who asks, where things are and what is configured.
    pub(crate) settings: Settings,
    /// Only errors go to standard error.
    pub(crate) quiet: bool,
    color: ColorChoice,
}

impl Context {
    /// Reads what is configured.
    pub(crate) fn new(global: &Global, rights: Rights) -> anyhow::Result<Self> {
        let settings = Settings {
            call_deadline: global.timeout,
            log_level: global.verbosity(),
            data_dir: global.data_dir.clone(),
            managers: global.managers.clone(),
            ..Settings::read(rights, global.config.as_deref())?
        };
        Ok(Self { settings, quiet: global.is_quiet(), color: global.color })
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

/// Where to look: the snapshot that is named, or else this computer.
pub(crate) fn source(from: Option<&PathBuf>) -> vmkit_session::Source {
    from.map_or(vmkit_session::Source::Computer, |directory| {
        vmkit_session::Source::Snapshot(directory.clone())
    })
}
