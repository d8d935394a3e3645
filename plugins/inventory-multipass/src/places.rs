//! Where Multipass keeps things.

/// The folders of a daemon.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The daemon's data.
    pub data: &'static str,
    /// The data of its backend, which is QEMU.
    pub backend: &'static str,
    /// The bridge of its own network, where it has one.
    pub bridge: Option<&'static str>,
}

/// On Linux, as the snap.
pub const LINUX: Places = Places {
    data: "/var/snap/multipass/common/data/multipassd",
    backend: "/var/snap/multipass/common/data/multipassd",
    bridge: Some("mpqemubr0"),
};

/// On macOS, whose own networks have bridges that start with the first machine.
pub const MACOS: Places = Places {
    data: "/var/root/Library/Application Support/multipassd",
    backend: "/var/root/Library/Application Support/multipassd/qemu",
    bridge: None,
};

impl Places {
    /// The file of all instances.
    pub fn instances(&self) -> String {
        format!("{}/multipassd-vm-instances.json", self.backend)
    }

    /// The file that names their images.
    pub fn images(&self) -> String {
        format!("{}/vault/multipassd-instance-image-records.json", self.backend)
    }

    /// The folder of all instances' files.
    pub(crate) fn vault(&self) -> String {
        format!("{}/vault/instances/", self.backend)
    }

    /// The key for SSH to all instances.
    pub(crate) fn key(&self) -> String {
        format!("{}/ssh-keys/id_rsa", self.data)
    }
}
