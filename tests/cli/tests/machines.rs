//! The commands of a machine's life: what each refuses, in one sentence, with nothing half-made.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::{fs, process::Command};

use vmkit_cli_tests::{DataDirectory, Output, vm};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUOyP0bE8PtVn0Xg9B2T4Kj1pvVnXyXwq2sUQm5t ann@lab";

/// A qcow2 image of a disk with a boot sector, as a cloud's begins.
fn image(directory: &DataDirectory) -> String {
    let mut sector = vec![0; 1 << 20];
    sector[510..512].copy_from_slice(&[0x55, 0xaa]);
    let raw = directory.write("image.raw", sector);
    let path = directory.path("image.qcow2");
    let status = Command::new("qemu-img")
        .args(["convert", "-q", "-f", "raw", "-O", "qcow2"])
        .args([&raw, &path])
        .status();
    assert!(status.unwrap().success());
    path.to_str().unwrap().to_owned()
}

fn create(directory: &DataDirectory, name: &str, more: &[&str]) -> Output {
    let image = image(directory);
    let words = ["create", name, "--image", &image, "--ssh-key", KEY, "--user", "ann"];
    directory.run(&[&words, more].concat())
}

fn assert_refused(output: &Output, why: &str, hint: &str) {
    output.assert_harmless();
    assert_eq!(output.status, 2, "{output:?}");
    let errors: Vec<_> = output.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(matches!(errors.as_slice(), [only] if only.contains(why)), "{why}: {output:?}");
    assert!(hint.is_empty() || output.stderr.contains(hint), "{hint}: {output:?}");
    assert_eq!(output.stdout, "");
}

