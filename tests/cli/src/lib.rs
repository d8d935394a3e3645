//! Runs the installed `vm` on a vm-toolkit data directory made for one test.

#![forbid(unsafe_code)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};

/// Time limit of a command in seconds. The slowest one takes a few on a busy computer.
const TIME_LIMIT: &str = "100";
/// Deadline of a plugin in seconds, enough on a busy computer.
const GENEROUS: &str = "60";

/// The result of a command.
#[derive(Debug)]
pub struct Output {
    /// The exit status; 124 after the time limit.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// It is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}, {:?}", self.stdout, self.stderr))
    }

    /// A VM's entry in the JSON.
    ///
    /// # Panics
    /// There is none.
    pub fn machine(&self, name: &str) -> serde_json::Value {
        let document = self.json();
        let machines = document["vms"].as_array().expect("vms is a list");
        let machine = machines.iter().find(|machine| machine["name"] == name);
        machine.unwrap_or_else(|| panic!("no {name} in {document:#}")).clone()
    }

    /// Checks that no stream contains control bytes.
    ///
    /// # Panics
    /// One does.
    pub fn assert_harmless(&self) {
        for text in [&self.stdout, &self.stderr] {
            let steers = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(steers), "{text:?}");
            assert!(!text.contains('\u{202e}'), "{text:?}");
        }
    }
}

/// The path of the staged `vm`, accessible to every user.
///
/// # Panics
/// Nothing is staged.
pub fn vm() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/stage/debug");
    let stage = std::env::var_os("VMKIT_STAGE").map_or(built, PathBuf::from);
    let path = stage.join("bin/vm").canonicalize();
    path.unwrap_or_else(|error| {
        panic!("{}: {error}; run the tests with `cargo xtask test`", stage.display())
    })
}

/// A copy of this folder that every user may read.
///
/// # Panics
/// It cannot be made.
pub fn copy_for_everybody(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::Builder::new().prefix("vmkit-cli-").tempdir().expect("make a directory");
    let status = Command::new("cp").arg("-r").arg(folder.join(".")).arg(copy.path()).status();
    assert!(status.is_ok_and(|status| status.success()), "copy {}", folder.display());
    let open = Command::new("chmod").args(["-R", "a+rX"]).arg(copy.path()).status();
    assert!(open.is_ok_and(|status| status.success()), "open {}", copy.path().display());
    copy
}

/// Runs `vm` with these arguments in a clean environment.
///
/// # Panics
/// It cannot be started, or its output is not UTF-8.
pub fn run(arguments: &[&str]) -> Output {
    run_program(&vm(), arguments)
}

/// Runs another `vm` than the staged one in the same way.
///
/// # Panics
/// As [`run`] does.
pub fn run_program(program: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("timeout")
        .arg(TIME_LIMIT)
        .arg(program)
        // Plain QEMUs of other tests run beside it.
        .args(["--timeout", GENEROUS, "--manager", "vm-toolkit"])
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .expect("start vm");
    let text = |bytes| String::from_utf8(bytes).expect("vm prints UTF-8");
    Output {
        status: output.status.code().expect("vm exits"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Starts `vm dns` on a free loopback port and waits until it serves. Returns the process, the rest of
/// its standard error, and the address.
///
/// # Panics
/// It does not start.
pub fn serve_names(
    program: &Path,
    directory: &DataDirectory,
) -> (Child, BufReader<ChildStderr>, String) {
    let mut child = Command::new(program)
        .args(["--manager", "vm-toolkit", "--data-dir"])
        .arg(directory.path(""))
        .args(["dns", "--listen", "127.0.0.1:0", "--interval", "1"])
        .env_clear()
        .env("HOME", "/nonexistent")
        .stderr(Stdio::piped())
        .spawn()
        .expect("start vm dns");
    let mut said = BufReader::new(child.stderr.take().expect("its standard error"));
    let mut line = String::new();
    said.read_line(&mut line).expect("what it says");
    let rest = line.strip_prefix("serving *.vm.test at ").unwrap_or_else(|| panic!("{line}"));
    let address = rest.split(';').next().unwrap_or(rest).to_owned();
    (child, said, address)
}

/// A data directory. Dropping it ends its processes.
pub struct DataDirectory {
    root: tempfile::TempDir,
    running: Vec<std::process::Child>,
}

impl Default for DataDirectory {
    fn default() -> Self {
        Self::new()
    }
}

impl DataDirectory {
    /// Makes a directory with an empty registry.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn new() -> Self {
        let root =
            tempfile::Builder::new().prefix("vmkit-cli-").tempdir().expect("make a directory");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("open it");
        let directory = Self { root, running: Vec::new() };
        directory.write(".vm-registry.json", r#"{"vms":{},"version":"1.0"}"#);
        directory
    }

    /// A path in the directory.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Writes a file and makes its directories.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("make it");
        fs::write(&path, content).expect("write a file");
        path
    }

    /// Adds an unregistered VM: a directory with a disk.
    pub fn add(&self, name: &str) {
        self.write(&format!("vms/{name}/{name}.qcow2"), "disk");
    }

    /// Starts a VM's process: a real, paused QEMU with a monitor and no guest.
    ///
    /// # Panics
    /// QEMU does not start.
    pub fn start(&mut self, name: &str) {
        self.launch(name, &["-S"]);
    }

    /// Starts a VM's process that is not paused.
    ///
    /// # Panics
    /// QEMU does not start.
    pub fn start_running(&mut self, name: &str) {
        self.launch(name, &[]);
    }

    fn launch(&mut self, name: &str, more: &[&str]) {
        let file = |suffix: &str| self.path(&format!("vms/{name}/{name}.{suffix}"));
        let (pidfile, monitor) = (file("pid"), file("qmp"));
        let mut child = Command::new("qemu-system-x86_64")
            .args(["-machine", "none", "-display", "none", "-nodefaults"])
            .args(more)
            .arg("-pidfile")
            .arg(&pidfile)
            .arg("-qmp")
            .arg(format!("unix:{},server,nowait", monitor.display()))
            .args(["-chardev", "stdio,id=ready", "-mon", "chardev=ready"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start qemu-system-x86_64");
        // The monitor's greeting comes after everything earlier on the command line is set up.
        let mut greeting = [0];
        let stdout = child.stdout.as_mut().expect("its output is ours");
        std::io::Read::read_exact(stdout, &mut greeting).expect("QEMU greets");
        self.running.push(child);
    }

    /// Runs `vm` on this directory.
    ///
    /// # Panics
    /// As [`run`] does.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_program(&vm(), arguments)
    }

    /// Runs another `vm` than the staged one on this directory.
    ///
    /// # Panics
    /// As [`run`] does.
    pub fn run_program(&self, program: &Path, arguments: &[&str]) -> Output {
        let root = self.root.path().to_str().expect("a temporary path is UTF-8");
        run_program(program, &[&["--data-dir", root], arguments].concat())
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        for child in &mut self.running {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// A command below `sh` that sees this directory as `/etc`.
pub fn with_etc(etc: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
    command.arg("mount --bind \"$0\" /etc; exec \"$@\"").arg(etc);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
    command
}
