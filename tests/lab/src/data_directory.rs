//! The host's vm-toolkit data directory, in the toolkit's format.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};
use vmkit_types::Mac;

use crate::{LabError, error::file_error};

/// The creation time in the registry, fixed so that no test depends on the clock.
const CREATED: &str = "2026-01-02T03:04:05Z";

/// The data directory and what it registers.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    machines: Map<String, Value>,
}

/// The files of one machine.
#[derive(Clone, Debug)]
pub(crate) struct MachineFiles {
    pub(crate) folder: PathBuf,
    name: String,
}

impl MachineFiles {
    /// `NAME.pid`, `NAME.qmp`, `NAME.mac` or `NAME.qcow2`.
    pub(crate) fn named(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    /// The log of the guest's serial port.
    pub(crate) fn console(&self) -> PathBuf {
        self.folder.join("console.log")
    }

    /// Makes the VM's directory like `vm create`: a disk, the MAC and cloud-init's data.
    pub(crate) fn create(&self, mac: Mac) -> Result<(), LabError> {
        let cloud_init = self.folder.join("cloud-init");
        fs::create_dir_all(&cloud_init).map_err(file_error("make", &cloud_init))?;
        let name = &self.name;
        let texts = [
            (self.named("mac"), format!("{mac}\n")),
            (cloud_init.join("instance-id"), format!("iid-{name}-1\n")),
            (
                cloud_init.join("meta-data"),
                format!("instance-id: iid-{name}-1\nlocal-hostname: {name}\n"),
            ),
            (
                cloud_init.join("user-data"),
                format!("#cloud-config\nhostname: {name}\nusers:\n  - name: lab\n"),
            ),
        ];
        for (path, text) in texts {
            fs::write(&path, text).map_err(file_error("write", &path))?;
        }
        Ok(())
    }
}

impl DataDirectory {
    /// An empty data directory with an empty registry.
    pub(crate) fn new(path: PathBuf) -> Result<Self, LabError> {
        let machines = path.join("vms");
        fs::create_dir_all(&machines).map_err(file_error("make", machines))?;
        let directory = Self { path, machines: Map::new() };
        directory.write_registry()?;
        Ok(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Registers a VM that has no directory yet.
    pub(crate) fn register(&mut self, name: &str, mac: Mac) -> Result<MachineFiles, LabError> {
        let folder = self.path.join("vms").join(name);
        let entry = json!({
            "name": name, "directory": folder, "hostname": name, "username": "lab",
            "disk_size": "1M", "memory_mb": 256, "vcpus": 1, "os_version": "debian-bookworm",
            "architecture": "x86_64", "mac_address": mac.to_string(),
            "instance_id": format!("iid-{name}-1"), "created": CREATED, "updated": CREATED,
        });
        self.machines.insert(name.to_owned(), entry);
        self.write_registry()?;
        Ok(MachineFiles { folder, name: name.to_owned() })
    }

    /// Sets the user in a registered VM.
    pub(crate) fn set_user(&mut self, name: &str, user: &str) -> Result<(), LabError> {
        if let Some(entry) = self.machines.get_mut(name) {
            entry["username"] = user.into();
        }
        self.write_registry()
    }

    fn write_registry(&self) -> Result<(), LabError> {
        let registry = json!({
            "vms": self.machines, "version": "1.0", "created": CREATED, "updated": CREATED,
        });
        let path = self.path.join(".vm-registry.json");
        fs::write(&path, format!("{registry:#}\n")).map_err(file_error("write", path))
    }
}
