//! The arguments of `vm hosts-sync`.

use std::path::PathBuf;

use clap::Args;

/// The system's hosts file.
pub(crate) const SYSTEM_HOSTS: &str = "/etc/hosts";

#[derive(Debug, Args)]
#[command(after_help = "\
Only certain addresses are written. Nothing outside of the block between `# BEGIN vmkit` and
`# END vmkit` changes.
Exit status: 0 shown, written, or nothing to do; 1 a VM given by name has no confirmed line; 2 the
command failed; 3 some plugins that find addresses could not be used, so an address may be
missing. Lines of VMs that could not be looked for stay.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that users set on its own")]
pub(crate) struct HostsSync {
    /// Only the lines of these VMs
    #[arg(value_name = "NAME")]
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
    #[arg(long, value_name = "PATH", default_value = SYSTEM_HOSTS)]
    pub(crate) file: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Take the addresses from this snapshot, a directory or a zip; nothing is sent
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub(crate) from: Option<PathBuf>,
}
