//! Arguments of the commands of a machine's life.

mod create;
mod network;
mod start;
#[cfg(test)]
mod tests;
mod values;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use vmkit_attach::Reach;

pub(crate) use create::Create;
pub(crate) use start::{Restart, Start, StartOptions};

/// The commands of a machine's life.
#[derive(Debug, Subcommand)]
pub enum MachineCommand {
    /// Make a VM out of a cloud image
    Create(Create),
    /// Start VMs, and wait until they have an address
    Start(Start),
    /// Shut VMs down: by the guest, else by QEMU, else by ending QEMU
    Stop(Stop),
    /// Shut VMs down and start them again; one that is stopped is only started
    Restart(Restart),
    /// Let the processors of VMs stand still
    Pause(Named),
    /// Let paused VMs run on
    Resume(Named),
    /// The VMs of the data directory: state, network, disk, memory and processors
    List(List),
    /// Use a VM's console; Ctrl-] leaves it
    Console(Console),
    /// Remove VMs and their disks
    Destroy(Destroy),
    /// Make a VM that has the disk of another one, and a MAC, a name and an identity of its own
    Clone(CloneMachine),
    /// Take over VMs of the shell toolkit, or a qcow2 file
    #[command(after_help = IMPORT_HELP)]
    Import(Import),
    /// What VMs can be attached to on this computer, and what each network mode means here
    Net(Net),
}

impl MachineCommand {
    /// Where to save what is seen if it fails, and the machines that it is about.
    pub fn save_on_failure(&self) -> Option<(&Path, &[String])> {
        match self {
            Self::Start(wanted) => Some((wanted.save_on_failure.as_deref()?, &wanted.names)),
            _ => None,
        }
    }
}

const IMPORT_HELP: &str = "\
A directory is one VM's, or a data directory with several. Everything stays where it is, and nothing is \
changed before the VM is started.";

/// VMs by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The VMs
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

/// `vm stop`.
#[derive(Debug, Args)]
pub struct Stop {
    /// The VMs
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Do not ask the guest: end QEMU at once. What the guest has not written to its disk is lost
    #[arg(long)]
    pub force: bool,
}

/// `vm list`.
#[derive(Debug, Args)]
pub struct List {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `vm console`.
#[derive(Debug, Args)]
pub struct Console {
    /// The VM
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `vm destroy`.
#[derive(Debug, Args)]
pub struct Destroy {
    /// The VMs
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Also VMs that run: each is stopped first
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `vm clone`.
#[derive(Debug, Args)]
pub struct CloneMachine {
    /// The VM to clone
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// The name of the new VM
    #[arg(value_name = "NEW")]
    pub new_name: String,
    /// Also while the source runs: the clone's disk is as after a power failure
    #[arg(long)]
    pub force: bool,
}

/// `vm import`.
#[derive(Debug, Args)]
pub struct Import {
    /// Directories of machines, or qcow2 files
    #[arg(value_name = "DIR|FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// The name of the VM of a qcow2 file [default: that of the file]
    #[arg(long = "name", value_name = "NAME")]
    pub new_name: Option<String>,
    /// The MAC that the machine of a qcow2 file had
    #[arg(long, value_name = "MAC", value_parser = values::mac)]
    pub mac: Option<vmkit_types::Mac>,
}

/// `vm net`.
#[derive(Debug, Args)]
pub struct Net {
    /// The VM that is to be started
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Who has to reach the VM [default: unknown, which the recommendation leaves open]
    #[arg(long, value_name = "WHO", value_enum)]
    pub reach: Option<Who>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Who has to reach a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// This computer alone
    Host,
    /// Other machines of the network too
    Others,
}

impl From<Who> for Reach {
    fn from(who: Who) -> Self {
        match who {
            Who::Host => Self::Host,
            Who::Others => Self::OtherMachines,
        }
    }
}
