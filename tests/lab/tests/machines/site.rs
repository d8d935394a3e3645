//! A lab whose machines are those of `vm`.

use std::{net::Ipv4Addr, path::PathBuf};

use serde_json::Value;
use vmkit_lab::{
    Finished, Image, Lab, LabError, Login, PATIENCE, finish, or_skip, run, wait_until,
};
use vmkit_types::Mac;

/// How long `vm start` may wait, in seconds: a guest boots under emulation beside other tests.
pub(crate) const WAIT: &str = "180";

/// A lab and what a person needs in it.
pub(crate) struct Site {
    pub(crate) lab: Lab,
    pub(crate) login: Login,
    image: PathBuf,
    memory: &'static str,
}

impl Site {
    /// With machines of this image, which have this much memory.
    pub(crate) fn new(test: &str, image: Image, memory: &'static str) -> Option<Self> {
        let mut lab = or_skip(Lab::new(test))?;
        // Before the right to emulate: a Debian takes minutes to make.
        let image = or_skip(image.path())?;
        lab.expect_emulation().expect("a turn");
        let login = Login::new(&lab).expect("a key");
        Some(Self { lab, login, image, memory })
    }

    /// `vm` to its end.
    pub(crate) fn vm(&self, arguments: &[&str]) -> Finished {
        let mut command = self.lab.vm_command(arguments);
        finish(command.env("PATH", self.login.path())).expect("an end")
    }

    /// `vm`, which succeeds.
    #[track_caller]
    pub(crate) fn well(&self, arguments: &[&str]) -> Finished {
        let finished = self.vm(arguments);
        assert_eq!(finished.status.code(), Some(0), "{finished:#?}");
        finished
    }

    /// Makes a machine.
    #[track_caller]
    pub(crate) fn create(&self, name: &str) {
        let (image, key) = (self.image.display(), self.login.public_key());
        let (image, key) = (image.to_string(), key.display().to_string());
        let about = ["--image", &image, "--ssh-key", &key, "--user", "lab"];
        let size = ["--memory", self.memory, "--cpus", "1"];
        self.well(&[&["create", name], &about[..], &size].concat());
    }

    /// Starts machines on the router's network, and waits until each has an address.
    #[track_caller]
    pub(crate) fn start_bridged(&self, names: &[&str]) -> Finished {
        let options = ["--net", "bridged", "--bridge", "br0", "--yes", "--wait", WAIT];
        self.well(&[&["start"], names, &options].concat())
    }

    /// What the guest prints for this command, by SSH.
    #[track_caller]
    pub(crate) fn ssh(&self, name: &str, command: &str) -> String {
        self.well(&["ssh", name, "--", command]).stdout
    }

    /// The machine's entry in `vm status --json`.
    pub(crate) fn status(&self, name: &str) -> Value {
        self.lab.status(name).expect("a status")
    }

    /// Its address.
    #[track_caller]
    pub(crate) fn address(&self, name: &str) -> Ipv4Addr {
        let status = self.status(name);
        let address = status["ip"].as_str().and_then(|address| address.parse().ok());
        address.unwrap_or_else(|| panic!("no address: {status:#}"))
    }

    /// Its MAC.
    #[track_caller]
    pub(crate) fn mac(&self, name: &str) -> Mac {
        let status = self.status(name);
        let mac = status["mac"].as_str().and_then(|mac| mac.parse().ok());
        mac.unwrap_or_else(|| panic!("no MAC: {status:#}"))
    }

    /// The process of its QEMU.
    #[track_caller]
    pub(crate) fn process(&self, name: &str) -> u32 {
        let pid = self.folder(name).join(format!("{name}.pid"));
        let text = std::fs::read_to_string(&pid).expect("a pid file");
        text.trim().parse().expect("a number")
    }

    /// Its directory.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.lab.data_dir().join("vms").join(name)
    }

    /// What its console says.
    pub(crate) fn console(&self, name: &str) -> String {
        let console = std::fs::read(self.folder(name).join("console.log")).unwrap_or_default();
        String::from_utf8_lossy(&console).into_owned()
    }

    /// The ports of machines on the host.
    pub(crate) fn ports(&self) -> Vec<String> {
        let shown = self.lab.host().ip("-o link show type tun").expect("the ports");
        let names = shown.lines().filter_map(|line| line.split(": ").nth(1));
        names.map(str::to_owned).collect()
    }

    /// Waits until nothing of machines is left on the host's network.
    pub(crate) fn wait_for_no_network(&self) {
        wait_until(PATIENCE, "the end of all ports and of the shared network", || {
            let links = self.lab.host().ip("-o link show")?;
            let tables = run(self.lab.host().command("nft").args(["list", "tables"]))?;
            Ok(!["vmtap", "vmkit"].iter().any(|of| links.contains(of)) && tables.is_empty())
        })
        .expect("an end");
    }
}

/// Waits until this holds.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    wait_until(PATIENCE, what, || Ok::<_, LabError>(condition())).expect("in time");
}
