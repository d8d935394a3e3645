//! `vm hosts-sync`: previews, changes, and hostile names.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use vmkit_cli_tests::{DataDirectory, Output, copy_for_everybody, run, vm};

const FOREIGN: &str = "127.0.0.1\tlocalhost\n192.168.1.10\tnas\n";
const BLOCK: &str = "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are lost\n\
                     192.168.1.64\tweb\t# vm web\n# END vmkit\n";

/// A Mac with three VMs: `web` has a certain address, `quiet` none, `off` is stopped.
fn macos() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/macos-bridged")
}

struct Hosts {
    directory: tempfile::TempDir,
    from: PathBuf,
}

impl Hosts {
    fn new(text: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("vmkit-cli-").tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(directory.path().join("hosts"), text).unwrap();
        Self { directory, from: macos() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("hosts")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn sync(&self, arguments: &[&str]) -> Output {
        let (file, from) = (self.path(), self.from.clone());
        let place = ["hosts-sync", "--file", file.to_str().unwrap()];
        let place = [&place[..], &["--from", from.to_str().unwrap()]].concat();
        let output = run(&[&place, arguments].concat());
        output.assert_harmless();
        output
    }
}

#[test]
fn a_preview_writes_nothing_and_ends_with_the_next_command() {
    let hosts = Hosts::new(FOREIGN);
    let output = hosts.sync(&[]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{output:?}");
    assert!(output.stdout.contains("+192.168.1.64    web     # vm web\n"), "{}", output.stdout);
    for said in ["it is stopped", "it has no usable address", "its address is certain"] {
        assert!(output.stdout.contains(said), "{}", output.stdout);
    }
    let last = output.stdout.lines().last().unwrap();
    let command = "To write it: vm hosts-sync --from ";
    assert!(last.starts_with("Nothing was written. ") && last.contains(command), "{last}");
    assert_eq!(hosts.text(), FOREIGN);
    assert_eq!(fs::read_dir(hosts.directory.path()).unwrap().count(), 1);
}

#[test]
fn writes_a_change_once_and_undoes_it_once() {
    let hosts = Hosts::new(FOREIGN);
    let written = hosts.sync(&["--apply", "--json"]);
    assert_eq!(written.status, 0, "{written:?}");
    let (document, web) = (written.json(), written.machine("web"));
    assert_eq!(
        (&document["schema"], &document["outcome"]),
        (&"vmkit.hosts/1".into(), &"replaced".into())
    );
    assert_eq!((&web["decision"], &web["ip"]), (&"add".into(), &"192.168.1.64".into()));
    assert_eq!(written.machine("off")["reason"], "it is stopped");
    assert_eq!(hosts.text(), [FOREIGN, BLOCK].concat());

    let again = hosts.sync(&["--apply", "--json"]);
    assert_eq!((again.status, &again.json()["outcome"]), (0, &"unchanged".into()));

    let path = hosts.path();
    let undo = ["hosts-sync", "--undo", "--file", path.to_str().unwrap()];
    assert_eq!(run(&undo).status, 0);
    assert_eq!(hosts.text(), FOREIGN);
    let nothing = run(&undo);
    assert_eq!(nothing.status, 2);
    assert!(nothing.stderr.starts_with("error: there is nothing to undo"), "{nothing:?}");
}

#[test]
fn the_exit_status_shows_named_vms_without_a_line() {
    let hosts = Hosts::new(FOREIGN);
    let rows: [(&[&str], i32); 4] =
        [(&["web"], 0), (&["quiet"], 1), (&["web", "off"], 1), (&["nobody"], 2)];
    for (names, status) in rows {
        assert_eq!(hosts.sync(names).status, status, "{names:?}");
    }
}

#[test]
fn keeps_an_unconfirmed_line_and_removes_it_with_its_vm() {
    let block = BLOCK
        .replace("# END", "192.168.1.70\tquiet\t# vm quiet\n192.168.1.71\tgone\t# vm gone\n# END");
    let hosts = Hosts::new(&[FOREIGN, &block].concat());
    assert_eq!(hosts.sync(&["quiet", "--apply"]).status, 1);
    assert!(hosts.text().contains("192.168.1.71\tgone\t# vm gone\n"), "not selected");
    assert_eq!(hosts.sync(&["--apply"]).status, 0);
    let text = hosts.text();
    assert!(text.contains("192.168.1.70\tquiet\t# vm quiet, stale since 2026-11-24\n"), "{text}");
    assert!(!text.contains("gone"), "{text}");
}

#[test]
fn takes_over_other_lines_only_when_asked() {
    let hosts = Hosts::new("127.0.0.1\tlocalhost\n192.168.1.60 web web.local\n");
    let kept = hosts.sync(&["--apply", "web"]);
    assert_eq!(kept.status, 1);
    assert!(kept.stdout.contains("line 2, outside of the block, names it"), "{}", kept.stdout);
    assert_eq!(hosts.sync(&["--apply", "--adopt", "web"]).status, 0);
    assert_eq!(hosts.text(), ["127.0.0.1\tlocalhost\n", BLOCK].concat());
}

/// The snapshot with another name and host name of `web`.
fn renamed(name: &str, hostname: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in ["probes.json", "neigh/arp-an.txt", "leases/dhcpd_leases"] {
        let place = copy.path().join(file);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(macos().join(file), place).unwrap();
    }
    let text = fs::read_to_string(macos().join("snapshot.json")).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["vms"][0]["name"] = name.into();
    document["vms"][0]["hostname"] = hostname.into();
    fs::write(copy.path().join("snapshot.json"), document.to_string()).unwrap();
    copy
}

#[test]
fn no_hostile_name_reaches_the_file() {
    let hostile = [
        "web\n127.0.0.1 bank.test",
        "web\r127.0.0.1 bank.test",
        "web bank.test",
        "web\tbank.test",
        "web#",
        "# END vmkit",
        "web\u{0}x",
        "web\u{202e}tset.knab",
        "wеb",
        "localhost",
        "LOCALHOST.localdomain",
        "nas",
        "10.0.0.1",
        "0x7f000001",
        "-rf",
        "$(reboot)",
        "\u{1b}[2J",
        &"a".repeat(64),
        &"a.".repeat(200),
    ];
    for name in hostile {
        // As the VM's name: no line is written.
        let mut hosts = Hosts::new(FOREIGN);
        let copy = renamed(name, "web");
        hosts.from = copy.path().into();
        let output = hosts.sync(&["--apply"]);
        assert_eq!(hosts.text(), FOREIGN, "{name:?}: {output:?}");

        // As the guest's host name: the line lacks it.
        let mut hosts = Hosts::new(FOREIGN);
        let copy = renamed("web", name);
        hosts.from = copy.path().into();
        let output = hosts.sync(&["--apply"]);
        assert_eq!(output.status, 0, "{name:?}: {output:?}");
        assert_eq!(hosts.text(), [FOREIGN, BLOCK].concat(), "{name:?}");
    }
    let mut hosts = Hosts::new(FOREIGN);
    let copy = renamed("web", "web.example");
    hosts.from = copy.path().into();
    assert_eq!(hosts.sync(&["--apply"]).status, 0);
    assert!(hosts.text().contains("192.168.1.64\tweb web.example\t# vm web\n"), "{}", hosts.text());
}

#[test]
fn an_error_changes_nothing() {
    let broken = "# BEGIN vmkit\n192.168.1.64 web # vm web\n";
    let hosts = Hosts::new(broken);
    for arguments in [&[][..], &["--apply"]] {
        let output = hosts.sync(arguments);
        assert_eq!(output.status, 2, "{output:?}");
        assert!(output.stderr.contains("line 1: this `BEGIN vmkit` has no END"), "{output:?}");
    }
    assert_eq!(hosts.text(), broken);

    let linked = Hosts::new(FOREIGN);
    fs::rename(linked.path(), linked.path().with_file_name("made")).unwrap();
    symlink("made", linked.path()).unwrap();
    let output = linked.sync(&["--apply"]);
    assert_eq!((output.status, linked.text().as_str()), (2, FOREIGN), "{output:?}");
    assert!(output.stderr.contains("is a symbolic link; the program that manages"), "{output:?}");

    let from = macos();
    let from = from.to_str().unwrap();
    let system = run(&["hosts-sync", "--apply", "--from", from]);
    assert_eq!(system.status, 2);
    assert!(system.stderr.contains("addresses from a snapshot are not written"), "{system:?}");
}

/// Whether this test runs as root. Otherwise prints that it is skipped, or fails under `CI`.
#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn has_root(test: &str) -> bool {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    let root = id == b"0\n";
    if !root {
        assert!(std::env::var_os("CI").is_none(), "{test} needs root");
        println!("\n!!! SKIPPED: {test} needs root\n");
    }
    root
}

#[test]
fn without_rights_it_prints_the_command_as_root() {
    if !has_root("without_rights_it_prints_the_command_as_root") {
        return;
    }
    let hosts = Hosts::new(FOREIGN);
    // The user nobody may lack access to the checkout.
    let snapshot = copy_for_everybody(&macos());
    let as_nobody = |arguments: &[&str]| {
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(vm())
            .args(["hosts-sync", "--from"])
            .arg(snapshot.path())
            .arg("--file")
            .arg(hosts.path())
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (status, stdout, _) = as_nobody(&[]);
    let command =
        format!("To write it: sudo {} hosts-sync --from ", vm().canonicalize().unwrap().display());
    assert!(status == Some(0) && stdout.contains(&command), "{stdout}");
    assert!(stdout.contains(" --apply --file "), "{stdout}");
    let (status, stdout, stderr) = as_nobody(&["--apply", "web"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.starts_with("error: no permission to write "), "{stderr}");
    assert!(stderr.contains("\nhint: run it as root: sudo "), "{stderr}");
    assert!(stderr.ends_with(" web\n"), "{stderr}");
    assert_eq!(hosts.text(), FOREIGN);
}

/// A container has `/etc/hosts` as a mount of its own.
#[test]
fn writes_a_containers_mounted_hosts_file_in_place() {
    if !has_root("writes_a_containers_mounted_hosts_file_in_place") {
        return;
    }
    let directory = DataDirectory::new();
    directory.add("web");
    let old = BLOCK.replace("web", "old");
    let etc = directory.write("etc/hosts", "").parent().unwrap().to_owned();
    let outside = directory.write("outside/hosts", [FOREIGN, &old].concat());
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-ec"])
        .arg("mount --bind \"$0\" /etc; mount --bind \"$1\" /etc/hosts; shift; exec \"$@\"")
        .args([&etc, &outside])
        .arg(vm())
        .args(["--manager", "vm-toolkit", "--data-dir"])
        .arg(directory.path(""))
        .args(["hosts-sync", "--apply", "--json"])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["outcome"], "written-in-place");
    assert_eq!(fs::read_to_string(outside).unwrap(), FOREIGN);
    let backup = fs::read_to_string(etc.join("hosts.vmkit-backup")).unwrap();
    assert_eq!(backup, [FOREIGN, &old].concat());
}
