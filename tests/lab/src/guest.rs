//! Guests: what a test asks for, and what it can do to one that runs.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest, Sha256};
use vmkit_types::Mac;

use crate::{
    LabError, Namespace, PATIENCE, Process, data_directory::MachineFiles, error::file_error, qmp,
    wait_until,
};

/// What a guest is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestKind {
    /// A Linux of its own in QEMU, up in some seconds.
    Machine,
    /// A namespace with a real DHCP client beside a QEMU process without a machine; up at once.
    Namespace,
    /// A QEMU process without a machine, whose network is made by whoever asks for it: a crowd.
    Process,
    /// A namespace whose card is at the end of its QEMU process's cable, so that it has a port on
    /// the host as a machine has; its DHCP client is for others to start.
    Wired,
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
    /// Its MAC, where it is not the one that follows from its name: a copy has the original's.
    pub copied_mac: Option<Mac>,
    /// What it calls itself when it asks for an address, in hexadecimal; `None`: by its MAC.
    pub client_id: Option<&'static str>,
    /// Of a [`GuestKind::Machine`]: whether it has Docker's bridge and runs QEMU's guest agent.
    pub containers: bool,
    /// Of a [`GuestKind::Machine`]: further words of the kernel's command line, by which its first
    /// program knows what is to be out of order.
    pub kernel_words: &'static str,
}

impl GuestPlan {
    /// A healthy guest: asks for an address and serves SSH.
    pub fn new(name: &str, kind: GuestKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            dhcp: true,
            ssh: true,
            copied_mac: None,
            client_id: None,
            containers: false,
            kernel_words: "",
        }
    }

    /// The same guest with nothing on port 22.
    #[must_use]
    pub fn without_ssh(self) -> Self {
        Self { ssh: false, ..self }
    }

    /// The same guest, whose network is for others to make.
    #[must_use]
    pub fn without_dhcp(self) -> Self {
        Self { dhcp: false, ..self }
    }

    /// The same guest with this MAC.
    #[must_use]
    pub fn with_mac(self, mac: Mac) -> Self {
        Self { copied_mac: Some(mac), ..self }
    }

    /// The same guest with this DHCP client identifier, in hexadecimal.
    #[must_use]
    pub fn with_client_id(self, client_id: &'static str) -> Self {
        Self { client_id: Some(client_id), ..self }
    }

    /// The same guest with Docker's bridge and QEMU's guest agent in it.
    #[must_use]
    pub fn with_containers(self) -> Self {
        Self { containers: true, ..self }
    }

    /// The same guest with these words on its kernel's command line.
    #[must_use]
    pub fn with_kernel_words(self, kernel_words: &'static str) -> Self {
        Self { kernel_words, ..self }
    }

    /// Its MAC, by vm-toolkit's rule: `52:54:00` and three octets of the name's SHA-256.
    pub fn mac(&self) -> Mac {
        if let Some(mac) = self.copied_mac {
            return mac;
        }
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
    /// When its QEMU served.
    pub(crate) started: Instant,
    /// Of a [`GuestKind::Namespace`]: what runs in it, then itself, in the order of their end.
    pub(crate) programs: Vec<Process>,
    /// Of a [`GuestKind::Namespace`]: its DHCP client.
    pub(crate) client: Option<Process>,
    pub(crate) namespace: Option<Namespace>,
}

impl Guest {
    /// A guest of which the lab runs nothing but QEMU.
    pub(crate) fn bare(plan: &GuestPlan, files: MachineFiles, qemu: Process) -> Self {
        let (programs, client, namespace) = (Vec::new(), None, None);
        let started = Instant::now();
        Self { plan: plan.clone(), files, qemu, started, programs, client, namespace }
    }

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
    /// When that does not happen in [`PATIENCE`].
    pub fn wait_for_console(&self, text: &str) -> Result<(), LabError> {
        let what = format!("{} writing `{text}` to its console", self.plan.name);
        wait_until(PATIENCE, &what, || Ok(self.console()?.contains(text)))
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

    /// Ends its DHCP client, if it is a [`GuestKind::Namespace`]; its address stays as it is.
    pub fn end_dhcp(&mut self) {
        self.client = None;
    }

    /// Makes the DHCP client of a [`GuestKind::Namespace`] ask for its lease again, at once.
    ///
    /// # Errors
    /// When it has none, or none that runs.
    pub fn renew_lease(&self) -> Result<(), LabError> {
        let pid = self.client.as_ref().and_then(|client| i32::try_from(client.id()).ok());
        let told = pid.and_then(Pid::from_raw).map(|pid| kill_process(pid, Signal::USR1));
        match told {
            Some(Ok(())) => Ok(()),
            _ => Err(LabError::Missing("a running DHCP client to renew a lease".to_owned())),
        }
    }

    /// Waits until its process has run for so long: silence of a machine that may still be booting
    /// says nothing.
    ///
    /// # Errors
    /// When that takes much longer.
    pub fn wait_for_age(&self, age: Duration) -> Result<(), LabError> {
        let what = format!("{} running for {age:?}", self.plan.name);
        wait_until(age + PATIENCE, &what, || Ok(self.started.elapsed() >= age))
    }

    /// Stops its processor: QEMU's state becomes `paused`.
    ///
    /// # Errors
    /// When QEMU does not do it.
    pub fn pause(&self) -> Result<(), LabError> {
        qmp::execute(&self.files.named("qmp"), "stop").map(drop)
    }

    /// Plugs its cable in, or pulls it.
    ///
    /// # Errors
    /// When QEMU does not do it.
    pub fn set_link(&self, up: bool) -> Result<(), LabError> {
        let arguments = serde_json::json!({ "name": "n0", "up": up });
        qmp::execute_with(&self.files.named("qmp"), "set_link", &arguments).map(drop)
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
        self.client = None;
        self.programs.clear();
        // QEMU may end before the answer is sent; the wait tells whether it did.
        drop(qmp::execute(&self.files.named("qmp"), "quit"));
        wait_until(PATIENCE, &format!("the end of {}", self.plan.name), || {
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
