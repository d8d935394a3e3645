//! Bad input in the data directory: the message names the path, other VMs are shown, the exit status
//! is right, nothing hangs, and no control byte reaches the terminal.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use vmkit_cli_tests::{DataDirectory, Output};

const REGISTRY: &str = ".vm-registry.json";

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("start mkfifo").success());
}

/// A directory with one valid VM beside what the test breaks.
fn with_good_machine() -> DataDirectory {
    let directory = DataDirectory::new();
    directory.add("good");
    directory
}

fn assert_reported(output: &Output, status: i32, path: &str, what: &str) {
    output.assert_harmless();
    assert_eq!(output.status, status, "{output:?}");
    assert!(output.stdout.contains("good"), "the other VM is shown: {output:?}");
    let reported = output.stderr.lines().any(|line| line.contains(path) && line.contains(what));
    assert!(reported, "{path:?} and {what:?} in {}", output.stderr);
}

type Breaking = fn(&Path);

#[test]
fn reports_an_invalid_registry_and_still_lists_other_vms() {
    let rows: &[(&str, Breaking)] = &[
        ("", |path| fs::write(path, "{\"vms\": {\"web\": ").unwrap()),
        ("", |path| fs::write(path, b"\xff\xfe{}").unwrap()),
        ("", |path| fs::write(path, "\u{1b}[2J\u{1b}]0;owned\u{7}").unwrap()),
        ("not a regular file", |path| fs::create_dir(path).unwrap()),
        ("not a regular file", pipe),
        ("", |path| File::create(path).unwrap().set_len(20 << 30).unwrap()),
        ("", |path| symlink(path, path).unwrap()),
    ];
    for (what, breaking) in rows {
        let directory = with_good_machine();
        let registry = directory.path(REGISTRY);
        fs::remove_file(&registry).unwrap();
        breaking(&registry);
        assert_reported(&directory.run(&["status"]), 2, REGISTRY, what);
        assert_reported(&directory.run(&["status", "--basic"]), 2, REGISTRY, what);
    }
}

#[test]
fn hostile_names_and_values_are_harmless() {
    let directory = with_good_machine();
    directory.write(
        REGISTRY,
        "{\"vms\":{\"\\u001b[2Jx\":{\"name\":\"\\u001b[2Jx\"},
          \"web\":{\"name\":\"web\",\"hostname\":\"a\\u001b]0;owned\\u0007b\",
                   \"username\":\"\\u202eroot\",\"mac_address\":\"\\n\\r\",\"os_version\":\"\\u009b31m\"}},
          \"version\":\"1.0\"}",
    );
    directory.write("vms/web/web.qcow2", "disk");
    directory.write("vms/\u{1b}[31mred/\u{1b}[31mred.qcow2", "disk");
    for arguments in [&["status"][..], &["status", "--explain"], &["status", "--json"]] {
        let output = directory.run(arguments);
        output.assert_harmless();
        assert!(output.stdout.contains("web") && output.stdout.contains("good"), "{output:?}");
    }
}

#[test]
fn invalid_small_files_of_a_vm_do_not_hide_others() {
    let rows: &[(&str, Breaking)] = &[
        ("web.pid", |path| fs::write(path, "\u{1b}[2J").unwrap()),
        ("web.pid", pipe),
        ("web.mac", |path| fs::create_dir(path).unwrap()),
        ("web.mac", |path| File::create(path).unwrap().set_len(20 << 30).unwrap()),
        ("web.qmp", |path| fs::write(path, "no socket").unwrap()),
        ("console.log", pipe),
        ("cloud-init", |path| symlink(path, path).unwrap()),
    ];
    for (file, breaking) in rows {
        let directory = with_good_machine();
        directory.add("web");
        breaking(&directory.path(&format!("vms/web/{file}")));
        let output = directory.run(&["status"]);
        output.assert_harmless();
        assert!(matches!(output.status, 0 | 2), "{file}: {output:?}");
        assert!(
            output.stdout.contains("good") && output.stdout.contains("web"),
            "{file}: {output:?}"
        );
    }
}

#[test]
fn reports_an_invalid_console_and_still_lists_the_vm() {
    let rows: &[(&str, Breaking)] = &[
        ("is a named pipe, not a regular file", pipe),
        ("is a directory, not a regular file", |path| fs::create_dir(path).unwrap()),
        ("is a symbolic link", |path| symlink(path, path).unwrap()),
    ];
    for (what, breaking) in rows {
        let mut directory = with_good_machine();
        directory.add("web");
        directory.start("web");
        breaking(&directory.path("vms/web/console.log"));
        let output = directory.run(&["status"]);
        output.assert_harmless();
        // The console may name an address.
        assert_eq!(output.status, 3, "{output:?}");
        let text = format!("{}\n{}", output.stdout, output.stderr);
        assert!(text.contains("vms/web/console.log") && text.contains(what), "{what}: {text}");
    }
}

#[test]
fn reads_a_hostile_console_and_prints_no_control_bytes() {
    let mut directory = with_good_machine();
    directory.add("web");
    directory.start("web");
    let mut log = b"\x1b]0;owned\x07\x9b31m\xff\xfe\0".repeat(10_000);
    log.extend(b"\nudhcpc: lease of 192.168.77.9\x1b[2J obtained from 192.168.77.1\x1b[31m\n");
    log.extend(b"x".repeat(1 << 20));
    directory.write("vms/web/console.log", log);
    for arguments in [&["status"][..], &["status", "--explain"], &["status", "--json"]] {
        let output = directory.run(arguments);
        output.assert_harmless();
        assert_eq!(output.status, 0, "{output:?}");
    }
    let json = directory.run(&["status", "--json"]).json();
    let console =
        json["plugins"].as_array().unwrap().iter().find(|p| p["id"] == "console").unwrap();
    assert_eq!(console["status"], "ok", "{json:#}");
}

#[test]
fn reports_files_that_the_user_may_not_read() {
    let directory = with_good_machine();
    fs::set_permissions(directory.path(REGISTRY), fs::Permissions::from_mode(0o600)).unwrap();
    let root = directory.path("");
    // As another user, since root could read it.
    let output = Command::new("setpriv")
        .args(["--reuid=12345", "--regid=12345", "--clear-groups"])
        .arg(vmkit_cli_tests::vm())
        .args([
            "--manager",
            "vm-toolkit",
            "--data-dir",
            root.to_str().unwrap(),
            "status",
            "--basic",
        ])
        .env("HOME", "/nonexistent")
        .output()
        .expect("start setpriv; these tests run as root");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(REGISTRY) && stderr.contains("denied"), "{stderr}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("good"));
}
