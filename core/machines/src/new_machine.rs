//! What a new machine is made of.

use std::path::PathBuf;

use vmkit_model::NetworkChoice;
use vmkit_types::Mac;

use crate::{guest::UserName, size::Size, ssh_key::PublicKey};

/// A machine that is to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMachine {
    /// Its name, which its guest gets too.
    pub name: String,
    /// The image of a disk with an operating system, `qcow2` or raw.
    pub image: PathBuf,
    /// The size of its disk; `None`: that of the image.
    pub disk_size: Option<Size>,
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Virtual processors.
    pub vcpus: u32,
    /// The user that cloud-init makes; `None`: named after the image's distribution.
    pub username: Option<UserName>,
    /// Public keys that the user can log in with.
    pub ssh_keys: Vec<PublicKey>,
    /// The MAC of its card; `None`: the one that is derived from the name, or another one if that is taken.
    pub mac: Option<Mac>,
    /// The network that it is to be started on.
    pub network: Option<NetworkChoice>,
}
