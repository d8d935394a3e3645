//! Guests: their plans, and what tests can do to running ones.

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

/// The kind of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestKind {
    /// A Linux in QEMU, which boots in seconds.
    Machine,
    /// A namespace with a real DHCP client, beside a QEMU process without a machine; ready at once.
    Namespace,
    /// A QEMU process without a machine, whose network the test makes.
    Process,
    /// A namespace connected through its QEMU process, so that it has a port on the host like a VM. The
    /// test starts its DHCP client.
    Wired,
}

/// The plan of a guest.
#[derive(Clone, Debug)]
pub struct GuestPlan {
    /// The name, which determines the MAC.
    pub name: String,
    /// Its kind.
    pub kind: GuestKind,
    /// Whether it asks for an address.
    pub dhcp: bool,
    /// Whether it serves SSH's banner on port 22.
    pub ssh: bool,
    /// The MAC of the original, if it is a copy.
    pub copied_mac: Option<Mac>,
    /// The DHCP client identifier in hexadecimal. `None`: its MAC.
    pub client_id: Option<&'static str>,
    /// For [`GuestKind::Machine`]: whether it has Docker's bridge and QEMU's guest agent.
    pub containers: bool,
    /// For [`GuestKind::Machine`]: words of the kernel's command line that make its init break
    /// something.
    pub kernel_words: &'static str,
}

impl GuestPlan {
    /// A healthy guest, which asks for an address and serves SSH.
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

    /// The same guest without a DHCP client.
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

/// A running guest, which ends on drop.
#[derive(Debug)]
pub struct Guest {
    pub(crate) plan: GuestPlan,
    pub(crate) files: MachineFiles,
    pub(crate) qemu: Process,
    /// When its QEMU began to serve.
    pub(crate) started: Instant,
    /// For [`GuestKind::Namespace`]: its programs, then the namespace, in the order of their end.
    pub(crate) programs: Vec<Process>,
    /// For [`GuestKind::Namespace`]: its DHCP client.
    pub(crate) client: Option<Process>,
    pub(crate) namespace: Option<Namespace>,
}

impl Guest {
    /// A guest with nothing but QEMU.
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

    /// Its namespace, if it has one.
    pub fn namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref()
    }

    /// The process id of its QEMU.
    pub fn process_id(&self) -> u32 {
        self.qemu.id()
    }

    /// The text of its console.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn console(&self) -> Result<String, LabError> {
        let path = self.console_file();
        let bytes = fs::read(&path).map_err(file_error("read", path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until its console contains this text.
    ///
    /// # Errors
    /// That does not happen within [`PATIENCE`].
    pub fn wait_for_console(&self, text: &str) -> Result<(), LabError> {
        let what = format!("{} writing `{text}` to its console", self.plan.name);
        wait_until(PATIENCE, &what, || Ok(self.console()?.contains(text)))
    }

    /// Its console log.
    pub fn console_file(&self) -> PathBuf {
        self.files.console()
    }

    /// Whether its console reports a lease of this address.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn says_it_has(&self, address: Ipv4Addr) -> Result<bool, LabError> {
        Ok(self.console()?.contains(&format!("lease of {address} obtained")))
    }

    /// Waits until its guest agent has opened its channel.
    ///
    /// # Errors
    /// That does not happen within [`PATIENCE`].
    pub fn wait_for_agent(&self) -> Result<(), LabError> {
        wait_until(PATIENCE, &format!("the guest agent of {}", self.plan.name), || {
            let channels = qmp::execute(&self.files.named("qmp"), "query-chardev")?;
            let mut channels = channels.as_array().into_iter().flatten();
            Ok(channels.any(|it| it["label"] == "ga" && it["frontend-open"] == true))
        })
    }

    /// Ends the DHCP client of a [`GuestKind::Namespace`]. The address stays.
    pub fn end_dhcp(&mut self) {
        self.client = None;
    }

    /// Makes the DHCP client of a [`GuestKind::Namespace`] renew its lease at once.
    ///
    /// # Errors
    /// It has no running client.
    pub fn renew_lease(&self) -> Result<(), LabError> {
        let pid = self.client.as_ref().and_then(|client| i32::try_from(client.id()).ok());
        let signalled = pid.and_then(Pid::from_raw).map(|pid| kill_process(pid, Signal::USR1));
        match signalled {
            Some(Ok(())) => Ok(()),
            _ => Err(LabError::Missing("a running DHCP client to renew a lease".to_owned())),
        }
    }

    /// Waits until its process is this old, since the silence of a booting VM means nothing.
    ///
    /// # Errors
    /// That takes much longer.
    pub fn wait_for_age(&self, age: Duration) -> Result<(), LabError> {
        let what = format!("{} running for {age:?}", self.plan.name);
        wait_until(age + PATIENCE, &what, || Ok(self.started.elapsed() >= age))
    }

    /// Stops its processor: QEMU's state becomes `paused`.
    ///
    /// # Errors
    /// QEMU refuses.
    pub fn pause(&self) -> Result<(), LabError> {
        qmp::execute(&self.files.named("qmp"), "stop").map(drop)
    }

    /// Plugs or unplugs its cable.
    ///
    /// # Errors
    /// QEMU refuses.
    pub fn set_link(&self, up: bool) -> Result<(), LabError> {
        let arguments = serde_json::json!({ "name": "n0", "up": up });
        qmp::execute_with(&self.files.named("qmp"), "set_link", &arguments).map(drop)
    }

    /// Presses its reset button.
    ///
    /// # Errors
    /// QEMU refuses.
    pub fn reset(&self) -> Result<(), LabError> {
        qmp::execute(&self.files.named("qmp"), "system_reset").map(drop)
    }

    /// Ends it like `vm stop`; QEMU removes its pid file and socket.
    ///
    /// # Errors
    /// QEMU does not end.
    pub fn stop(&mut self) -> Result<(), LabError> {
        self.client = None;
        self.programs.clear();
        // QEMU may end before it answers; the wait checks.
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
    fn derives_the_mac_from_the_name() {
        // printf web | sha256sum
        let plan = GuestPlan::new("web", GuestKind::Namespace);
        assert_eq!(plan.mac().to_string(), "52:54:00:4b:5e:57");
    }
}
