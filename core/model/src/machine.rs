//! A machine, as its directory, its registry and its process tell of it.

use std::{path::PathBuf, time::SystemTime};

use vmkit_types::{KnownKey, Mac, NetworkMode, Reading};

use crate::MachineId;

/// One virtual machine of the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name, of the form that [`valid_name`](crate::valid_name) allows.
    pub name: String,
    /// Whose format it was read from: `vm-toolkit`.
    pub manager: &'static str,
    /// Where its files are.
    pub directory: PathBuf,
    /// The host name its guest is meant to have.
    pub hostname: Reading<String>,
    /// The user that its guest is meant to have.
    pub username: Reading<String>,
    /// The MAC of its first network card, from the best source that has one.
    pub mac: Reading<Mac>,
    /// Where [`mac`](Self::mac) comes from.
    pub mac_source: Option<MacSource>,
    /// What NAME.mac says, or else the registry, whatever the process was started with.
    pub recorded_mac: Reading<Mac>,
    /// What its manager calls this installation of it: made anew under its name, it has another.
    pub instance: Reading<String>,
    /// SSH host keys that it is known by. An inventory knows none; a snapshot may.
    pub known_host_keys: Vec<KnownKey>,
    /// What its process does.
    pub power: Power,
    /// How its last process ended, where it has none. Absent: it was shut down or never started.
    pub end: Reading<End>,
    /// Its process, where that is proven to be this machine's.
    pub pid: Option<u32>,
    /// When that process started.
    pub started_at: Option<SystemTime>,
    /// What QEMU itself says.
    pub qmp: Reading<QmpStatus>,
    /// The socket of QEMU's monitor, where its process is proven to be this machine's.
    pub monitor: Option<PathBuf>,
    /// Whether QEMU holds its first card's link up. A monitor does not tell; a snapshot may.
    pub link_up: Reading<bool>,
    /// How its first network card is connected. Only a running process tells.
    pub net: Reading<Net>,
    /// What lies at the place of its console log; whether that is a file is for the reader to see. A
    /// log of an earlier run, which a foreground start leaves there, is left out.
    pub console_log: Option<PathBuf>,
    /// The socket of the channel to its guest agent, where its process was started with one.
    pub guest_agent: Option<PathBuf>,
    /// Memory in MiB.
    pub memory_mb: Reading<u64>,
    /// Virtual processors.
    pub vcpus: Reading<u32>,
    /// Size of its disk as it was asked for, such as `60G`.
    pub disk_size: Reading<String>,
    /// The release its image was made from.
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

/// What the process of a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// Registered, but its directory is not there.
    Missing,
    /// No process.
    Stopped,
    /// A process, whose guest QEMU keeps from running.
    Paused,
    /// A process.
    Running,
    /// Whether there is a process cannot be seen.
    Unknown,
}

/// How a process ended that has left its pid file, which QEMU removes when it is shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The computer went down with it.
    WithComputer,
    /// It crashed or was killed.
    ByItself,
}

/// Where a MAC comes from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacSource {
    /// The command line of its running process.
    CommandLine,
    /// NAME.mac in its directory.
    MacFile,
    /// The registry.
    Registry,
    /// Made from its name, as the toolkit does for a new machine.
    DerivedFromName,
}

/// How a network card is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    /// The mode, in the guide's words.
    pub mode: NetworkMode,
    /// The host's interface or bridge that it is on, where that is known.
    pub interface: Option<String>,
    /// The host's end of its cable, such as `tap0`, where it has a name.
    pub port: Option<String>,
    /// What QEMU calls the host's end, where it was told a name.
    pub netdev: Option<String>,
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
