//! Plugins that are programs: what they cannot do, and how each misbehaviour ends.
#![cfg(target_os = "linux")]

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, symlink},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use vmkit_contract::{MisbehaviourRow, Tree, assert_misbehaviours, machine};

/// How long processes may take to start or to end on a busy computer.
const GENEROUS: Duration = Duration::from_mins(1);

const PROGRAM: &str = include_str!("../programs/misbehave.py");

fn manifest(needs: &Value) -> Value {
    json!({
        "id": "misbehave", "version": "0.1.0", "epoch": 1, "kinds": ["signal"],
        "summary": "misbehaves as configured", "stages": ["discover"], "cost": "network",
        "modes": ["fast", "full"], "needs": needs,
        "program": {
            "file": "misbehave.py", "interpreter": "/usr/bin/python3", "arguments": ["-I", "-S"],
        },
    })
}

const ROWS: &[MisbehaviourRow] = &[
    ("well", "ok", "", 2),
    ("exit", "crashed", "its program ended with status 0", 2),
    ("exit-3", "crashed", "its program ended with status 3: something is wrong", 2),
    ("exception", "crashed", "its program ended with status 1: KeyError: 'x'", 2),
    ("abort", "crashed", "its program died of signal 6", 2),
    ("hang", "timeout", "its call took longer than 4000 ms", 2),
    ("silent", "timeout", "loading took longer than 4000 ms", 0),
    // Either the program reports the deadline itself, or it is killed first.
    ("dawdle", "timeout", "", 2),
    ("late", "timeout", "", 2),
    ("leave-a-thread", "ok", "", 2),
    ("flood", "error", "it reported more than 1152 facts", 0),
    ("flood-log", "error", "it logged more than 1000 lines", 0),
    ("flood-unknown", "error", "it wrote more than 32 MiB", 0),
    ("flood-questions", "error", "it asked for more than 72 files", 0),
    ("flood-standard-error", "ok", "", 2),
    ("long-line", "error", "it wrote a line of more than 1 MiB", 0),
    ("long-json", "error", "it wrote a line of more than 1 MiB", 0),
    ("close", "crashed", "its program closed its standard output", 2),
    ("close-input", "ok", "", 2),
    ("partial", "crashed", "its program ended with status 0", 2),
    ("in-pieces", "ok", "", 2),
    ("not-json", "error", "it wrote a line that is not of the protocol", 0),
    ("nan", "error", "it wrote a line that is not of the protocol", 0),
    ("negative", "error", "it wrote a line that is not of the protocol", 0),
    ("deep", "error", "recursion limit", 0),
    ("not-utf-8", "error", "it wrote a line that is not of the protocol", 0),
    ("ready-again", "error", "it wrote a line that has no place in a call", 0),
    ("advice", "ok", "", 2),
    ("lie-about-machine", "error", "it reported machine 9 of a batch of 2", 0),
    ("lie-about-arp", "error", "arp-reply, which it cannot know without `arp`", 0),
    ("much-memory", "crashed", "its program ended with status 1: MemoryError", 2),
    ("control-bytes", "error", "\\x1b[31mred", 2),
    ("later-protocol", "incompatible", "it speaks protocol 2, this vm 1", 0),
    ("bad-configuration", "error", "`how` has no such value", 0),
    ("exit-when-made", "crashed", "its program ended with status 1: no module named x", 0),
    ("early", "error", "it wrote a line that has no place before it was ready", 0),
];

#[test]
fn every_misbehaviour_of_a_program_has_one_clear_status() {
    let tree = || {
        let tree = Tree::with(&[]);
        tree.add_program(&manifest(&json!({"read_files": ["{console}"]})), PROGRAM);
        tree
    };
    assert_misbehaviours(ROWS, tree, |how| json!({"how": how}).to_string());
}

#[test]
fn a_program_cannot_do_what_its_manifest_does_not_declare() {
    let rows = [
        (json!({"read_files": ["{console}"]}), ""),
        (json!({"network": true}), "open a TCP socket, open a UDP socket"),
        (json!({"neighbour_table": true}), "open a netlink socket"),
    ];
    for (needs, expected) in rows {
        let tree = Tree::with(&[]);
        let place = tree.add_program(&manifest(&needs), PROGRAM);
        let configuration = json!({"how": "forbidden", "manifest": place}).to_string();
        let ran = tree.run(vec![machine("web")], &[("misbehave", &configuration)]);
        assert_eq!(ran.outcome("misbehave"), ("ok", ""), "{needs}");
        let expected = [format!("succeeded: {expected}"), "odd: ".to_owned()];
        assert_eq!(ran.texts("misbehave"), expected, "{needs}");
    }
}

/// Waits until this is there.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + GENEROUS;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} within a minute");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// A field of `/proc/PID/status`.
fn status(pid: u32, field: &str) -> io::Result<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.map(|value| value.trim().replace('\t', " "))
        .ok_or_else(|| io::Error::other(field.to_owned()))
}

fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| status(*pid, "PPid").is_ok_and(|of| of == parent.to_string());
    pids.filter(is_child).collect()
}

