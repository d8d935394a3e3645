//! A snapshot works on any platform, and a replay reads nothing else.
#![cfg(target_os = "linux")]

use std::{fs, path::Path, process::Command};

use vmkit_cli_tests::{copy_for_everybody, run, vm};

/// A Mac with three VMs, one of them with a lease from an earlier run in shared mode.
fn macos() -> String {
    format!("{}/data/macos-bridged", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn replays_a_macs_snapshot_on_this_platform() {
    let output = run(&["status", "--from", &macos(), "--json"]);
    output.assert_harmless();
    assert_eq!(output.status, 0, "{output:?}");
    assert_eq!(output.json()["generated_at"], "2026-11-24T06:00:00.000Z");
    let rows = [
        ("web", "running", Some("192.168.1.64"), "resolved"),
        ("quiet", "initializing", None, "no-address"),
        ("off", "stopped", None, "not-running"),
    ];
    for (name, state, ip, verdict) in rows {
        let machine = output.machine(name);
        let said = (machine["state"].as_str(), machine["ip"].as_str(), machine["verdict"].as_str());
        assert_eq!(said, (Some(state), ip, Some(verdict)), "{machine:#}");
    }
    assert_eq!(output.machine("web")["ssh"]["banner"], "SSH-2.0-OpenSSH_9.6");
}

#[test]
fn a_replay_is_deterministic() {
    let once = || {
        let mut document = run(&["status", "--from", &macos(), "--json"]).json();
        document["elapsed_ms"].take();
        for plugin in document["plugins"].as_array_mut().unwrap() {
            plugin["elapsed_ms"].take();
        }
        document
    };
    assert_eq!(once(), once());
}

/// What a replay may open besides the snapshot: libraries, the installed tree, itself, its
/// configuration, the user database, and the number of processors, which the C library's allocator
/// reads.
const MAY_OPEN: [&str; 11] = [
    "/lib",
    "/usr/lib",
    "/nix/store",
    "/etc/ld.so",
    "/etc/vmkit/",
    "/etc/passwd",
    "/etc/nsswitch.conf",
    "/proc/self/",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu/online",
    "/dev/null",
];

#[test]
fn a_replay_sends_nothing_and_opens_nothing_else() {
    // The command, its exit status, and a part of its output.
    let rows = [(&["status"][..], 0, "192.168.1.64"), (&["doctor", "--yes"], 3, "web: ok")];
    for (command, status, answer) in rows {
        traced(command, status, answer);
    }
}

fn traced(command: &[&str], status: i32, answer: &str) {
    let trace = tempfile::NamedTempFile::new().expect("make a file");
    // strace writes a path with other letters as numbers.
    let snapshot = copy_for_everybody(Path::new(&macos()));
    let output = Command::new("unshare")
        .args([
            "--net",
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=socket,connect,open,openat,execve",
            "-o",
        ])
        .arg(trace.path())
        .arg(vm())
        .args(command)
        .arg("--from")
        .arg(snapshot.path())
        .env("HOME", "/nonexistent")
        .output()
        .expect("start unshare and strace; these tests run as root");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(answer), "{output:?}");

    let trace = fs::read_to_string(trace.path()).expect("read the trace");
    assert!(trace.contains("vm-worker"), "the workers are traced too:\n{trace}");
    let sockets: Vec<&str> =
        trace.lines().filter(|l| l.contains("socket(") && !l.contains("AF_UNIX")).collect();
    assert!(sockets.is_empty(), "{sockets:#?}");
    // The C library may ask the name service cache for root.
    let connections: Vec<&str> =
        trace.lines().filter(|l| l.contains("connect(") && !l.contains("/nscd/")).collect();
    assert!(connections.is_empty(), "{connections:#?}");
    let program = vm();
    let tree = program.parent().and_then(Path::parent).expect("it lies in a tree");
    let tree = tree.canonicalize().expect("the tree is there");
    let opened = trace.lines().filter(|line| line.contains("open") && !line.contains("ENOENT"));
    // The lists of trusted and of quarantined plugins lie below these, which are passed step by step.
    let is_passed = |line: &&str| {
        ["/etc", "/root"].iter().any(|folder| line.contains(&format!("\"{folder}\"")))
            && line.contains("O_DIRECTORY")
    };
    let strange: Vec<&str> = opened
        .filter(|line| !is_passed(line))
        .filter_map(|line| line.split('"').nth(1))
        .filter(|path| path.starts_with('/'))
        .filter(|path| !MAY_OPEN.iter().any(|allowed| path.starts_with(allowed)))
        .filter(|path| {
            !Path::new(path).starts_with(&tree) && !Path::new(path).starts_with(snapshot.path())
        })
        .collect();
    assert!(strange.is_empty(), "{strange:#?}");
}
