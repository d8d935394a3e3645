//! A virtual machine: what its files, its process and its monitor say.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use vmkit_types::{Forward, KnownKey, Reading, Remark, Unread};

use crate::{Cards, Devices, Endpoint, MachineId};

/// The manager whose machines need no plugin: those of the directory that vmkit itself reads.
pub const MANAGER: &str = "vm-toolkit";

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Unique in a look: its name in its manager, or `manager/name` where several machines have that
    /// name, and for every foreign machine.
    pub name: String,
    /// Its name in its manager.
    pub own_name: String,
    /// Its manager, such as `vm-toolkit`.
    pub manager: Arc<str>,
    /// Its process is another user's, who chose its name and all that its command line says: neither
    /// the invoker's, nor root's, nor that of a service of its manager. No address is looked for.
    pub foreign: bool,
    /// Where its files are, where its manager has a directory for each machine.
    pub directory: Option<PathBuf>,
    /// The host name that its files give to the guest.
    pub hostname: Reading<String>,
    /// The user that its files give to the guest.
    pub username: Reading<String>,
    /// Its network cards.
    pub cards: Cards,
    /// The manager's id of the machine. vm-toolkit gives another one to a machine that is made anew
    /// under the same name.
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
    /// What QEMU says about the guest's use of its devices. Only a diagnosis asks.
    pub devices: Reading<Devices>,
    /// The socket of QEMU's monitor, if its process is proven to be this machine's.
    pub monitor: Option<PathBuf>,
    /// The path of its console log, which may be anything but a file. `None`: there is none, or it
    /// is of an earlier run, as a foreground start leaves it.
    pub console_log: Option<PathBuf>,
    /// When its console log was last written to.
    pub console_written_at: Option<SystemTime>,
    /// The socket of the channel to its guest agent, if its process was started with one and QEMU does not
    /// say that nothing in the guest listens there.
    pub guest_agent: Option<PathBuf>,
    /// Ports of this computer that are forwarded to it.
    pub forwards: Reading<Vec<Forward>>,
    /// Where its SSH server is reached from this computer in place of its address.
    pub endpoints: Vec<Endpoint>,
    /// The private key that its manager made for SSH. Only ssh reads it.
    pub identity_file: Reading<PathBuf>,
    /// The addresses that its manager has written down for it, which may be old.
    pub manager_addresses: Reading<Vec<IpAddr>>,
    /// What its manager's files say is wrong with it.
    pub remarks: Reading<Vec<Remark>>,
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
    /// A machine about which only these are known.
    pub fn new(manager: Arc<str>, name: &str) -> Self {
        const fn unread<T>() -> Reading<T> {
            Reading::Unknown(Unread::NotTried)
        }
        Self {
            name: name.to_owned(),
            own_name: name.to_owned(),
            manager,
            foreign: false,
            directory: None,
            hostname: unread(),
            username: unread(),
            cards: Cards::default(),
            instance: unread(),
            known_host_keys: Vec::new(),
            power: Power::Unknown,
            end: unread(),
            pid: None,
            user: None,
            doubt: None,
            started_at: None,
            qmp: unread(),
            devices: unread(),
            monitor: None,
            console_log: None,
            console_written_at: None,
            guest_agent: None,
            forwards: unread(),
            endpoints: Vec::new(),
            identity_file: unread(),
            manager_addresses: unread(),
            remarks: unread(),
            memory_mb: unread(),
            vcpus: unread(),
            disk_size: unread(),
            os_version: unread(),
            architecture: unread(),
        }
    }

    /// The handle of the machine, the same in every look.
    pub fn id(&self) -> MachineId {
        MachineId::new(&self.name)
    }

    /// Where this computer reaches a TCP port of the guest, if its SSH server is reached at this endpoint.
    pub fn way_to(&self, port: u16, endpoint: SocketAddr) -> Option<SocketAddr> {
        Endpoint::to_port(port, endpoint, &self.forwards)
    }

    /// `manager/name`, which is always accepted in place of its name.
    pub fn qualified_name(&self) -> String {
        format!("{}/{}", self.manager, self.own_name)
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
    /// Sockets of channels whose end in the guest nobody has opened. Not recorded in snapshots.
    pub unopened: Vec<PathBuf>,
    /// QEMU's version, such as `8.2.2`, if its greeting or the snapshot says.
    pub version: Option<String>,
}

impl QmpStatus {
    /// The state of the machine's process.
    pub fn power(&self) -> Power {
        if self.running { Power::Running } else { Power::Paused }
    }
}
