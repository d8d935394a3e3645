//! Hosts files in temporary directories, and in places that only root can make.

#![allow(dead_code, reason = "each test uses a part")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use vmkit_hosts::{
    HostsFile, HostsMachine, Request, Store, StoreError, Withheld, WriteMethod, plan,
};

pub(crate) const FOREIGN: &str = "127.0.0.1\tlocalhost\n192.168.1.10 nas nas.lan\n";

/// A directory with a hosts file without a block.
pub(crate) fn directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("vmkit-hosts-").tempdir().unwrap();
    fs::write(directory.path().join("hosts"), FOREIGN).unwrap();
    directory
}

pub(crate) fn machine(name: &str, address: &str) -> HostsMachine {
    let address = address.parse().map_err(|_| Withheld::Doubtful(address.to_owned()));
    HostsMachine { name: name.to_owned(), hostname: None, address }
}

/// The bytes that a run writes for these machines.
pub(crate) fn planned(bytes: &[u8], machines: &[HostsMachine], only: Option<&[String]>) -> Vec<u8> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_781);
    let request = Request { machines, only, own_names: &[], adopt: false, now };
    plan(&HostsFile::read(bytes).unwrap(), bytes, &request).bytes
}

/// Gives the machine `web` this address. `None`: it already has it.
pub(crate) fn apply(hosts: &Path, address: &str) -> Result<Option<WriteMethod>, StoreError> {
    let store = Store::at(hosts)?;
    let writer = store.lock()?;
    let current = store.read()?;
    let bytes = planned(&current.bytes, &[machine("web", address)], None);
    if bytes == current.bytes { Ok(None) } else { writer.write(&current, &bytes).map(Some) }
}

pub(crate) fn undo(hosts: &Path) -> Result<WriteMethod, StoreError> {
    let store = Store::at(hosts)?;
    let writer = store.lock()?;
    writer.undo(&store.read()?)
}

/// The file after `web` got this address.
pub(crate) fn written(address: &str) -> String {
    String::from_utf8(planned(FOREIGN.as_bytes(), &[machine("web", address)], None)).unwrap()
}

/// The sorted names in a directory.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs one test of this program in a child, with this directory.
pub(crate) fn again(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(WORKS_IN, directory).stdin(Stdio::null());
    command
}

/// The directory that [`again`] passed on.
pub(crate) fn passed_directory() -> Option<PathBuf> {
    env::var_os(WORKS_IN).map(PathBuf::from)
}

const WORKS_IN: &str = "VMKIT_HOSTS_TEST_DIRECTORY";

/// Runs the test again in a child with a mount namespace of its own, after the shell script `setup`.
/// The directory in the child; `None` in the parent, once the child has passed.
///
/// Without root the test prints that it is skipped, and fails under `CI`.
#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
pub(crate) fn in_a_namespace(test: &str, setup: &str) -> Option<PathBuf> {
    if let Some(directory) = passed_directory() {
        return Some(directory);
    }
    if !rustix::process::geteuid().is_root() {
        assert!(env::var_os("CI").is_none(), "{test} needs root, for mounts");
        println!("\n!!! SKIPPED: {test} needs root, for mounts\n");
        return None;
    }
    let directory = directory();
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-ec"])
        .arg(format!("cd \"$0\"; {setup}\nexec \"$@\""))
        .arg(directory.path())
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(WORKS_IN, directory.path())
        .output()
        .expect("start unshare");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // A name that no test has would run none, successfully.
    assert!(output.status.success() && said.contains("1 passed"), "{test}: {said}");
    None
}
