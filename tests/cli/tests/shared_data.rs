//! Nobody else's machines in a data directory that several users can write to.
//!
//! This test runs as root and stands for sudo, which starts programs as root with the caller's numbers
//! in the environment.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    process::Command,
};

use vmkit_cli_tests::{DataDirectory, vm};

/// Whose data directory it is, and who makes a machine in it. The user database need not know them.
const ANN: u32 = 41_001;
const EVE: u32 = 41_002;

#[test]
fn a_machine_that_a_stranger_put_into_a_shared_directory_is_skipped() {
    let data = DataDirectory::new();
    let own = |below: &str, user| chown(data.path(below), Some(user), Some(user)).expect("own");
    data.add("web");
    data.write("vms/mirror/mirror.qcow2", "");
    data.write("vms/mirror/cloud-init/user-data", "hostname: bank.example\n");
    for path in ["", "vms", "vms/web", ".vm-registry.json"] {
        own(path, ANN);
    }
    own("vms/mirror", EVE);
    for (mode, expected, why) in [
        (0o1777, &["web"][..], "it belongs to user 41002"),
        (0o777, &[], "everybody can write to it"),
    ] {
        fs::set_permissions(data.path("vms"), fs::Permissions::from_mode(mode)).expect("share");
        let mut command = Command::new(vm());
        command
            .args(["--manager", "vm-toolkit", "--data-dir"])
            .arg(data.path(""))
            .args(["status", "--basic", "--json"]);
        command.env_clear().env("SUDO_UID", ANN.to_string()).env("SUDO_GID", ANN.to_string());
        let output = command.output().expect("start vm");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let machines = json["vms"].as_array().expect("machines");
        let names: Vec<_> =
            machines.iter().filter_map(|machine| machine["name"].as_str()).collect();
        assert_eq!(names, expected, "{mode:o}");
        assert_eq!(output.status.code(), Some(2), "{json}");
        let text = json.to_string();
        assert!(!text.contains("bank.example") && text.contains(why), "{text}");
    }
}
