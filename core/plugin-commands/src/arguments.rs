//! Arguments of `vm plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vmkit_authoring::{Language, ProjectKind};
use vmkit_model::ClaimLimit;

/// `vm plugin`.
#[derive(Debug, Args)]
pub struct Plugin {
    /// Which of its commands.
    #[command(subcommand)]
    pub command: PluginCommand,
}

/// The commands of `vm plugin`.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
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
        /// How much its own claims may change the odds of an address, together: a factor up to 1000, or
        /// `full`. Without it, those of all plugins together change them 7.4 times at most
        #[arg(long, value_name = "FACTOR|full")]
        weight: Option<ClaimLimit>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Take that back
    Untrust {
        /// Its library or its id
        plugin: String,
    },
    /// Write the project of a plugin of your own, which builds at once
    #[command(after_help = NEW_HELP)]
    New(New),
    /// Show what a plugin reports, one line each
    #[command(after_help = RUN_HELP)]
    Run {
        /// Its library
        file: PathBuf,
        /// A snapshot to look at, in place of this computer: a directory, or a zip
        #[arg(long, value_name = "DIR|FILE.zip")]
        from: Option<PathBuf>,
        /// Do not ask before code runs that is not trusted
        #[arg(long, short)]
        yes: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Put a plugin into your own directory and let it run; shows first what it needs
    #[command(after_help = INSTALL_HELP)]
    #[command(disable_version_flag = true)]
    Install {
        /// Its library, or its name in the index
        plugin: String,
        /// Install this version of the index, also if a newer one is installed
        #[arg(long)]
        version: Option<String>,
        /// Where the index is.
        #[command(flatten)]
        place: IndexPlace,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Take a plugin out of your own directory, and its trust back
    Remove {
        /// Its id
        id: String,
    },
    /// Look for plugins in the index
    Search {
        /// Words that the name or the summary has
        words: Vec<String>,
        /// Where the index is.
        #[command(flatten)]
        place: IndexPlace,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Try a plugin out, and say which rules of plugins it breaks and what to change
    #[command(after_help = CHECK_HELP)]
    Check {
        /// Its library
        file: PathBuf,
        /// Do not ask before code runs that is not trusted
        #[arg(long, short)]
        yes: bool,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

const RUN_HELP: &str = "\
Asks before code runs that is not trusted. A signal is asked about the VMs of this computer, or of a snapshot; \
an inventory lists what it finds. What a plugin advises is shown by `vm doctor`.";

const INSTALL_HELP: &str = "\
A name is looked up in the index that `index` in [plugins] of the configuration file names, or --index. The \
file must be what the index lists: its SHA-256, its version, and no more needs. A plugin that is listed is \
not trusted: what it needs is shown, and you are asked.";

/// Where the index of plugins is.
#[derive(Debug, Args)]
pub struct IndexPlace {
    /// Where the index is: a directory, or the address of a git repository
    #[arg(long, value_name = "PLACE")]
    pub index: Option<String>,
}

const CHECK_HELP: &str = "\
The plugin runs confined to the needs of its manifest, as in every run. It is asked about machines that do \
not exist; what it may send goes to this computer itself. It is not trusted by that, and what it does is \
not counted. Exits with 0 where it keeps all rules, 1 where it breaks one, 2 where it cannot be tried.";

/// `vm plugin new`.
#[derive(Debug, Args)]
pub struct New {
    /// Its name, and the plugin's id: lower-case letters, digits and hyphens
    pub name: String,
    /// What the plugin offers
    #[arg(long, value_enum)]
    pub kind: Kind,
    /// What it is written in
    #[arg(long, value_enum, default_value = "rust")]
    pub lang: Lang,
    /// Where to write it, in place of a directory NAME here
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// A checkout of vmkit whose SDK is used in place of the published one
    #[arg(long, value_name = "PATH")]
    pub sdk: Option<PathBuf>,
}

/// What a plugin offers.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Observations about VMs, such as their addresses
    Signal,
    /// What a router is, and what to change there
    Advice,
    /// The VMs of a manager
    Inventory,
}

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Lang {
    /// A shared library
    Rust,
    /// A program with the standard library alone
    Python,
    /// A program with the shell's builtins alone
    Sh,
}

impl From<Kind> for ProjectKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Signal => Self::Signal,
            Kind::Advice => Self::Advice,
            Kind::Inventory => Self::Inventory,
        }
    }
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Rust => Self::Rust,
            Lang::Python => Self::Python,
            Lang::Sh => Self::Sh,
        }
    }
}

const NEW_HELP: &str = "\
The directory must be empty or not exist. Where this program was built from a checkout that is still there, \
the project uses its SDK; --sdk names another one.";

const TRUST_HELP: &str = "\
Nothing of the plugin is loaded before. What is trusted is this file, by its SHA-256: another one, such as \
a later version, is asked about again. With sudo it is trusted for everybody, and for root.";
