//! Why a machine could not be made, changed or read.

use std::{io, path::PathBuf};

use vmkit_types::{Mac, escaped};

use crate::{guest::InvalidUserName, holder::Holder, image::ImageError, tools::ToolError};

/// Why a machine could not be made, changed or read. Nothing half-made is left.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// No machine can have this name.
    #[error("no VM can be called `{}`", escaped(.0))]
    InvalidName(String),
    /// A machine has this name.
    #[error("a VM called `{0}` exists already")]
    NameTaken(String),
    /// No machine is registered in a directory that a new one would have.
    #[error("{} exists already, and no VM is registered there", .0.display())]
    DirectoryTaken(PathBuf),
    /// No machine has this name.
    #[error("no VM is called `{0}`")]
    UnknownMachine(String),
    /// A machine is registered and its directory is gone.
    #[error("the directory of `{name}` is missing: {}", directory.display())]
    DirectoryMissing {
        /// The machine.
        name: String,
        /// Where it should be.
        directory: PathBuf,
    },
    /// No network card can have this MAC.
    #[error("{0} cannot be the MAC of a network card")]
    InvalidMac(Mac),
    /// Another machine has this MAC.
    #[error("{mac} is the MAC of `{machine}` already")]
    MacTaken {
        /// The MAC.
        mac: Mac,
        /// The machine that has it.
        machine: String,
    },
    /// A file or directory is another user's.
    #[error("cannot use {}: it belongs to user {owner}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is to be given back with it: the file, or the directory that it is in.
        tree: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        user: u32,
        /// The group of who asks.
        group: u32,
        /// Whether the tree is in a directory of who asks.
        is_in_own: bool,
    },
    /// Every user can write to a directory.
    #[error("everybody can write to {} (mode {mode:o})", path.display())]
    Open {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Another command works on it.
    #[error("{what} is in use: {holder}")]
    Busy {
        /// What is in use.
        what: String,
        /// Who uses it.
        holder: Holder,
    },
    /// The registry is not as the toolkit writes it, and stays as it is.
    #[error("the registry {} {why}", path.display())]
    InvalidRegistry {
        /// The registry.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// What is stored of a machine cannot be used.
    #[error("{}: {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The disk of a machine needs an image that is gone.
    #[error("the disk of `{machine}` is based on {}, which is missing", base.display())]
    BaseMissing {
        /// The machine.
        machine: String,
        /// The image.
        base: PathBuf,
    },
    /// The disk of another machine is based on a file of this one.
    #[error("the disk of `{user}` is based on a file of `{machine}`")]
    BaseInUse {
        /// The machine whose file it is.
        machine: String,
        /// The machine whose disk needs it.
        user: String,
    },
    /// The file is another machine's disk, or what that is based on.
    #[error("{} belongs to the disk of `{machine}`", disk.display())]
    DiskTaken {
        /// The file.
        disk: PathBuf,
        /// The machine.
        machine: String,
    },
    /// A guest may know its card by the MAC.
    #[error("the MAC that the guest of {} had is unknown", .0.display())]
    MacUnknown(PathBuf),
    /// The image cannot be used.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// No user can have the name.
    #[error(transparent)]
    User(#[from] InvalidUserName),
    /// QEMU's tool for disks failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The file system is full, or the user's part of it.
    #[error("no space is left to {operation} {}", path.display())]
    NoSpace {
        /// What was to be done.
        operation: &'static str,
        /// To what.
        path: PathBuf,
    },
    /// The system refuses something.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was to be done.
        operation: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl MachineError {
    /// The error of an operation on a file.
    pub(crate) fn file(
        operation: &'static str,
        path: impl Into<PathBuf>,
        source: io::Error,
    ) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoSpace { operation, path },
            _ => Self::File { operation, path, source },
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        let words = |words: &[&str]| {
            shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
        };
        match self {
            Self::InvalidName(_) => {
                Some("a name has 1 to 50 letters, digits, `-` and `_`".to_owned())
            }
            Self::NameTaken(name) => {
                Some(format!("choose another name, or remove that VM: vm destroy {name}"))
            }
            Self::DirectoryTaken(_) => Some("move it away, or choose another name".to_owned()),
            Self::UnknownMachine(_) => Some(
                "vm list shows the VMs that this command works on; vm status shows those of other \
                 managers as well"
                    .to_owned(),
            ),
            Self::DirectoryMissing { name, .. } => {
                Some(format!("put it back, or forget the VM: vm destroy {name}"))
            }
            Self::InvalidMac(_) => {
                Some("a MAC such as 52:54:00:12:34:56; the first octet is even".to_owned())
            }
            Self::MacUnknown(_) => {
                Some("name it, as its former manager shows it: --mac 52:54:00:12:34:56".to_owned())
            }
            Self::MacTaken { .. } => Some("choose another MAC, or none".to_owned()),
            // A path of the registry may lead to the system's files, which are rightly root's.
            Self::Foreign { tree, owner: 0, user, group, is_in_own: true, .. } => {
                let tree = tree.to_string_lossy();
                let own = words(&["sudo", "chown", "-R", &format!("{user}:{group}"), &tree]);
                Some(format!("an earlier run as root left it; to take it back: {own}"))
            }
            Self::Foreign { owner, user: 0, .. } => {
                Some(format!("run vm as that user: sudo -u '#{owner}' vm …"))
            }
            Self::Open { path, .. } => Some(words(&["chmod", "o-w", &path.to_string_lossy()])),
            Self::InvalidRegistry { .. } => Some(
                "it stays as it is; repair it, or move it away: VMs with a directory are found \
                 without it"
                    .to_owned(),
            ),
            Self::BaseMissing { .. } => {
                Some("put the image back; without it the disk cannot be read".to_owned())
            }
            Self::BaseInUse { user, .. } => {
                Some(format!("remove that VM first: vm destroy {user}"))
            }
            Self::Image(error) => error.hint(),
            Self::Tool(error) => error.hint().map(str::to_owned),
            Self::Foreign { is_in_own: false, .. } => {
                Some("name a data directory of your own: --data-dir DIR".to_owned())
            }
            Self::Foreign { .. }
            | Self::User(_)
            | Self::DiskTaken { .. }
            | Self::Busy { .. }
            | Self::Unusable { .. }
            | Self::NoSpace { .. }
            | Self::File { .. } => None,
        }
    }
}
