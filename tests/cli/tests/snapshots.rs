//! A snapshot is written and read without following a link, whoever put it there.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use vmkit_cli_tests::{DataDirectory, Output, copy_for_everybody, run, vm};

/// A user that this computer does not have.
const SOMEBODY: u32 = 12345;

/// A folder of root's and a folder of somebody else's.
struct Places {
    root: tempfile::TempDir,
    data: DataDirectory,
}

impl Places {
    fn new() -> Self {
        let root =
            tempfile::Builder::new().prefix("vmkit-cli-").tempdir().expect("make a directory");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("open it");
        let places = Self { root, data: DataDirectory::new() };
        for name in ["theirs", "roots"] {
            fs::create_dir(places.path(name)).expect("make it");
        }
        chown(places.path("theirs"), Some(SOMEBODY), Some(SOMEBODY)).expect("give it away");
        places
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Puts a link of the other user's into their folder.
    fn plant(&self, name: &str, target: &str) {
        let link = self.path("theirs").join(name);
        symlink(self.path(target), &link).expect("make a link");
        lchown(&link, Some(SOMEBODY), Some(SOMEBODY)).expect("give it away");
    }

    /// Runs `vm` as root, through sudo or not, with a directory below this one as the last argument.
    fn run(&self, arguments: &[&str], below: &str, via_sudo: bool) -> Output {
        let mut command = Command::new("timeout");
        command
            .arg("100")
            .arg(vm())
            .args(["--manager", "vm-toolkit", "--data-dir"])
            .arg(self.data.path(""))
            .args(arguments);
        command.arg(self.path(below)).env_clear().env("HOME", "/nonexistent");
        if via_sudo {
            command.env("SUDO_UID", SOMEBODY.to_string()).env("SUDO_GID", SOMEBODY.to_string());
        }
        let output = command.output().expect("start vm");
        let text = |bytes| String::from_utf8(bytes).expect("vm prints UTF-8");
        Output {
            status: output.status.code().expect("vm exits"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// Everything below this folder, itself included.
fn all_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).expect("list a folder") {
        let path = entry.expect("read an entry").path();
        if path.symlink_metadata().expect("its status").is_dir() {
            found.extend(all_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

const SAVE: &[&str] = &["snapshot", "save"];
const DOCTOR: &[&str] = &["doctor", "--passive", "--save"];

#[test]
fn a_link_that_another_user_planted_in_the_path_is_not_followed() {
    for (command, via_sudo) in [(SAVE, false), (SAVE, true), (DOCTOR, false), (DOCTOR, true)] {
        let places = Places::new();
        places.plant("out", "roots");
        let zip = "theirs/out/record.zip";
        for below in ["theirs/out/record", "theirs/out/a/b/record", "theirs/out", zip] {
            let output = places.run(command, below, via_sudo);
            assert_eq!(output.status, 2, "{command:?} {below} {via_sudo} {output:?}");
            assert_eq!(all_below(&places.path("roots")).len(), 1, "{command:?} {via_sudo}");
            let owner = places.path("roots").metadata().unwrap().uid();
            assert_eq!(owner, 0, "{command:?}: nothing of root's is given away");
        }
    }
}

#[test]
fn a_record_belongs_to_the_user_who_called_sudo_and_to_nobody_else() {
    for (command, via_sudo, owner) in
        [(SAVE, true, SOMEBODY), (DOCTOR, true, SOMEBODY), (SAVE, false, 0)]
    {
        let places = Places::new();
        let output = places.run(command, "theirs/record", via_sudo);
        let files = all_below(&places.path("theirs/record"));
        assert!(files.iter().any(|path| path.ends_with("snapshot.json")), "{output:?}");
        for path in files {
            let status = path.metadata().unwrap();
            assert_eq!(status.uid(), owner, "{command:?} {}", path.display());
            assert_eq!(status.mode() & 0o077, 0, "{command:?} {}", path.display());
        }
    }
}

/// A snapshot of a Mac whose VM has the address 192.168.1.64.
fn record() -> tempfile::TempDir {
    let folder = format!("{}/data/macos-bridged", env!("CARGO_MANIFEST_DIR"));
    copy_for_everybody(Path::new(&folder))
}

/// What is put in the place of a part of a snapshot.
#[derive(Clone, Copy, Debug)]
enum Instead {
    Link,
    Pipe,
}

#[test]
fn a_replay_reads_no_part_that_is_a_link_or_a_pipe() {
    let rows = [
        ("neigh", Instead::Link),
        ("neigh/arp-an.txt", Instead::Link),
        ("neigh/arp-an.txt", Instead::Pipe),
        ("leases", Instead::Link),
        ("console", Instead::Link),
        ("console/web.log", Instead::Link),
        ("probes.json", Instead::Link),
        ("probes.json", Instead::Pipe),
    ];
    for (part, instead) in rows {
        let record = record();
        let elsewhere = tempfile::tempdir().unwrap();
        let (path, moved) = (record.path().join(part), elsewhere.path().join("moved"));
        fs::rename(&path, &moved).unwrap();
        match instead {
            Instead::Link => symlink(&moved, &path).unwrap(),
            Instead::Pipe => {
                let made = Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            }
        }
        let from = record.path().to_str().unwrap();
        for command in ["status", "doctor"] {
            let output = run(&[command, "--from", from, "--json"]);
            let json = output.json();
            let mut problems = json["problems"].as_array().unwrap().iter();
            let is_said = problems.any(|it| it["path"].as_str() == path.to_str());
            assert!(is_said, "{command} {part} {instead:?} {}", json["problems"]);
        }
        let shown = run(&["snapshot", "show", from]);
        assert!(!shown.stdout.contains(&format!("  {part}")), "{part} {instead:?} {shown:?}");
    }
}

/// The snapshots below this folder of the repository.
fn snapshots(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = fs::read_dir(folder).expect("list snapshots");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.join("snapshot.json").exists()).collect()
}

/// What the doctor concludes of each VM: state, verdict, whether it has an address, and the causes in
/// their order; then the router.
fn conclusions(snapshot: &Path) -> Vec<String> {
    let output = run(&["doctor", "--from", snapshot.to_str().expect("UTF-8"), "--json"]);
    let json = output.json();
    let each = json["vms"].as_array().expect("a list").iter().map(|vm| {
        let causes: Vec<_> =
            vm["causes"].as_array().into_iter().flatten().map(|cause| &cause["code"]).collect();
        format!("{} {} {} {causes:?}", vm["state"], vm["verdict"], vm["ip"].is_null())
    });
    each.chain([json["network"]["router"]["id"].to_string(), output.status.to_string()]).collect()
}

#[test]
fn a_redacted_snapshot_gets_the_same_answers() {
    let folders = ["tests/corpus/doctor", "tests/corpus/lab", "tests/cli/data"];
    let mut differences = Vec::new();
    for snapshot in folders.into_iter().flat_map(snapshots) {
        let place = tempfile::tempdir().unwrap();
        let redacted = place.path().join("redacted");
        let from = snapshot.to_str().unwrap();
        let output = run(&["snapshot", "redact", from, redacted.to_str().unwrap()]);
        assert_eq!(output.status, 0, "{from} {output:?}");
        let (mut before, mut after) = (conclusions(&snapshot), conclusions(&redacted));
        // The order of VMs is that of their names.
        before.sort();
        after.sort();
        if before != after {
            differences.push(format!("{from}\n  {before:?}\n  {after:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_check_says_where_something_identifies() {
    let output =
        run(&["snapshot", "check", &format!("{}/data/smart-hub", env!("CARGO_MANIFEST_DIR"))]);
    output.assert_harmless();
    assert_eq!(output.status, 1, "{output:?}");
    for line in ["gateway/http.json:", "MAC ", "word iPad", "Next: vm snapshot redact "] {
        assert!(output.stdout.contains(line), "{line} {}", output.stdout);
    }
}
