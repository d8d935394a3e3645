//! The command line.

#![expect(clippy::doc_markdown, reason = "these comments are the help text, which shows backticks")]

mod hosts_sync;
mod plugin;
mod snapshot;

use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use vmkit_resolver::Suffix;

pub(crate) use hosts_sync::{HostsSync, SYSTEM_HOSTS};
pub(crate) use plugin::{Plugin, PluginCommand};
pub(crate) use snapshot::{Snapshot, SnapshotCommand};

/// Finds the address of every virtual machine on this computer, and says how it knows.
#[derive(Debug, Parser)]
#[command(name = "vm", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Exit status: 0 all resolved, 1 a named VM has no usable address, 2 the work could not be done,
3 the evidence does not decide. It is 2 if no plugin can be used, and 3 if some cannot and a VM may
have an address that was not found.")]
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
    /// The page of one cause that `vm doctor` names
    Explain {
        /// Its code, such as router-drops-foreign-chaddr
        code: String,
    },
    /// List plugins, and show what each one needs
    Plugin(Plugin),
    /// Record all evidence in one directory, to be looked at anywhere
    Snapshot(Snapshot),
}

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
    /// Answer from the snapshot in this directory; nothing is sent and nothing else is read
    #[arg(long, value_name = "DIR")]
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
}

#[derive(Debug, Args)]
pub(crate) struct Resolve {
    /// The VM
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Answer from the snapshot in this directory; nothing is sent and nothing else is read
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The exit status is that of ssh: the command's own, or 255 without a connection. If the VM has no
usable address, ssh is not started, and the exit status is that of `vm resolve`.")]
pub(crate) struct Ssh {
    /// The VM
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The user to log in as [default: the VM's own]
    #[arg(short = 'l', long, value_name = "USER", value_parser = login)]
    pub(crate) user: Option<String>,
    /// What to run there in place of a login shell
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct SshConfig {
    /// Write them to ~/.ssh/vmkit_config and include that in ~/.ssh/config
    #[arg(long)]
    pub(crate) install: bool,
    /// Undo --install
    #[arg(long, conflicts_with = "install")]
    pub(crate) uninstall: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A VM without a certain address has no record (NODATA); a name that no VM has is denied (NXDOMAIN);
names outside of the domain are refused. If plugins did not answer, so that the address is unknown, the
answer is SERVFAIL. Only port 53 needs root's rights. Exit status: 0 after Ctrl-C or SIGTERM, 2 if it
cannot serve.")]
pub(crate) struct Dns {
    /// The domain that the names stand below
    #[arg(long, value_name = "DOMAIN", default_value = "vm.test")]
    pub(crate) suffix: Suffix,
    /// Where to listen, for UDP and TCP: a loopback address [default: 127.0.0.1:5354; with --install port 53]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Look at the machines at least every SECONDS
    // Long enough to be no load, and no longer than people wait for a machine that has just booted.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) interval: Duration,
    /// Make this computer's resolver ask here for the domain; without root, print what would be written
    #[arg(long)]
    pub(crate) install: bool,
    /// Undo --install
    #[arg(long, conflicts_with = "install")]
    pub(crate) uninstall: bool,
}

impl Dns {
    /// Where to listen. The resolver is only sent to port 53.
    pub(crate) fn address(&self) -> SocketAddr {
        let port = if self.install { vmkit_resolver::PORT } else { 5354 };
        self.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, port).into())
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

#[derive(Debug, Args)]
pub(crate) struct SshConnect {
    /// The VM
    pub(crate) name: String,
    /// The port to connect to
    #[arg(default_value_t = 22)]
    pub(crate) port: u16,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that users set on its own")]
pub(crate) struct Doctor {
    /// Only these VMs
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
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
    /// Offer to run each remedy's commands, and measure again whether they helped. A REMEDY that is
    /// named, as --json shows it, is run without asking, also where nobody can be asked
    #[arg(long, value_name = "REMEDY", num_args = 0..=1, require_equals = true)]
    #[arg(conflicts_with_all = ["passive", "from", "save"])]
    #[expect(clippy::option_option, reason = "whether to fix, and by which remedy")]
    pub(crate) fix: Option<Option<String>>,
    /// Write all evidence, captures included, to this directory
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    pub(crate) save: Option<PathBuf>,
    /// Keep only what a diagnosis needs in what is written: names, MACs and addresses become stand-ins
    #[arg(long, requires = "save")]
    pub(crate) redact: bool,
    /// Diagnose the snapshot in this directory; nothing is sent and nothing else is read
    #[arg(long, value_name = "DIR")]
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

/// Longest time that can be asked for: an hour, so that sums of deadlines stay times.
const LONGEST: f64 = 3600.0;

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if seconds > 0.0 && seconds <= LONGEST {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("more than 0 and at most 3600 seconds".to_owned())
    }
}

/// A user's name on a Linux or BSD guest; one that began with `-` would be an option of ssh.
fn login(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "'`\";&<>|(){}$\\@".contains(c);
    if text.is_empty() || text.len() > 64 || text.starts_with('-') || text.contains(odd) {
        return Err("not the name of a user".to_owned());
    }
    Ok(text.to_owned())
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
    fn a_user_cannot_be_an_option_of_ssh() {
        assert_eq!(login("ubuntu"), Ok("ubuntu".to_owned()));
        for wrong in ["", "-oProxyCommand=x", "a b", "a@b", "$(x)", "a\n"] {
            assert!(login(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_command_of_the_catalogue_is_right_or_of_a_later_version() {
        let catalogue = vmkit_diagnose::Catalogue::builtin().unwrap();
        let command = Arguments::command();
        for words in catalogue.commands().filter(|words| !has_command(words)) {
            let own = words.iter().position(|word| word == "vm").unwrap();
            assert!(command.find_subcommand(&words[own + 1]).is_none(), "{words:?}");
        }
        let count = catalogue.commands().count();
        let left = catalogue.with_commands(has_command);
        assert!(left.commands().count() < count || command.find_subcommand("console").is_some());
        assert!(left.commands().all(has_command));
    }

    #[test]
    fn a_timeout_is_a_sensible_number_of_seconds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "0", "-1", "NaN", "inf", "3601", "1s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
