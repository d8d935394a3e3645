//! A machine as its files describe it.

use std::path::PathBuf;

use vmkit_model::NetworkChoice;
use vmkit_types::Mac;

/// All of a machine's files that it is started with, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMachine {
    /// Its name.
    pub name: String,
    /// Its directory, absolute.
    pub directory: PathBuf,
    /// Its disk, absolute.
    pub disk: PathBuf,
    /// The format of its disk.
    pub disk_format: DiskFormat,
    /// The `NoCloud` seed, if it has one.
    pub seed: Option<PathBuf>,
    /// The MAC of its card.
    pub mac: Mac,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Virtual processors.
    pub vcpus: u32,
    /// Its processor's architecture in QEMU's word: `x86_64` or `aarch64`.
    pub architecture: String,
    /// The network that it was last started on, or created for.
    pub network: Option<NetworkChoice>,
}

/// The format of a disk image. It is never guessed at start: a guest could change what a raw disk looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiskFormat {
    /// QEMU's own.
    Qcow2,
    /// The octets of the disk.
    Raw,
}

impl DiskFormat {
    /// QEMU's word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
        }
    }

    /// The format of QEMU's word, if it is one of these.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::Qcow2, Self::Raw].into_iter().find(|format| format.code() == code)
    }
}
