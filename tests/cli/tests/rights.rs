//! Under sudo, `vm` becomes the user who called it before it reads anything, and for good.
//!
//! These tests run as root and stand for sudo, which starts programs as root with the caller's numbers
//! in the environment.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use vmkit_cli_tests::{DataDirectory, vm, with_etc};
use vmkit_rights::{Account, Broker, HostsReply};

/// The user who calls sudo; the user database need not know them.
const ANN: &str = "41001";
/// Capabilities that a root login keeps: those over files, and to start and end workers as another
/// user (`CHOWN`, `DAC_OVERRIDE`, `DAC_READ_SEARCH`, `FOWNER`, `KILL`, `SETGID`, `SETUID`).
const OF_ROOT_LOGIN: &str = "00000000000000ef";
const NONE: &str = "0000000000000000";

/// The fields of `/proc/PID/status`.
fn status_of(pid: u32) -> BTreeMap<String, String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.map(|(name, value)| (name.to_owned(), value.trim().replace('\t', " "))).collect()
}

/// The processes whose parent this is, by name.
fn children_of(pid: u32) -> Vec<(String, u32)> {
    let entries = fs::read_dir("/proc").expect("/proc");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let child = |other: u32| {
        let text = fs::read_to_string(format!("/proc/{other}/status")).ok()?;
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(value.trim().to_owned())
        };
        (field("PPid:")? == pid.to_string()).then(|| (field("Name:").unwrap_or_default(), other))
    };
    pids.filter_map(child).collect()
}

/// A server of names, which runs until it is killed, for root's caller.
fn serve(directory: &DataDirectory, caller: Option<&str>) -> (std::process::Child, String) {
    let mut command = Command::new(vm());
    command.args(["--manager", "vm-toolkit", "--data-dir"]).arg(directory.path(""));
    command.args(["dns", "--listen", "127.0.0.1:0", "--interval", "1"]).env_clear();
    if let Some(caller) = caller {
        command.env("SUDO_UID", caller).env("SUDO_GID", caller);
    }
    let mut child = command.stderr(Stdio::piped()).spawn().expect("start vm dns");
    let mut line = String::new();
    let stderr = child.stderr.take().expect("its standard error");
    BufReader::new(stderr).read_line(&mut line).expect("what it says");
    (child, line)
}

#[test]
fn keeps_no_right_of_root_under_sudo_and_few_in_a_root_login() {
    let directory = DataDirectory::new();
    let rows =
        [(Some(ANN), "41001 41001 41001 41001", NONE, "1"), (None, "0 0 0 0", OF_ROOT_LOGIN, "1")];
    for (caller, ids, capabilities, no_new_privileges) in rows {
        let (mut child, line) = serve(&directory, caller);
        let status = status_of(child.id());
        let broker = children_of(child.id()).into_iter().find(|(name, _)| name == "vm-broker");
        let broker = broker.map(|(_, pid)| status_of(pid));
        child.kill().expect("end it");
        child.wait().expect("it ends");
        assert!(line.starts_with("serving "), "{caller:?}: {line}");
        assert_eq!((status["Uid"].as_str(), status["Gid"].as_str()), (ids, ids), "{caller:?}");
        for set in ["CapPrm", "CapEff", "CapBnd"] {
            assert_eq!(status[set], capabilities, "{caller:?} {set}");
        }
        for set in ["CapInh", "CapAmb"] {
            assert_eq!(status[set], NONE, "{caller:?} {set}");
        }
        assert_eq!(status["NoNewPrivs"], no_new_privileges, "{caller:?}");
        let groups = if caller.is_some() { ANN } else { &status["Groups"] };
        assert_eq!(status["Groups"], groups, "{caller:?}");
        assert_eq!(broker.expect("a broker")["Uid"], "0 0 0 0", "{caller:?}");
    }
}

/// What the loader, the user database and the look for its own tree read, and nothing of a user's.
const BEFORE: [&str; 7] = ["/etc/", "/lib", "/usr/", "/proc/", "/sys/", "/dev/", "/run/systemd/"];

