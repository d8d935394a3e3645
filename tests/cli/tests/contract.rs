//! What scripts rely on: exit statuses, streams and JSON.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use vmkit_cli_tests::{DataDirectory, run, vm};

#[test]
fn exit_statuses_follow_the_outcome() {
    let directory = DataDirectory::new();
    directory.add("web");
    let rows: &[(&[&str], i32, &str)] = &[
        (&["status"], 0, ""),
        (&["status", "--basic", "web"], 0, ""),
        (&["status", "web"], 1, ""),
        (&["status", "wbe"], 2, "there is no VM named `wbe`"),
        (&["status", "--fast", "--basic"], 2, "cannot be used with"),
        (&["frobnicate"], 2, "unrecognized subcommand"),
        (&["explain"], 0, ""),
        (&["explain", "DHCP-no-servers"], 2, "near ones are dhcp-no-server, "),
        (&["explain", "zebra"], 2, "hint: all codes: vm explain"),
        (&["doctor", "--passive", "--wait", "1"], 0, "--wait did nothing: no VM has a problem"),
        (&["plugin", "info", "nosuch"], 2, "there is no plugin `nosuch`"),
        (&["--config", "/nonexistent/c.toml", "status"], 2, "/nonexistent/c.toml"),
        (&["--help"], 0, ""),
        (&["--version"], 0, ""),
    ];
    for (arguments, status, stderr) in rows {
        let output = directory.run(arguments);
        assert_eq!(output.status, *status, "{arguments:?}: {output:?}");
        assert!(output.stderr.contains(stderr), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_missing_data_directory_is_an_error_with_a_hint() {
    for command in ["status", "doctor", "list"] {
        let output = run(&["--data-dir", "/nonexistent/vms", command]);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{command}");
        let says =
            "error: /nonexistent/vms: the data directory does not exist (named by --data-dir)\n";
        assert!(output.stderr.starts_with(says), "{output:?}");
        assert!(output.stderr.ends_with("hint: name another one: --data-dir DIR\n"), "{output:?}");
    }
}

#[test]
fn a_machine_with_a_process_and_no_address_is_initializing() {
    let mut directory = DataDirectory::new();
    directory.add("web");
    directory.start("web");
    let basic = directory.run(&["status", "--basic", "--json"]).machine("web");
    assert_eq!((&basic["state"], &basic["verdict"]), (&"running".into(), &"not-checked".into()));
    // This QEMU starts paused.
    let full = directory.run(&["status", "--json"]).machine("web");
    assert_eq!((&full["state"], &full["ip"]), (&"paused".into(), &serde_json::Value::Null));
    assert!(full["pid"].as_u64().is_some());
}

/// More VMs than are asked before discovery.
#[test]
fn asks_silent_ones_of_many_vms_whether_they_are_paused() {
    let mut directory = DataDirectory::new();
    let names: Vec<String> = (0..17).map(|number| format!("vm{number:02}")).collect();
    for name in &names {
        directory.add(name);
        directory.start(name);
    }
    let output = directory.run(&["status", "--json"]);
    for name in &names {
        assert_eq!(output.machine(name)["state"], "paused", "{name}");
    }
}

#[test]
fn ignores_a_pid_of_another_program() {
    let directory = DataDirectory::new();
    directory.add("web");
    directory.write("vms/web/web.pid", std::process::id().to_string());
    assert_eq!(directory.run(&["status", "--json"]).machine("web")["state"], "stopped");
}

#[test]
fn json_names_its_schema_and_every_plugin() {
    let document = DataDirectory::new().run(&["status", "--json"]).json();
    assert_eq!(document["schema"], "vmkit.status/1");
    let ids: Vec<_> = document["plugins"].as_array().unwrap().iter().map(|p| &p["id"]).collect();
    for id in ["arp", "console", "ssh"] {
        assert!(ids.contains(&&id.into()), "{ids:?}");
    }
}

#[test]
fn lists_and_shows_plugins_without_loading_them() {
    let list = run(&["plugin", "list"]);
    assert_eq!(list.status, 0, "{list:?}");
    let info = run(&["plugin", "info", "console"]);
    assert!(list.stdout.contains("ssh") && info.stdout.contains("console"), "{list:?} {info:?}");
    let json = run(&["plugin", "list", "--json"]).json();
    assert_eq!(json["schema"], "vmkit.plugins/1");
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
    let directory = DataDirectory::new();
    (0..2000).for_each(|number| directory.add(&format!("vm{number}")));
    let mut child = Command::new(vm())
        .args([
            "--manager",
            "vm-toolkit",
            "--data-dir",
            directory.path("").to_str().unwrap(),
            "status",
            "--basic",
            "--json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
