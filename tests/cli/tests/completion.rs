//! `vm completion` in real shells.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

use std::process::{Command, Stdio};

use vmkit_cli_tests::{DataDirectory, vm};

/// Calls the registered completion function, as bash does.
const PRESS: &str = r#"
source <("$VM" completion bash) || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9; COMPREPLY=()
_clap_complete_vm vm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

fn offered(words: &[&str]) -> Vec<String> {
    let output = Command::new("/bin/bash")
        .args(["--norc", "-c", PRESS, "bash"])
        .args(words)
        .env_clear()
        .env("VM", vm())
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_current_vms() {
    let directory = DataDirectory::new();
    for name in ["web", "web-2", "My_db", "-oX"] {
        directory.add(name);
    }
    // Invalid names are not offered.
    directory.write("vms/$(touch evil)/$(touch evil).qcow2", "disk");
    let odd = r#"{"vms":{"; rm -rf ~":{},"*":{},"a b":{},"registered":{}},"version":"1.0"}"#;
    directory.write(".vm-registry.json", odd);
    let place = directory.path("");
    let place = place.to_str().unwrap();
    let joined = format!("--data-dir={place}");
    let rows: &[(&[&str], &[&str])] = &[
        (&["vm", "resol"], &["resolve"]),
        (&["vm", "ssh-con"], &["ssh-config"]),
        (&["vm", "completion", "f"], &["fish"]),
        (&["vm", "--data-dir", place, "ssh", "w"], &["web", "web-2"]),
        (&["vm", &joined, "status", "web", "M"], &["My_db"]),
        (&["vm", "resolve", "--data-dir", place, "r"], &["registered"]),
        (&["vm", "--data-dir", place, "start", "web", "M"], &["My_db"]),
        (&["vm", "--data-dir", place, "clone", "w"], &["web", "web-2"]),
        (&["vm", "--data-dir", "/nonexistent", "ssh", "w"], &[""]),
    ];
    for (words, expected) in rows {
        assert_eq!(offered(words), *expected, "{words:?}");
    }
    let all = offered(&["vm", "--data-dir", place, "doctor", ""]);
    let names: Vec<_> = all.iter().filter(|word| !word.starts_with("--")).collect();
    assert_eq!(names, ["My_db", "registered", "web", "web-2"]);
}

#[test]
fn every_shell_has_a_script() {
    for (shell, word) in [("bash", "complete -o"), ("zsh", "#compdef vm"), ("fish", "complete ")] {
        let output = DataDirectory::new().run(&["completion", shell]);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{shell}");
        assert!(output.stdout.contains(word), "{shell}: {}", output.stdout);
    }
}
