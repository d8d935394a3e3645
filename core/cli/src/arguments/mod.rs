//! The command line.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, which shows backticks")]

mod dns;
mod hosts_sync;
mod look;
mod seconds;
mod snapshot;
mod ssh;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(crate) use dns::Dns;
pub(crate) use hosts_sync::{HostsSync, SYSTEM_HOSTS};
pub(crate) use look::{Resolve, Status};
pub(crate) use snapshot::{Snapshot, SnapshotCommand};
pub(crate) use ssh::{Ssh, SshConfig, SshConnect};
pub(crate) use vmkit_machine_commands::MachineCommand;
pub(crate) use vmkit_plugin_commands::Plugin;

use seconds::seconds;

/// Finds the address of every virtual machine on this computer, and says how it knows.
#[derive(Debug, Parser)]
#[command(name = "vm", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Exit status: 0 healthy, or all that was asked for was resolved; 1 the doctor found a cause, or a VM that
was asked for by name has no usable address; 2 the work could not be done; 3 the evidence does not
decide. It is 2 if no plugin can be used, and 3 if some cannot and a VM may have an address that was
not found. `vm status` without names asks for no VM: it is 0 also where one has no address.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The vm-toolkit data directory [default: $VM_PROJECT_DIR, the configuration,
    /// ~/.vm-toolkit-config, ~/vm-toolkit-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Only the VMs of this manager, such as libvirt; more than one can be given
    #[arg(long = "manager", global = true, value_name = "MANAGER")]
    pub(crate) managers: Vec<String>,
    /// The configuration file [default: ~/.config/vmkit/config.toml, after /etc/vmkit/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Seconds that one call of a plugin may take; at least 3 for the doctor, 10 on a snapshot
    #[arg(long, global = true, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// Say more on standard error; twice for details
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Say only errors on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

impl Global {
    /// The least severe level of log lines that is wanted, 1 (error) to 5 (trace).
    pub(crate) fn verbosity(&self) -> u32 {
        if self.quiet { 1 } else { (2 + u32::from(self.verbose)).min(5) }
    }

    /// Whether remarks beside errors are wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// State, best address and SSH readiness of each VM
    Status(Status),
    /// The life of VMs.
    #[command(flatten)]
    Machine(MachineCommand),
    /// The best address of one VM alone, for scripts
    Resolve(Resolve),
    /// Log in to a VM by its name, or run a command there
    Ssh(Ssh),
    /// Entries for ~/.ssh/config, so that `ssh NAME` finds each VM wherever it is
    SshConfig(SshConfig),
    /// The lines of the VMs in the hosts file: shown as a change, written with --apply
    HostsSync(HostsSync),
    /// Answer DNS questions for NAME.vm.test on this computer, until it is ended
    Dns(Dns),
    /// A script for a shell, so that it completes commands and the names of VMs
    ///
    /// For bash: put `source <(vm completion bash)` into ~/.bashrc. For zsh the same, with zsh, into
    /// ~/.zshrc. For fish: `vm completion fish | source` into ~/.config/fish/config.fish.
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Connects OpenSSH to a VM; the entries of `vm ssh-config` use it
    #[command(hide = true)]
    SshConnect(SshConnect),
    /// Why a VM has no usable address, with evidence and the way out
    Doctor(Doctor),
    /// The page of one cause that `vm doctor` names, or all their codes
    Explain {
        /// Its code, such as router-drops-foreign-chaddr; without one, all codes are listed
        code: Option<String>,
    },
    /// List plugins, and show what each one needs
    Plugin(Plugin),
    /// Record all evidence in one directory, to be looked at anywhere
    Snapshot(Snapshot),
}

impl Command {
    /// Where to save what is seen if it fails, and the machines that it is about; none: all.
    pub(crate) fn save_on_failure(&self) -> Option<(&Path, &[String])> {
        match self {
            Self::Status(wanted) => Some((wanted.save_on_failure.as_deref()?, &wanted.names)),
            Self::Ssh(wanted) => {
                let names = std::slice::from_ref(&wanted.name);
                Some((wanted.save_on_failure.as_deref()?, names))
            }
            Self::Machine(wanted) => wanted.save_on_failure(),
            _ => None,
        }
    }
}

/// The shells that have a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

#[derive(Debug, Default, Args)]
#[command(after_help = "\
Exit status: 0 no problem, 1 a cause is named, 2 the work could not be done, 3 no cause can be named.
`ignore = [\"VM:CODE\"]` in the configuration makes a cause no problem (`*:CODE`: of every VM); it is
shown as ignored.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that users set on its own")]
pub(crate) struct Doctor {
    /// Only these VMs
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Show the report in your browser, too, as a page that is complete in itself; where no browser can be
    /// started, say where its file is
    #[arg(long)]
    pub(crate) open: bool,
    /// Print three lines to paste into a chat: the verdict, why, and versions
    #[arg(long, conflicts_with = "json")]
    pub(crate) short: bool,
    /// Print the whole account: all evidence with its weight, and all that was not checked
    #[arg(long, conflicts_with_all = ["json", "short"])]
    pub(crate) explain: bool,
    /// Send nothing: no probe, no question to the router
    #[arg(long, conflicts_with = "yes")]
    pub(crate) passive: bool,
    /// Ask DHCP servers for offers without asking you first; no lease is taken. With --provoke, unplug
    /// without asking. It does not allow --fix anything
    #[arg(long)]
    pub(crate) yes: bool,
    /// Wait up to SECONDS for the guest to ask for an address; Enter ends the wait
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "from")]
    pub(crate) wait: Option<Duration>,
    /// Unplug the VM's virtual link for 7 s, so that its guest asks at once, then wait (15 s unless
    /// --wait says otherwise); asks you first
    #[arg(long, conflicts_with_all = ["passive", "from"])]
    pub(crate) provoke: bool,
    /// Have the guests show their network, firewall and DHCP client: by SSH with a key, where the host key
    /// is known, or else by their agent as the guest's root; nothing is changed, but logs have the login
    #[arg(long, conflicts_with_all = ["passive", "from"])]
    pub(crate) inside: bool,
    /// Offer to run each remedy's commands, and measure again whether they helped. A REMEDY that is
    /// named, as --json shows it, is run without asking, also where nobody can be asked
    #[arg(long, value_name = "REMEDY", num_args = 0..=1, require_equals = true)]
    #[arg(conflicts_with_all = ["passive", "from", "save"])]
    #[expect(clippy::option_option, reason = "whether to fix, and by which remedy")]
    pub(crate) fix: Option<Option<String>>,
    /// Write all evidence, captures included, to this directory, or to one file that ends in .zip
    #[arg(long, value_name = "DIR|FILE.zip", conflicts_with = "from")]
    pub(crate) save: Option<PathBuf>,
    /// Keep only what a diagnosis needs in what is written: names, MACs and addresses become stand-ins
    #[arg(long, requires = "save")]
    pub(crate) redact: bool,
    /// Diagnose this snapshot, a directory or a zip; nothing is sent and nothing else is read
    #[arg(long, value_name = "DIR|FILE.zip")]
    pub(crate) from: Option<PathBuf>,
}

/// Whether this version has a command that a catalogue names. Those of other programs are their
/// business.
pub(crate) fn has_command(words: &[String]) -> bool {
    let own = words.strip_prefix(&["sudo".to_owned()]).unwrap_or(words);
    // What a placeholder stands for is a name.
    let own = own.iter().map(|word| if word.contains('{') { "name" } else { word });
    own.clone().next() != Some("vm") || Arguments::try_parse_from(own).is_ok()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_of_a_remedy_is_one_that_this_program_has() {
        let catalogue = vmkit_diagnose::Catalogue::builtin().unwrap();
        let own = |words: &&[String]| words.iter().any(|word| word == "vm");
        let commands: Vec<_> = catalogue.commands().filter(own).collect();
        assert!(commands.len() > 10, "{commands:?}");
        let wrong: Vec<_> = commands.iter().filter(|words| !has_command(words)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
