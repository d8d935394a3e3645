//! Every misbehaviour of a plugin ends as one clear status, and the host answers.
#![cfg(target_os = "linux")]

use vmkit_contract::{MisbehaviourRow, Tree, assert_misbehaviours, machine};
use vmkit_host::{Target, Wait};

const ROWS: &[MisbehaviourRow] = &[
    ("well", "ok", "", 2),
    ("panic", "crashed", "panicked: panic on demand", 2),
    ("panic-when-made", "crashed", "panicked: panic in new", 0),
    ("abort", "crashed", "an abort (SIGABRT)", 2),
    ("segfault", "crashed", "a segmentation fault (SIGSEGV)", 2),
    ("exit", "crashed", "its process ended by itself with status 0", 2),
    ("hang", "timeout", "its call took longer than 4000 ms", 2),
    ("hang-when-made", "timeout", "loading took longer than 4000 ms", 0),
    // Either the plugin reports the deadline itself, or it is killed first.
    ("dawdle", "timeout", "", 2),
    ("flood", "error", "it reported more than 1152 facts", 0),
    ("flood-opening", "error", "it asked for more than 72 files", 0),
    // It goes nowhere: neither to the terminal, nor into memory.
    ("flood-standard-error-when-made", "ok", "", 2),
    ("flood-log", "error", "it logged more than 1000 lines", 0),
    ("flood-log-when-made", "error", "it logged more than 1000 lines", 0),
    ("flood-long-log-when-made", "error", "it sent more than 32 MiB", 0),
    ("print", "ok", "", 2),
    ("read-standard-input", "ok", "", 2),
    ("lie-about-machine", "error", "it reported machine 9 of a batch of 2", 0),
    ("lie-about-kind", "ok", "", 3),
    ("lie-about-arp", "error", "it reported arp-reply, which it cannot know without `arp`", 0),
    ("lie-about-key", "error", "it reported ssh-host-key, which it cannot know without", 0),
    ("lie-about-agent", "error", "agent-address, which it cannot know without `guest_agent`", 0),
    ("lie-beside-a-kind", "error", "a host key, which it cannot know without `host_keys`", 0),
    ("garbage", "error", "it sent a frame that is not a message", 0),
    ("close", "crashed", "its process", 2),
    ("ask-by-arp", "denied", "the manifest declares no `arp`", 2),
    ("console", "error", "the machine has no console log", 2),
    ("say \u{1b}[31mred", "error", "behaviour say \\x1b[31mred", 2),
];

#[test]
fn every_misbehaviour_has_one_clear_status() {
    let configuration = |how: &str| format!("{{\"how\": {how:?}}}").replace("\\u{1b}", "\\u001b");
    assert_misbehaviours(ROWS, || Tree::with(&["contract-misbehave"]), configuration);
}

#[test]
fn a_plugin_cannot_do_what_its_manifest_does_not_declare() {
    // As a shell does that leaves a descriptor open for its programs.
    let flags = rustix::fs::OFlags::DIRECTORY;
    let _inherited = rustix::fs::open("/", flags, rustix::fs::Mode::empty()).expect("a directory");
    let rows = [
        (r#"{"read_files": ["{console}"]}"#, ""),
        ("{}", ""),
        (r#"{"network": true}"#, "open a TCP socket, open a UDP socket"),
        (r#"{"neighbour_table": true}"#, "open a netlink socket"),
    ];
    for (needs, expected) in rows {
        let tree = Tree::with(&["contract-misbehave"]);
        tree.declare(needs);
        let ran = tree.run(vec![machine("web")], &[("misbehave", r#"{"how":"forbidden"}"#)]);
        assert_eq!(ran.outcome("misbehave"), ("ok", ""), "{needs}");
        assert_eq!(ran.texts("misbehave"), [format!("succeeded: {expected}")], "{needs}");
    }
}

#[test]
fn other_plugins_still_answer() {
    let tree = Tree::with(&["contract-misbehave", "signal-console"]);
    let log = tree.root().join("console.log");
    std::fs::write(
        &log,
        "udhcpc: lease of 192.168.1.64 obtained from 192.168.1.1, lease time 60\n",
    )
    .unwrap();
    let mut web = machine("web");
    web.subject.has_console = true;
    let web = Target { console: Some(log), ..web };
    let ran = tree.run(vec![web], &[("misbehave", r#"{"how":"segfault"}"#)]);
    assert_eq!(ran.outcome("misbehave").0, "crashed");
    assert_eq!(ran.outcome("console"), ("ok", ""));
    let addresses: Vec<_> =
        ran.evidence.iter().filter_map(|item| item.observation.address).collect();
    assert!(addresses.contains(&[192, 168, 1, 64].into()), "{:?}", ran.evidence);
}

#[test]
fn refuses_a_console_that_is_not_a_regular_file() {
    let tree = Tree::with(&["contract-misbehave"]);
    let mut web = machine("web");
    web.subject.has_console = true;
    let cases = [
        ("/dev/null", "denied", "/dev/null leads to /dev/null, which is no console log"),
        ("/proc", "error", "/proc is a directory, not a regular file"),
        ("/usr", "error", "/usr is a directory, not a regular file"),
    ];
    for (path, status, message) in cases {
        let web = Target { console: Some(path.into()), ..web.clone() };
        let ran = tree.run(vec![web], &[("misbehave", r#"{"how":"console"}"#)]);
        assert_eq!(ran.outcome("misbehave"), (status, message));
    }
}

/// Other files of a snapshot are what vmkit and its own plugins have seen, and a replay believes them.
#[test]
fn a_plugin_of_others_records_only_files_of_its_own() {
    let how = r#"{"how":"record"}"#;
    let tree = Tree::with(&[]);
    let (ran, record) = tree.record_outside("contract-misbehave", vec![machine("web")], how);
    assert_eq!(ran.outcome("misbehave"), ("ok", ""));
    let refused =
        |name: &str| format!("{name}: it can record plugins/misbehave.… and not \"{name}\"");
    let expected = [
        "a fact".to_owned(),
        refused("snapshot.json"),
        refused("neigh/ip-neigh.txt"),
        refused("plugins/other.txt"),
        "plugins/misbehave.txt: recorded".to_owned(),
    ];
    assert_eq!(ran.texts("misbehave"), expected);
    let made: Vec<_> = record.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(made, ["plugins"]);
}

#[test]
fn a_worker_that_ends_between_two_rounds_is_reported_in_the_second() {
    let tree = Tree::with(&["contract-misbehave"]);
    let mut run = tree.start(&[("misbehave", r#"{"how":"exit"}"#)]);
    // It discovers over the network, so a quick look does not wait for it.
    run.discover(vec![machine("web")], None);
    let first = run.settle(Wait::Quick).outcomes;
    assert!(matches!(first[0].status.code(), "skipped" | "crashed"), "{first:?}");
    run.discover(vec![machine("web")], None);
    let second = run.settle(Wait::All).outcomes;
    assert_eq!(second[0].status.code(), "crashed", "{second:?}");
}
