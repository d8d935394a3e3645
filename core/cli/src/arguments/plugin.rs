//! Arguments of `vm plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Plugin {
    #[command(subcommand)]
    pub(crate) command: PluginCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// All plugins that were found, and whether they may be loaded
    List {
        /// The plugins that you, or root for everybody, have trusted
        #[arg(long)]
        lock: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// One plugin: what it does and what it needs, read without loading it
    Info {
        /// Its id, or the path of its library
        plugin: String,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Let a plugin run that did not come with vmkit, or end its quarantine; shows first what it needs
    #[command(after_help = TRUST_HELP)]
    Trust {
        /// Its library
        file: PathBuf,
        /// Also where its files cannot be confined: without Landlock, and on macOS
        #[arg(long)]
        unconfined: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Take that back
    Untrust {
        /// Its library or its id
        plugin: String,
    },
}

const TRUST_HELP: &str = "\
Nothing of the plugin is loaded before. What is trusted is this file, by its SHA-256: another one, such as \
a later version, is asked about again. With sudo it is trusted for everybody, and for root.";
