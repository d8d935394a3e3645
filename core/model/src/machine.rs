//! A virtual machine: what its files, its process and its monitor say.

use std::{path::PathBuf, time::SystemTime};

use vmkit_types::{KnownKey, Reading};

use crate::{Cards, MachineId};

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name in its manager.
    pub name: String,
    /// Its manager, such as `vm-toolkit`.
    pub manager: &'static str,
    /// Where its files are.
    pub directory: PathBuf,
    /// The host name that its files give to the guest.
    pub hostname: Reading<String>,
    /// The user that its files give to the guest.
    pub username: Reading<String>,
    /// Its network cards.
    pub cards: Cards,
    /// The manager's id of this installation. A machine that is recreated under the same name gets
    /// another one.
    pub instance: Reading<String>,
    /// SSH host keys that it is known by. Empty in an inventory; a snapshot may have some.
    pub known_host_keys: Vec<KnownKey>,
    /// The state of its process.
    pub power: Power,
    /// How its last process ended, if it has none now. Absent: it was shut down or never started.
    pub end: Reading<End>,
    /// Its process, if that is proven to be this machine's.
    pub pid: Option<u32>,
    /// The user of that process.
    pub user: Option<u32>,
    /// Why a process that names its files may not speak for it, if there is one.
    pub doubt: Option<ProcessDoubt>,
    /// When that process started.
    pub started_at: Option<SystemTime>,
    /// The answer of QEMU's monitor.
    pub qmp: Reading<QmpStatus>,
    /// The socket of QEMU's monitor, if its process is proven to be this machine's.
    pub monitor: Option<PathBuf>,
    /// The path of its console log, which may be anything but a file. `None`: there is none, or it
    /// is of an earlier run, as a foreground start leaves it.
    pub console_log: Option<PathBuf>,
    /// When its console log was last written to.
    pub console_written_at: Option<SystemTime>,
    /// The socket of the channel to its guest agent, if its process was started with one.
    pub guest_agent: Option<PathBuf>,
    /// Memory in MiB.
    pub memory_mb: Reading<u64>,
    /// Virtual processors.
    pub vcpus: Reading<u32>,
    /// Requested size of its disk, such as `60G`.
    pub disk_size: Reading<String>,
    /// The release that its image was made from.
    pub os_version: Reading<String>,
    /// Its processor's architecture.
    pub architecture: Reading<String>,
}

impl Machine {
    /// The handle of the machine, the same in every look.
    pub fn id(&self) -> MachineId {
        MachineId::new(&self.name)
    }
}

/// The state of a machine's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// The machine is registered, but its directory is missing.
    Missing,
    /// There is no process.
    Stopped,
    /// QEMU runs and holds the guest.
    Paused,
    /// QEMU runs the guest.
    Running,
    /// Nobody could see whether there is a process.
    Unknown,
}

/// Why a process that names a machine's files may not speak for the machine: nothing of its command
/// line is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProcessDoubt {
    /// It is neither of the machine's owner nor of root.
    OfAnotherUser,
    /// Its program can be changed by another user.
    ProgramOfAnotherUser,
    /// It is root's, and only root sees its program.
    ProgramUnseen,
}

impl ProcessDoubt {
    /// All of them with their words for machines.
    pub const WORDS: [(Self, &str); 3] = [
        (Self::OfAnotherUser, "process-of-another-user"),
        (Self::ProgramOfAnotherUser, "program-of-another-user"),
        (Self::ProgramUnseen, "program-unseen"),
    ];
}

impl std::fmt::Display for ProcessDoubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OfAnotherUser => "process of another user",
            Self::ProgramOfAnotherUser => "a program that another user can change",
            Self::ProgramUnseen => "a process of root, whose program only root sees",
        })
    }
}

/// How a process ended that left its pid file. QEMU removes the file when it shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The computer went down with it.
    WithComputer,
    /// It crashed or was killed.
    ByItself,
}

/// QEMU's answer to `query-status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QmpStatus {
    /// The guest's processors run.
    pub running: bool,
    /// The state in QEMU's words: `running`, `paused`, `prelaunch`, `io-error`, …
    pub state: String,
}

impl QmpStatus {
    /// The state of the machine's process.
    pub fn power(&self) -> Power {
        if self.running { Power::Running } else { Power::Paused }
    }
}
