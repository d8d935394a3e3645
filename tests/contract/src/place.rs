//! The real `vm` in trees of different owners, run by different users.

#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use vmkit_host::Pins;

/// A made-up user, not in the user database, with a group of the same number.
pub const ANN: u32 = 41001;
/// Another user.
pub const BEN: u32 = 41002;
/// An untrusted user.
pub const EVE: u32 = 41003;
/// A made-up group for installing software.
pub const STAFF: u32 = 41080;

/// Deadline of a plugin in seconds, enough on a busy computer.
const GENEROUS: &str = "60";

/// The user who runs `vm`.
#[derive(Clone, Copy, Debug)]
pub enum As {
    /// Root, without sudo.
    Root,
    /// This user.
    User(u32),
    /// Root through sudo by this user.
    Sudo(u32),
}

/// A path, and the user, group and mode to give it.
pub type Owned = (&'static str, u32, u32, u32);

/// A part of a tree, and the place to move it to, with a link left in its own place.
pub type Link = (&'static str, &'static str);

/// A directory for one tree at a time.
pub struct Place {
    root: tempfile::TempDir,
}

impl Place {
    /// Makes the directory. Without root, which can give files away, prints that the test is skipped.
    ///
    /// # Panics
    /// It cannot be made, or `CI` is set and the tests cannot run.
    pub fn new() -> Option<Self> {
        if !crate::runs_as_root() {
            assert!(std::env::var_os("CI").is_none(), "giving files away needs root");
            skipped();
            return None;
        }
        // Every user can run programs beside the staged tree.
        let vm = vmkit_cli_tests::vm();
        let beside = vm.ancestors().nth(3).expect("a staged tree lies in a directory");
        let root = tempfile::Builder::new().prefix("layout-").tempdir_in(beside).unwrap();
        mode(root.path(), 0o755);
        fs::create_dir(root.path().join("built")).unwrap();
        let place = Self { root };
        fs::copy(&vm, place.path("built/vm")).unwrap();
        for file in ["vm-worker", "libcontract_misbehave.so"] {
            fs::copy(crate::built(file), place.path("built").join(file)).unwrap();
        }
        place.sudo();
        Some(place)
    }

    /// A path in the directory.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Lays out an installation at `prefix` with one owner, these links and then these exceptions.
    ///
    /// # Panics
    /// The tree cannot be made.
    pub fn lay_out(&self, prefix: &str, owner: (u32, u32), but: &[Owned], links: &[Link]) {
        let top = self.path(prefix.split('/').next().unwrap());
        fs::remove_dir_all(&top).ok();
        let prefix = self.path(prefix);
        let plugins = prefix.join("lib/vmkit/plugins");
        fs::create_dir_all(prefix.join("bin")).unwrap();
        fs::create_dir_all(&plugins).unwrap();
        let files = [
            ("vm", prefix.join("bin/vm")),
            ("vm-worker", prefix.join("lib/vmkit/vm-worker")),
            ("libcontract_misbehave.so", plugins.join("libcontract_misbehave.so")),
        ];
        for (name, to) in files {
            // Hard links save copying megabytes.
            fs::hard_link(self.path("built").join(name), to).unwrap();
        }
        let library = prefix.join("lib/vmkit");
        let names = ["vm-worker", "plugins/libcontract_misbehave.so"].map(str::to_owned);
        let pins = Pins::of_files(&library, &names).unwrap();
        fs::write(library.join(Pins::FILE), pins.to_text()).unwrap();
        for (part, elsewhere) in links {
            let (part, elsewhere) = (self.path(part), self.path(elsewhere));
            fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
            fs::rename(&part, &elsewhere).unwrap();
            symlink(&elsewhere, &part).unwrap();
        }
        give(&top, owner);
        for (path, user, group, bits) in but {
            let path = self.path(path);
            fs::create_dir_all(&path).ok();
            chown(&path, Some(*user), Some(*group)).unwrap();
            mode(&path, *bits);
        }
    }

    /// Runs `vm` of the tree at `prefix`, and returns its JSON.
    ///
    /// # Panics
    /// It prints none.
    pub fn vm(&self, prefix: &str, by: As, arguments: &[&str]) -> Value {
        let mut command = run_as(by, &self.path(prefix).join("bin/vm"));
        let output = command.args(["--timeout", GENEROUS]).args(arguments).output().unwrap();
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said()))
    }

    /// Runs a pasted command line in a shell.
    ///
    /// # Panics
    /// No shell can be started.
    pub fn shell(&self, by: As, line: &str) -> Output {
        // Only commands with sudo run as root.
        let by = match by {
            As::User(user) | As::Sudo(user) if !line.contains("sudo ") => As::User(user),
            _ => As::Root,
        };
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.path("sudo").display());
        let mut command = run_as(by, Path::new("/bin/sh"));
        command.env("PATH", path).args(["-ec", line]).output().unwrap()
    }

    /// Makes a `sudo` for computers without one, used as root only.
    fn sudo(&self) {
        let sudo = self.path("sudo/sudo");
        fs::create_dir(self.path("sudo")).unwrap();
        fs::write(&sudo, "#!/bin/sh\nexec \"$@\"\n").unwrap();
        mode(&sudo, 0o755);
    }
}

fn run_as(by: As, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if let As::User(user) = by {
        command.arg(format!("--reuid={user}")).arg(format!("--regid={user}"));
    }
    command.arg("--clear-groups").arg(program).env_clear().env("HOME", "/nonexistent");
    if let As::Sudo(user) = by {
        command.env("SUDO_UID", user.to_string()).env("SUDO_GID", user.to_string());
    }
    command.current_dir("/");
    command
}

/// Gives the whole tree to this user and group, with the usual modes.
///
/// # Panics
/// It cannot be given away.
pub fn give(path: &Path, owner: (u32, u32)) {
    if path.is_symlink() {
        return;
    }
    chown(path, Some(owner.0), Some(owner.1)).unwrap();
    mode(path, 0o755);
    if path.is_dir() {
        for entry in path.read_dir().unwrap() {
            give(&entry.unwrap().path(), owner);
        }
    }
}

/// Sets the mode of a path.
///
/// # Panics
/// The mode cannot be set.
pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set the mode");
}

#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn skipped() {
    println!("\n!!! SKIPPED: giving files away needs root\n");
}
