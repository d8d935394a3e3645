//! Arguments of `vm start` and `vm restart`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{network::NetworkArguments, values};

/// `vm start`.
#[derive(Debug, Args)]
#[command(after_help = START_HELP)]
pub struct Start {
    /// The VMs
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// How they are started.
    #[command(flatten)]
    pub options: StartOptions,
    /// If one cannot be started or gets no address, save what the doctor sees then, as `vm doctor --save` does
    #[arg(long, value_name = "DIR|FILE.zip", conflicts_with_all = ["no_wait", "console"])]
    pub save_on_failure: Option<PathBuf>,
}

/// `vm restart`.
#[derive(Debug, Args)]
pub struct Restart {
    /// The VMs
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// How they are started again.
    #[command(flatten)]
    pub options: StartOptions,
}

/// How VMs are started.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that users set on its own")]
pub struct StartOptions {
    /// Their network.
    #[command(flatten)]
    pub network: NetworkArguments,
    /// Do not wait for an address
    #[arg(long, conflicts_with = "wait")]
    pub no_wait: bool,
    /// Wait up to SECONDS for an address [default: 120; 600 where no hardware helps QEMU]
    #[arg(long, value_name = "SECONDS", value_parser = values::wait)]
    pub wait: Option<Duration>,
    /// Show the console from the start in place of waiting; Ctrl-] leaves it
    #[arg(long, conflicts_with_all = ["no_wait", "wait", "json"])]
    pub console: bool,
    /// Do not ask, also where bridged mode may not work
    #[arg(long, short)]
    pub yes: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

const START_HELP: &str = "\
Bridged: the VM is on the network of the router, which gives the address, and other computers reach it. \
Shared: this computer gives the address and translates; other computers do not reach the VM. The choice \
is remembered. Attaching a VM needs root: sudo vm start NAME; QEMU itself runs as you. Exit status: 0 \
each VM has an address, 1 one has none, 2 one could not be started, 3 the evidence does not decide.";
