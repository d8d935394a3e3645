//! What the commands work with.

use std::path::Path;

use vmkit_inventory::{Depth, Inventory, Location, read};
use vmkit_machines::DataDirectory;
use vmkit_model::{CommandPlace, Machine, Problem};
use vmkit_plugin_commands::{Failure, Front, note};
use vmkit_report::command_line;
use vmkit_types::escaped;

/// The data directory, open, and who asks.
pub(crate) struct Work<'a> {
    /// What is configured, and where to print.
    pub(crate) front: Front<'a>,
    /// Only errors go to standard error.
    pub(crate) quiet: bool,
    /// Where the machines are.
    pub(crate) location: Location,
    /// The same, opened for writing.
    pub(crate) data: DataDirectory,
}

impl<'a> Work<'a> {
    /// Opens the data directory, which is made if it is missing, and ends what killed commands left of
    /// their work there.
    ///
    /// # Errors
    /// It cannot be named, opened or read.
    pub(crate) fn open(front: Front<'a>, quiet: bool) -> anyhow::Result<Self> {
        let (location, problems) = front.settings.location()?;
        print_problems(&problems, quiet);
        let data = DataDirectory::open(&location)?;
        for repair in data.repair()? {
            note(&format!("{repair}\n"));
        }
        Ok(Self { front, quiet, location, data })
    }

    /// The same where there is a data directory already.
    ///
    /// # Errors
    /// No data directory exists; as [`Work::open`].
    pub(crate) fn open_existing(front: Front<'a>, quiet: bool) -> anyhow::Result<Self> {
        let (location, _) = front.settings.location()?;
        if location.data_directory.exists() {
            return Self::open(front, quiet);
        }
        let missing = no_directory(&location.data_directory);
        Err(Failure::new(missing).with_hint("to make a VM: vm create NAME --image FILE").into())
    }

    /// The machines as their files, processes and monitors show them now.
    pub(crate) fn inventory(&self) -> Inventory {
        let settings = self.front.settings;
        let platform = vmkit_platform::current();
        read(&self.location, &platform, settings.broker_of_root(), Depth::WithQmp)
    }

    /// The machine of this name.
    ///
    /// # Errors
    /// No machine has this name.
    pub(crate) fn machine(&self, name: &str) -> anyhow::Result<Machine> {
        let machines = self.inventory().machines.into_iter();
        let found = machines.into_iter().find(|machine| machine.own_name == name);
        Ok(found.ok_or_else(|| unknown(name))?)
    }

    /// The command that starts a machine, as the person types it next.
    pub(crate) fn start_command(&self, name: &str) -> String {
        let invoker = &self.front.settings.invoker;
        // The card is attached as root; a person who typed sudo goes on without.
        let needs_root = cfg!(target_os = "linux") && (!invoker.privileged || invoker.via_sudo);
        let words = ["sudo", "vm", "start", name];
        self.command(if needs_root { &words } else { &words[1..] })
    }

    /// A command as the person types it next, for the same data directory.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        command_line(&self.place().words(words))
    }

    /// Where the next commands look.
    pub(crate) fn place(&self) -> CommandPlace {
        self.front.settings.command_place(None)
    }

    /// Says something beside the answer, unless only errors are wanted.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            note(&format!("{text}\n"));
        }
    }
}

pub(crate) fn no_directory(path: &Path) -> String {
    format!("there is no data directory {}", escaped(&path.display().to_string()))
}

fn unknown(name: &str) -> Failure {
    Failure::new(format!("no VM is called `{}`", escaped(name)))
        .with_hint("vm list shows the VMs that this command works on; vm status shows those of other managers as well")
}

/// Prints what could not be read.
pub(crate) fn print_problems(problems: &[Problem], quiet: bool) {
    for problem in problems.iter().filter(|_| !quiet) {
        let path = escaped(&problem.path.display().to_string());
        note(&format!("warning: {path}: {}\n", escaped(&problem.message)));
    }
}