#[test]
fn becomes_the_caller_of_sudo_before_it_reads_anything() {
    let directory = DataDirectory::new();
    let trace = tempfile::NamedTempFile::new().expect("make a file");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=%creds,prctl,execve,open,openat,socket", "-o"])
        .arg(trace.path())
        .arg(vm())
        .args(["--manager", "vm-toolkit", "--data-dir"])
        .arg(directory.path(""))
        .args(["status", "--basic"])
        .env_clear()
        .env("SUDO_UID", ANN)
        .env("SUDO_GID", ANN)
        .output()
        .expect("start strace; these tests run as root");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let trace = fs::read_to_string(trace.path()).expect("read the trace");
    let first = trace.split(' ').next().expect("a process number");
    let own: Vec<&str> =
        trace.lines().filter_map(|line| line.strip_prefix(first)).map(str::trim).collect();
    let index = |what: &str| {
        own.iter()
            .position(|line| line.starts_with(what))
            .unwrap_or_else(|| panic!("{what}: {trace}"))
    };
    let became = index("setresuid(41001, 41001, 41001)");
    assert!(trace.lines().any(|line| line.contains("execve(") && !line.starts_with(first)));
    for step in ["setgroups(1, [41001])", "setresgid(41001, 41001, 41001)"] {
        assert!(index(step) < became, "{step}: {trace}");
    }
    let capabilities = index("capset(");
    assert!(own[capabilities].contains("effective=0, permitted=0, inheritable=0"), "{trace}");
    assert!(index("prctl(PR_SET_NO_NEW_PRIVS, 1") > became, "{trace}");
    let back = own.iter().find(|line| line.starts_with("setresuid(0"));
    assert!(back.is_some_and(|line| line.contains("EPERM")), "it tries to go back: {trace}");
    let program = vm();
    let tree = program.parent().and_then(Path::parent).expect("it lies in a tree");
    let strange: Vec<&str> = own[..became]
        .iter()
        .filter(|line| line.starts_with("open") && !line.contains("ENOENT"))
        // The user database is reached directory by directory.
        .filter(|line| !line.contains("O_PATH"))
        .filter_map(|line| line.split('"').nth(1))
        .filter(|path| !BEFORE.iter().any(|allowed| path.starts_with(allowed)))
        .filter(|path| !Path::new(path).starts_with(tree))
        .collect();
    assert!(strange.is_empty(), "opened as root: {strange:#?}");
}

/// Lines of others in a hosts file, and a block of a machine that is gone.
const FOREIGN: &str = "127.0.0.1 localhost\n10.0.0.7 nas\n";
const FORMER_BLOCK: &str = "# BEGIN vmkit: `vm hosts-sync` writes the lines up to END; edits here are \
                            lost\n192.168.1.9\told\t# vm old\n# END vmkit\n";

/// A directory of root's with a hosts file.
fn etc(directory: &DataDirectory) -> PathBuf {
    let hosts = directory.write("etc/hosts", [FOREIGN, FORMER_BLOCK].concat());
    hosts.parent().expect("a directory").to_owned()
}

#[test]
fn the_hosts_file_is_written_by_the_broker_under_sudo() {
    let directory = DataDirectory::new();
    let etc = etc(&directory);
    let hosts_sync = |option: &str| {
        let mut command = with_etc(&etc);
        command.arg(vm()).args(["--manager", "vm-toolkit", "--data-dir"]).arg(directory.path(""));
        command.args(["hosts-sync", option, "--json"]);
        let output = command.env("SUDO_UID", ANN).env("SUDO_GID", ANN).output().expect("start it");
        assert!(output.status.success(), "{output:?}");
        let document: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        (document["outcome"].clone(), fs::read_to_string(etc.join("hosts")).expect("the file"))
    };
    let whole = [FOREIGN, FORMER_BLOCK].concat();
    assert_eq!(hosts_sync("--apply"), ("replaced".into(), FOREIGN.to_owned()));
    assert_eq!(hosts_sync("--apply"), ("unchanged".into(), FOREIGN.to_owned()));
    assert_eq!(hosts_sync("--undo"), ("undone".into(), whole));
    let owner = fs::metadata(etc.join("hosts")).expect("the file").uid();
    assert_eq!(owner, 0);
}

/// What a `vm` that somebody has taken over may ask for.
#[test]
fn the_broker_writes_only_the_block_of_the_hosts_file() {
    let directory = DataDirectory::new();
    let etc = etc(&directory);
    let program = vm().with_file_name("../lib/vmkit/vm-broker");
    let user: u32 = ANN.parse().expect("a number");
    let place = etc.clone();
    let broker = Broker::new(Account { uid: user, gid: user }, move || {
        let mut command = with_etc(&place);
        command.arg(&program);
        Ok(command)
    });
    let former = [FOREIGN, FORMER_BLOCK].concat();
    let base = vmkit_hosts::digest(former.as_bytes());
    let refused = [
        String::new(),
        FOREIGN.replace("10.0.0.7", "6.6.6.6"),
        former.clone() + "6.6.6.6 bank.example\n",
        former.replace("old\t#", "localhost\t#"),
        former.replace("192.168.1.9", "127.0.0.1"),
        former.replace("\t# vm old", "\t# vm old\n6.6.6.6 bank.example"),
    ];
    for new in refused {
        let refusal = broker.replace_hosts(base, new.as_bytes()).expect_err(&new);
        assert!(refusal.denied, "{refusal}");
    }
    let stale = broker.replace_hosts([7; 32], FOREIGN.as_bytes()).expect("an answer");
    assert_eq!(stale, HostsReply::Changed);
    assert!(broker.undo_hosts(base).is_err(), "there is nothing to undo");
    assert_eq!(fs::read_to_string(etc.join("hosts")).expect("the file"), former);
    let written = broker.replace_hosts(base, FOREIGN.as_bytes()).expect("an answer");
    assert!(matches!(written, HostsReply::Written { in_place: false, .. }), "{written:?}");
    assert_eq!(fs::read_to_string(etc.join("hosts")).expect("the file"), FOREIGN);
}
