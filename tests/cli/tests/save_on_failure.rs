//! `--save-on-failure`: what is seen right after a command failed is saved, and nothing after success.
#![cfg(target_os = "linux")]

use std::path::Path;

use vmkit_cli_tests::{DataDirectory, Output, run};

/// What a snapshot says of the machine: its likeliest cause.
fn cause(snapshot: &Path, name: &str) -> String {
    let output = run(&["doctor", name, "--json", "--from", snapshot.to_str().expect("plain")]);
    let causes = &output.machine(name)["causes"];
    causes[0]["code"].as_str().unwrap_or_else(|| panic!("no cause: {output:?}")).to_owned()
}

fn last_line(output: &Output) -> &str {
    output.stderr.lines().last().unwrap_or_default()
}

#[test]
fn saves_what_is_seen_where_a_vm_has_no_address() {
    let directory = DataDirectory::new();
    directory.add("web");
    for (command, place) in [("status", "status"), ("status", "status.zip"), ("ssh", "ssh")] {
        let place = directory.path(place);
        let path = place.to_str().expect("a plain path");
        let output = directory.run(&[command, "web", "--save-on-failure", path]);
        output.assert_harmless();
        assert_eq!(output.status, 1, "{command}: {output:?}");
        let last = last_line(&output);
        assert!(last.contains(&format!("saved in {path};")), "{command}: {output:?}");
        assert!(last.ends_with(&format!("vm doctor --from {path}")), "{command}: {output:?}");
        assert_eq!(cause(&place, "web"), "vm-not-running", "{command} {path}");
    }
}

#[test]
fn saves_nothing_where_nothing_failed() {
    let directory = DataDirectory::new();
    directory.add("web");
    // Machines that nobody asked for by name may be stopped.
    let place = directory.path("kept");
    let path = place.to_str().expect("a plain path");
    let output = directory.run(&["status", "--save-on-failure", path]);
    assert_eq!(output.status, 0, "{output:?}");
    assert!(!place.exists() && !output.stderr.contains("saved"), "{output:?}");
}

#[test]
fn refuses_a_place_that_is_taken_before_anything_is_done() {
    let directory = DataDirectory::new();
    directory.add("web");
    let file = directory.write("taken/mine", "precious");
    let zip = directory.write("taken.zip", "precious");
    for place in [directory.path("taken"), zip, file] {
        let path = place.to_str().expect("a plain path");
        for command in ["status", "ssh", "start"] {
            let output = directory.run(&[command, "web", "--save-on-failure", path]);
            output.assert_harmless();
            assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{output:?}");
            assert!(output.stderr.contains("is no empty directory"), "{output:?}");
            assert!(output.stderr.contains("--save-on-failure"), "{output:?}");
        }
    }
    assert_eq!(std::fs::read(directory.path("taken/mine")).expect("the file"), b"precious");
}