/// What a process has open, by the first words of the links.
fn descriptors(pid: u32) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let target = fs::read_link(entry?.path())?.display().to_string();
        names.extend(target.split([':', ' ']).next().map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The worker and the process of its program, once the program runs.
fn running_program() -> (u32, u32) {
    wait_for("a program that runs", || {
        children(std::process::id()).into_iter().find_map(|worker| {
            let [program] = children(worker)[..] else { return None };
            let words = fs::read(format!("/proc/{program}/cmdline")).ok()?;
            words.starts_with(b"/usr/bin/python3\0").then_some((worker, program))
        })
    })
}

#[test]
fn a_program_has_the_seals_of_a_library_and_ends_with_its_worker() {
    let tree = Tree::with(&[]);
    tree.add_program(&manifest(&json!({"read_files": ["{console}"]})), PROGRAM);
    std::thread::scope(|scope| {
        let run =
            scope.spawn(|| tree.run(vec![machine("web")], &[("misbehave", r#"{"how":"hang"}"#)]));
        let (worker, program) = running_program();
        let of = |field: &str| status(program, field).expect("it runs");
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(of(set), "0000000000000000", "{set}");
        }
        assert_eq!((of("NoNewPrivs").as_str(), of("Seccomp").as_str()), ("1", "2"));
        assert!(of("Uid").split(' ').all(|uid| uid != "0"), "{}", of("Uid"));
        let memory = fs::metadata(format!("/proc/{program}/mem")).expect("it runs");
        assert_eq!(memory.uid(), 0, "others of the same user can trace it");
        // Until the interpreter has read the program, it has it open twice.
        wait_for("a program with its own descriptors alone", || {
            (descriptors(program).ok()? == ["/memfd", "pipe", "pipe", "pipe"]).then_some(())
        });
        let environment = fs::read(format!("/proc/{program}/environ")).expect("it runs");
        assert_eq!(environment, b"LC_ALL=C.UTF-8\0PATH=/usr/bin:/bin\0");
        let limits = fs::read_to_string(format!("/proc/{program}/limits")).expect("it runs");
        for limit in ["Max file size             0 ", "Max core file size        0 "] {
            assert!(limits.contains(limit), "{limits}");
        }
        // Without its worker nobody could end it.
        let pid = rustix::process::Pid::from_raw(worker.cast_signed()).expect("not zero");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill it");
        wait_for("the end of the program", || {
            status(program, "State").map_or(Some(()), |state| state.starts_with('Z').then_some(()))
        });
        let ran = run.join().expect("a run");
        assert_eq!(ran.outcome("misbehave").0, "crashed");
    });
}

#[test]
fn a_program_gets_answers_to_what_its_manifest_declares_alone() {
    let tree = Tree::with(&[]);
    let needs = json!({"read_files": ["{console}", "/etc/hostn*name"]});
    tree.add_program(&manifest(&needs), PROGRAM);
    let log = tree.root().join("console.log");
    fs::write(&log, "Linux \"boots\"\n").expect("write a log");
    let mut web = machine("web");
    web.subject.has_console = true;
    web.console = Some(log);
    let ran = tree.run(vec![web], &[("misbehave", r#"{"how":"ask"}"#)]);
    assert_eq!(ran.outcome("misbehave"), ("ok", ""));
    let expected = [
        "denied: the manifest declares no file \"/etc/passwd\"",
        "[{'type': 'answer', 'text': 'Linux \"boots\"\\n'}]",
        "not-found: no machine of the batch has this index",
        "denied: the manifest declares no files \"/etc/*.conf\"",
        "denied: only an inventory sees processes",
        "denied: the manifest declares no `arp`",
        "denied: the manifest declares no `guest_agent`",
        "denied: the manifest declares no artefact \"snapshot.json\"",
        "denied: the manifest declares no artefact \"snapshot.json\"",
    ];
    let texts = ran.texts("misbehave");
    for (text, expected) in texts.iter().zip(expected) {
        assert!(text.starts_with(expected), "{text} is not {expected}");
    }
    assert_eq!(texts.len(), expected.len(), "{texts:?}");
}

/// What changes a file of the plugin directory, and a part of the refusal.
type Change<'a> = (&'static str, &'a dyn Fn(&Path), &'static str);

#[test]
fn manifest_and_program_are_installed_and_hashed_together() {
    let append = |path: &Path| {
        let text = fs::read_to_string(path).expect("read it") + "\n";
        fs::write(path, text).expect("change it");
    };
    let link = |path: &Path| {
        let other = path.with_file_name("other");
        fs::rename(path, &other).expect("move it");
        symlink(other, path).expect("a link");
    };
    let rows: [Change<'_>; 4] = [
        ("misbehave.py", &append, "misbehave.py is not the file that was installed"),
        (
            "misbehave.plugin.json",
            &append,
            "misbehave.plugin.json is not the file that was installed",
        ),
        ("misbehave.py", &link, "misbehave.py is not a regular file"),
        ("misbehave.py", &|path| fs::remove_file(path).expect("remove it"), "cannot open"),
    ];
    for (file, change, expected) in rows {
        let mut tree = Tree::with(&[]);
        tree.add_program(&manifest(&json!({})), PROGRAM);
        let before = tree.run(vec![machine("web")], &[]);
        assert_eq!(before.outcome("misbehave").0, "error", "{before:?}", before = before.outcomes);
        tree.keeps_pins = true;
        change(&tree.plugins().join(file));
        let ran = tree.run(vec![machine("web")], &[]);
        let message = ran.outcomes[0].message.clone().unwrap_or_default();
        assert!(message.contains(expected), "{file}: {message}");
    }
}
