//! The arguments of `vm status` and `vm resolve`.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::seconds::seconds;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that users set on its own")]
pub(crate) struct Status {
    /// Only these VMs
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Quick signals only: no DNS, no statistics
    #[arg(long, conflicts_with = "basic")]
    pub(crate) fast: bool,
    /// Processes only: no address, no probe, no plugin
    #[arg(long)]
    pub(crate) basic: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what speaks for and against each candidate address
    #[arg(long, conflicts_with_all = ["json", "basic"])]
    pub(crate) explain: bool,
    /// Answer from this snapshot, a directory or a zip; nothing is sent and nothing else is read
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub(crate) from: Option<PathBuf>,
    /// Look again every SECONDS (2); off a terminal only changes are printed
    // Two seconds are about what a person notices, and longer than a look with dead machines takes.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "2")]
    #[arg(conflicts_with_all = ["basic", "json", "explain"])]
    pub(crate) watch: Option<Duration>,
    /// Omit the statistics
    #[arg(long)]
    pub(crate) no_stats: bool,
    /// If it fails, save what the doctor sees then, as `vm doctor --save` does
    #[arg(long, value_name = "DIR|FILE.zip", conflicts_with_all = ["from", "basic", "watch"])]
    pub(crate) save_on_failure: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Resolve {
    /// The VM
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Print where its SSH server is reached, as ADDRESS:PORT: a port that is forwarded to it, or its
    /// address
    #[arg(long, conflicts_with = "json")]
    pub(crate) endpoint: bool,
    /// Answer from this snapshot, a directory or a zip; nothing is sent and nothing else is read
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub(crate) from: Option<PathBuf>,
}
