//! Guests: what a test asks for, and what it can do to one that runs.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};
use vmkit_types::Mac;

use crate::{
    LabError, Namespace, Process, data_directory::MachineFiles, error::file_error, qmp, wait_until,
};

/// A guest boots and has its lease in 6 s under emulation; the rest is for a busy computer.
pub(crate) const BOOT_DEADLINE: Duration = Duration::from_mins(1);
/// A guest ends at once when QEMU is told to; more on a busy computer.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// What a guest is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestKind {
    /// A Linux of its own in QEMU, up in some seconds.
    Machine,
    /// A namespace with a real DHCP client beside a QEMU process without a machine; up at once.
    Namespace,
    /// A QEMU process without a machine, whose network is made by whoever asks for it: a crowd.
    Process,
}

/// A guest to be.
#[derive(Clone, Debug)]
pub struct GuestPlan {
    /// Its name, from which its MAC follows.
    pub name: String,
    /// What it is made of.
    pub kind: GuestKind,
    /// Whether it asks for an address.
    pub dhcp: bool,
    /// Whether it serves SSH's banner on port 22.
    pub ssh: bool,
}

impl GuestPlan {
    /// A healthy guest: asks for an address and serves SSH.
    pub fn new(name: &str, kind: GuestKind) -> Self {
        Self { name: name.to_owned(), kind, dhcp: true, ssh: true }
    }

    /// The same guest with nothing on port 22.
    #[must_use]
    pub fn without_ssh(self) -> Self {
        Self { ssh: false, ..self }
    }

    /// Its MAC, by vm-toolkit's rule: `52:54:00` and three octets of the name's SHA-256.
    pub fn mac(&self) -> Mac {
        let [a, b, c, ..] = <[u8; 32]>::from(Sha256::digest(&self.name));
        Mac::new([0x52, 0x54, 0x00, a, b, c])
    }
}

/// A guest that runs; it ends when dropped.
#[derive(Debug)]
pub struct Guest {
    pub(crate) plan: GuestPlan,
    pub(crate) files: MachineFiles,
    pub(crate) qemu: Process,
    /// Of a [`GuestKind::Namespace`]: what runs in it, then itself, in the order of their end.
    pub(crate) programs: Vec<Process>,
    pub(crate) namespace: Option<Namespace>,
}

impl Guest {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// Its Ethernet address.
    pub fn mac(&self) -> Mac {
        self.plan.mac()
    }

    /// Its folder in the data directory.
    pub fn folder(&self) -> &Path {
        &self.files.folder
    }

    /// The pid file that its QEMU wrote.
    pub fn pid_file(&self) -> PathBuf {
        self.files.named("pid")
    }

    /// Its network, where it is one of this machine's namespaces.
    pub fn namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref()
    }

    /// The process id of its QEMU.
    pub fn process_id(&self) -> u32 {
        self.qemu.id()
    }

    /// What it has written to its console.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn console(&self) -> Result<String, LabError> {
        let path = self.console_file();
        let bytes = fs::read(&path).map_err(file_error("read", path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until its console holds this text.
    ///
    /// # Errors
    /// When that does not happen in a minute.
    pub fn wait_for_console(&self, text: &str) -> Result<(), LabError> {
        let what = format!("{} writing `{text}` to its console", self.plan.name);
        wait_until(BOOT_DEADLINE, &what, || Ok(self.console()?.contains(text)))
    }

    /// Its console log.
    pub fn console_file(&self) -> PathBuf {
        self.files.console()
    }

    /// Whether its console says that it got this address.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn says_it_has(&self, address: Ipv4Addr) -> Result<bool, LabError> {
        Ok(self.console()?.contains(&format!("lease of {address} obtained")))
    }

    /// Stops its processor: QEMU's state becomes `paused`.
    ///
    /// # Errors
    /// When QEMU does not do it.
    pub fn pause(&self) -> Result<(), LabError> {
        qmp::execute(&self.files.named("qmp"), "stop").map(drop)
    }

    /// Presses its reset button.
    ///
    /// # Errors
    /// When QEMU does not do it.
    pub fn reset(&self) -> Result<(), LabError> {
        qmp::execute(&self.files.named("qmp"), "system_reset").map(drop)
    }

    /// Ends it as `vm stop` does; QEMU removes its pid file and socket.
    ///
    /// # Errors
    /// When QEMU does not end.
    pub fn stop(&mut self) -> Result<(), LabError> {
        self.programs.clear();
        // QEMU may end before the answer is sent; the wait tells whether it did.
        drop(qmp::execute(&self.files.named("qmp"), "quit"));
        wait_until(STOP_DEADLINE, &format!("the end of {}", self.plan.name), || {
            self.qemu.is_running().map(|running| !running)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{GuestKind, GuestPlan};

    #[test]
    fn the_mac_follows_from_the_name() {
        // printf web | sha256sum
        let plan = GuestPlan::new("web", GuestKind::Namespace);
        assert_eq!(plan.mac().to_string(), "52:54:00:4b:5e:57");
    }
}
