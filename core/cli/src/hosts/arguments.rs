//! The arguments of `vm hosts-sync`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::completion::machines;

#[derive(Debug, Args)]
#[command(after_help = "\
Lines are written for addresses that are certain alone. Everything outside of the block between
`# BEGIN vmkit` and `# END vmkit` stays as it is.
Exit status: 0 nothing to do, shown or written; 1 a VM asked for by name has no confirmed line;
2 the work could not be done; 3 not every plugin that finds addresses could be used, and a VM may
have an address that was not found. Lines of VMs that could not be looked for stay as they are.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that users set on its own")]
pub(crate) struct HostsSync {
    /// Only the lines of these VMs
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(machines))]
    pub(crate) names: Vec<String>,
    /// Write the file instead of only showing the change
    #[arg(long)]
    pub(crate) apply: bool,
    /// Restore the file from before the last change
    #[arg(long, conflicts_with_all = ["apply", "adopt", "names", "from"])]
    pub(crate) undo: bool,
    /// Take over lines outside of the block that name one VM only
    #[arg(long)]
    pub(crate) adopt: bool,
    /// The hosts file
    #[arg(long, value_name = "PATH", default_value = super::SYSTEM_HOSTS)]
    pub(crate) file: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Take the addresses from the snapshot in this directory; nothing is sent
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
}
