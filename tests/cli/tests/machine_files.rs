//! The files of VMs that are created and destroyed: whose they are, and that none is lost.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use vmkit_cli_tests::vm;

/// A user; the user database need not know them.
const ANN: u32 = 41001;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtQUDZWRVNLRUxFTk9ORUtFWU5PVEFSRUFMT05F";

/// A home of a user, with an image of a disk.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).expect("open it");
        let mut disk = vec![0; 2 << 20];
        disk[510..512].copy_from_slice(b"\x55\xaa");
        fs::write(home.path().join("image.raw"), disk).expect("write it");
        chown(home.path(), Some(ANN), Some(ANN)).expect("this runs as root");
        Self(home)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// `vm` as root, for this caller of sudo.
    fn by_sudo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.arg("100").arg(vm()).arg("--data-dir").arg(self.data()).args(arguments);
        command.env_clear().env("SUDO_UID", ANN.to_string()).env("SUDO_GID", ANN.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn create(&self, name: &str) -> Child {
        let image = self.0.path().join("image.raw");
        let mut command = self.by_sudo(&["create", name, "--ssh-key", KEY, "--image"]);
        command.arg(image).spawn().expect("start vm")
    }
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", said(&output.stderr));
    said(&output.stdout) + &said(&output.stderr)
}

/// All that is in a directory.
fn all_in(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(all_in(&path));
        }
        found.push(path);
    }
    found
}

#[test]
fn twenty_vms_created_at_once_under_sudo_are_listed_and_all_files_the_callers() {
    let home = Home::new();
    let names: Vec<_> = (1..=20).map(|number| format!("vm{number}")).collect();
    let commands: Vec<_> = names.iter().map(|name| home.create(name)).collect();
    for command in commands {
        succeeded(&command.wait_with_output().expect("vm ends"));
    }
    let listed = succeeded(&home.by_sudo(&["list"]).output().expect("start vm"));
    for name in &names {
        assert!(listed.lines().any(|line| line.starts_with(&format!("{name} "))), "{listed}");
    }
    let files = all_in(&home.data());
    assert!(files.iter().all(|path| path.symlink_metadata().expect("a file").uid() == ANN));
    let bases = files.iter().filter(|path| path.to_string_lossy().ends_with("-base.img"));
    let numbers: std::collections::BTreeSet<_> =
        bases.map(|path| path.metadata().expect("a base").ino()).collect();
    assert_eq!(numbers.len(), 1, "all share one copy of the image");
    for name in &names {
        succeeded(&home.by_sudo(&["destroy", name, "--yes"]).output().expect("start vm"));
    }
    assert_eq!(fs::read_dir(home.data().join("vms")).expect("a directory").count(), 0);
}

#[test]
fn the_next_command_says_how_it_ended_what_a_kill_interrupted() {
    let home = Home::new();
    succeeded(&home.create("web").wait_with_output().expect("vm ends"));
    let vms = home.data().join("vms");
    // As a kill leaves it: one that was being made, and one that was being destroyed.
    let journal = |name: &str, text: String| {
        let path = home.data().join(".vmkit/journal").join(name);
        fs::write(&path, text).expect("write it");
        chown(&path, Some(ANN), Some(ANN)).expect("this runs as root");
    };
    let hidden = ".vmkit-new-half.1";
    fs::create_dir(vms.join(hidden)).expect("a directory");
    fs::write(vms.join(hidden).join("half.qcow2"), "half").expect("write it");
    for path in [vms.join(hidden), vms.join(hidden).join("half.qcow2")] {
        chown(path, Some(ANN), Some(ANN)).expect("this runs as root");
    }
    let make =
        r#"{"operation":"make","directory":DIRECTORY,"hidden":".vmkit-new-half.1","entry":null}"#;
    journal("half.json", make.replace("DIRECTORY", &format!("{:?}", vms.join("half"))));
    fs::rename(vms.join("web"), vms.join(".vmkit-gone-web")).expect("rename it");
    let destroy = r#"{"operation":"destroy","directory":DIRECTORY}"#;
    journal("web.json", destroy.replace("DIRECTORY", &format!("{:?}", vms.join("web"))));
    let said = succeeded(&home.by_sudo(&["list"]).output().expect("start vm"));
    for sentence in [
        "half: its interrupted creation was undone; nothing of it is left\n",
        "web: its interrupted removal was finished\n",
    ] {
        assert!(said.contains(sentence), "{said}");
    }
    assert_eq!(fs::read_dir(&vms).expect("a directory").count(), 0);
    let again = succeeded(&home.by_sudo(&["list"]).output().expect("start vm"));
    assert!(!again.contains("interrupted"), "{again}");
    succeeded(&home.create("web").wait_with_output().expect("vm ends"));
}

#[test]
fn what_an_earlier_run_as_root_left_is_named_with_the_command_that_gives_it_back() {
    let home = Home::new();
    succeeded(&home.create("web").wait_with_output().expect("vm ends"));
    let registry = home.data().join(".vm-registry.json");
    chown(&registry, Some(0), Some(0)).expect("this runs as root");
    let output = home.by_sudo(&["destroy", "web", "--yes"]).output().expect("start vm");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let hint = format!("sudo chown -R {ANN}:{ANN} {}", registry.display());
    assert!(said.contains("belongs to user 0\n") && said.contains(&hint), "{said}");
    assert!(home.data().join("vms/web/web.qcow2").exists());
}
