//! What a QEMU is started with.

use std::path::PathBuf;

use vmkit_types::Mac;

/// Starts a program as root, once it has asked its user.
const SUDO: &str = "/usr/bin/sudo";

/// What a QEMU is started with. All values are validated; `arguments` only writes them down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The machine's name.
    pub name: String,
    /// The machine's directory, absolute. It receives `NAME.pid`, the sockets `NAME.qmp`, `NAME.agent` and
    /// `NAME.console`, `console.log` and `qemu.log`.
    pub directory: PathBuf,
    /// The processor's architecture.
    pub architecture: Architecture,
    /// What runs the guest's processor.
    pub acceleration: Acceleration,
    /// The firmware, absolute; `None`: QEMU's own, which `x86_64` has and `aarch64` has not.
    pub firmware: Option<PathBuf>,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Virtual processors.
    pub vcpus: u32,
    /// Its disk.
    pub disk: DiskFile,
    /// The `NoCloud` seed, read only.
    pub seed: Option<PathBuf>,
    /// The MAC of its card.
    pub mac: Mac,
    /// What its card is plugged into.
    pub cable: Cable,
    /// As whom QEMU runs.
    pub rights: Rights,
    /// Whether QEMU gives up the system calls that a machine does not need, as its builds for Linux can.
    pub sandbox: bool,
}

/// The architecture of a machine's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// 64-bit PCs.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
}

impl Architecture {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Aarch64];

    /// This computer's, if QEMU's machines of it are known here.
    pub fn of_this_computer() -> Option<Self> {
        Self::from_word(std::env::consts::ARCH)
    }

    /// The architecture of this word: QEMU's, or another system's (`amd64`, `arm64`).
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "x86_64" | "amd64" => Some(Self::X86_64),
            "aarch64" | "arm64" => Some(Self::Aarch64),
            _ => None,
        }
    }

    /// QEMU's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }
}

/// A disk image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFile {
    /// Where it is, absolute.
    pub path: PathBuf,
    /// QEMU's word for its format: `qcow2` or `raw`.
    pub format: &'static str,
}

/// What runs the guest's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acceleration {
    /// Apple's Hypervisor.framework.
    Hvf,
    /// Linux's KVM.
    Kvm,
    /// QEMU's own translation, which is slow.
    Tcg,
}

impl Acceleration {
    /// QEMU's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hvf => "hvf",
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

/// What a card is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cable {
    /// A tap or macvtap that QEMU inherits as this descriptor, and that vanishes with QEMU or is removed after it.
    Tap {
        /// The descriptor's number in QEMU.
        descriptor: i32,
    },
    /// macOS: on the LAN of this interface.
    VmnetBridged {
        /// The interface.
        interface: String,
    },
    /// macOS: on the network that the system shares.
    VmnetShared,
}

impl Cable {
    /// Whether only root may plug it in by QEMU itself: macOS gives vmnet to root alone.
    pub const fn needs_root(&self) -> bool {
        match self {
            Self::VmnetBridged { .. } | Self::VmnetShared => true,
            Self::Tap { .. } => false,
        }
    }
}

/// As whom QEMU runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// As the user who starts it.
    User,
    /// As root until its card is plugged in, and then, before the guest runs, as the user.
    RootUntilRunning(Root),
}

/// How a QEMU gets root's rights, and who it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The program that starts another one as root.
    pub sudo: PathBuf,
    /// The user whom QEMU becomes.
    pub user: u32,
    /// Their group.
    pub group: u32,
}

impl Rights {
    /// The rights that a card on this cable takes, for this user.
    pub fn for_cable(cable: &Cable) -> Self {
        let user = rustix::process::geteuid();
        if user.is_root() || !cable.needs_root() {
            return Self::User;
        }
        let group = rustix::process::getegid().as_raw();
        Self::RootUntilRunning(Root { sudo: SUDO.into(), user: user.as_raw(), group })
    }
}