/// The names of the machines' directories.
fn directories(directory: &DataDirectory) -> Vec<String> {
    let entries = fs::read_dir(directory.path("vms")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn makes_lists_clones_and_removes_a_machine() {
    let directory = DataDirectory::new();
    let made = create(&directory, "web", &["--memory", "1G", "--net", "shared"]);
    assert_eq!((made.status, made.stdout.as_str()), (0, ""), "{made:?}");
    assert!(made.stderr.trim_end().ends_with(" start web"), "{made:?}");
    let listed = directory.run(&["list", "--json"]).json();
    let web = &listed["vms"][0];
    assert_eq!(web["name"], "web");
    assert_eq!(web["state"], "stopped");
    assert_eq!(web["net"]["mode"], "shared");
    assert_eq!(web["memory_mb"], 1024);
    let cloned = directory.run(&["clone", "web", "web-2"]);
    assert_eq!(cloned.status, 0, "{cloned:?}");
    let status = directory.run(&["status", "--basic", "--json"]);
    let (one, other) = (status.machine("web"), status.machine("web-2"));
    assert_ne!(one["mac"], other["mac"], "{status:?}");
    for name in ["web", "web-2"] {
        let asked = directory.run(&["destroy", name]);
        assert_refused(&asked, "nobody is at the terminal", "--yes");
        let gone = directory.run(&["destroy", name, "--yes"]);
        assert_eq!(gone.status, 0, "{gone:?}");
    }
    assert_eq!(directories(&directory), Vec::<String>::new());
    let listed = directory.run(&["list"]);
    assert!(listed.stdout.starts_with("There are no VMs."), "{listed:?}");
}

#[test]
fn makes_nothing_from_bad_input() {
    let directory = DataDirectory::new();
    let url = "https://example.org/a b.img";
    let create_web = |image| ["create", "web", "--image", image, "--ssh-key", KEY];
    let rows: [(&[&str], &str, &str); 6] = [
        (&create_web("/nonexistent"), "/nonexistent", ""),
        (&create_web("/etc/passwd"), "/etc/passwd", ""),
        (&create_web(url), "example.org/a b.img", "curl -fLO 'https://example.org/a b.img'"),
        (&["create", "../web", "--image", "/etc/passwd", "--ssh-key", KEY], "../web", ""),
        (
            &["create", "web", "--image", "/etc/passwd", "--ssh-key", "/nonexistent"],
            "/nonexistent",
            "",
        ),
        (&["import", "/nonexistent"], "/nonexistent", ""),
    ];
    for (words, why, hint) in rows {
        assert_refused(&directory.run(words), why, hint);
        assert_eq!(directories(&directory), Vec::<String>::new(), "{words:?}");
    }
    assert_eq!(create(&directory, "web", &[]).status, 0);
    assert_refused(&create(&directory, "web", &[]), "web", "choose another name");
    let mac = directory.run(&["status", "--basic", "--json"]).machine("web")["mac"].clone();
    let taken = create(&directory, "db", &["--mac", mac.as_str().unwrap()]);
    assert_refused(&taken, "is the MAC of `web`", "choose another MAC");
    assert_eq!(directories(&directory), ["web"]);
}

#[test]
fn refuses_commands_that_do_not_fit_the_state_of_a_machine() {
    let directory = DataDirectory::new();
    assert_eq!(create(&directory, "web", &[]).status, 0);
    let rows: [(&[&str], &str, &str); 6] = [
        (&["start", "nope"], "no VM is called `nope`", "vm list"),
        (&["start", "web", "--bridge", "nope"], "no adapter or bridge \"nope\"", "vm net web"),
        (&["pause", "web"], "`web` does not run", " start web"),
        (&["resume", "web"], "`web` does not run", " start web"),
        (&["console", "web"], "`web` does not run", " start web"),
        (&["stop", "nope"], "no VM is called `nope`", "vm list"),
    ];
    for (words, why, hint) in rows {
        assert_refused(&directory.run(words), why, hint);
    }
    let stopped = directory.run(&["stop", "web"]);
    assert_eq!(stopped.status, 0, "{stopped:?}");
    assert!(stopped.stderr.contains("web does not run"), "{stopped:?}");
}

#[test]
fn a_command_for_several_machines_does_what_it_can() {
    let directory = DataDirectory::new();
    assert_eq!(create(&directory, "web", &[]).status, 0);
    let output = directory.run(&["destroy", "--yes", "nope", "web"]);
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.contains("error: nope: no VM is called `nope`"), "{output:?}");
    assert_eq!(directories(&directory), Vec::<String>::new());
}

#[test]
fn a_machine_that_runs_is_not_started_removed_or_cloned() {
    let mut directory = DataDirectory::new();
    assert_eq!(create(&directory, "web", &[]).status, 0);
    directory.start_running("web");
    let rows: [(&[&str], &str, &str); 3] = [
        (&["start", "web"], "`web` runs already", " restart web"),
        (&["destroy", "web", "--yes"], "`web` runs", " stop web"),
        (&["clone", "web", "db"], "`web` runs", " stop web"),
    ];
    for (words, why, hint) in rows {
        assert_refused(&directory.run(words), why, hint);
    }
    assert_eq!(directories(&directory), ["web"]);
    let paused = directory.run(&["pause", "web"]);
    assert_eq!(paused.status, 0, "{paused:?}");
    assert_refused(&directory.run(&["start", "web"]), "`web` is paused", " resume web");
    assert_eq!(directory.run(&["resume", "web"]).status, 0);
    let stopped = directory.run(&["stop", "--force", "web"]);
    assert_eq!(stopped.status, 0, "{stopped:?}");
}

/// Without root nothing is attached; what would help is a command.
#[test]
fn says_how_to_start_a_machine_where_root_is_missing() {
    let directory = DataDirectory::new();
    assert_eq!(create(&directory, "web", &[]).status, 0);
    let root = directory.path("");
    let seen = root.join("seen");
    let own = Command::new("chown").args(["-R", "65534:65534"]).arg(&root).status();
    assert!(own.unwrap().success());
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(vm())
        .args(["--manager", "vm-toolkit", "--data-dir"])
        .arg(&root)
        .args(["start", "web", "--net", "shared", "--save-on-failure"])
        .arg(&seen)
        .env_clear()
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot attach `web` to the shared network"), "{said}");
    let sudo = format!("sudo {} --data-dir", vm().canonicalize().unwrap().display());
    assert!(said.contains(&sudo), "{said}");
    assert!(said.contains("start web --net shared"), "{said}");
    let saved = format!("what was seen is saved in {};", seen.display());
    assert!(said.contains(&saved) && seen.join("snapshot.json").is_file(), "{said}");
}
