//! A user without rights, with a home directory of their own.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use vmkit_cli_tests::{DataDirectory, Output, vm};

/// The user; the user database need not know them.
pub(crate) const ANN: u32 = 41001;

/// The user with a home, and the VMs of this computer.
pub(crate) struct Ann {
    pub(crate) vms: DataDirectory,
    root: tempfile::TempDir,
}

impl Ann {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new().prefix("vmkit-ann-").tempdir().expect("a directory");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("open it");
        let ann = Self { vms: DataDirectory::new(), root };
        fs::create_dir(ann.home()).expect("a home");
        chown(ann.home(), Some(ANN), Some(ANN)).expect("this runs as root");
        ann
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// A directory of somebody else, whom she trusts.
    pub(crate) fn elsewhere(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::create_dir_all(&path).expect("a directory");
        path
    }

    /// Puts a file into her home.
    pub(crate) fn own(&self, from: &Path, name: &str) -> PathBuf {
        let to = self.home().join(name);
        fs::copy(from, &to).expect("a copy");
        chown(&to, Some(ANN), Some(ANN)).expect("this runs as root");
        to
    }

    /// Runs `vm` as her, at her home.
    pub(crate) fn vm(&self, arguments: &[&str]) -> Output {
        self.vm_by(Command::new("setpriv"), arguments)
    }

    /// The same by a command that goes on with `setpriv`.
    pub(crate) fn vm_by(&self, mut command: Command, arguments: &[&str]) -> Output {
        command.args([format!("--reuid={ANN}"), format!("--regid={ANN}")]);
        command.args(["--clear-groups", "timeout", "100"]).arg(vm());
        // Processes of other tests are machines of this computer as well.
        command.args(["--timeout", "60", "--manager", "vm-toolkit", "--data-dir"]);
        command.arg(self.vms.path("")).args(arguments);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", self.home());
        command.current_dir(self.home()).stdin(Stdio::null());
        let output = command.output().expect("start vm");
        let text = |bytes| String::from_utf8(bytes).expect("vm prints UTF-8");
        Output {
            status: output.status.code().expect("vm exits"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// A plugin of somebody else in her home: one of vmkit's under another id.
    pub(crate) fn stranger(&self) -> PathBuf {
        let bundled = vm().with_file_name("../lib/vmkit/plugins/libsignal_leases.so");
        let mut bytes = fs::read(&bundled).expect("a plugin of the stage");
        let own = br#""id": "leases""#;
        let is_there = |place: &usize| bytes[*place..].starts_with(own);
        let places: Vec<usize> = (0..bytes.len() - own.len()).filter(is_there).collect();
        let [place] = places[..] else { panic!("its id is at {places:?}") };
        bytes[place..place + own.len()].copy_from_slice(br#""id": "lucky1""#);
        let made = self.root.path().join("made.so");
        fs::write(&made, bytes).expect("write it");
        self.own(&made, "lucky.so")
    }
}
