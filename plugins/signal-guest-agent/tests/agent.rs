//! The plugin with agents that the test runs, and with its own recordings.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    thread::{self, JoinHandle},
    time::Duration,
};

use signal_guest_agent::GuestAgent;
use vmkit_plugin::{ErrorCode, Mac, Stage, Subject};
use vmkit_testkit::FakeHost;

const REPLY: &str = include_str!("data/docker-host.json");
const FACTS: [&str; 2] = [
    "0 agent-address 192.168.1.64 the guest agent reports it on enp0s1",
    "0 agent-address 2001:db8::5054:ff:fe4b:5e57 the guest agent reports it on enp0s1",
];

fn web() -> Subject {
    let macs = vec![Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57])];
    Subject { name: "web".into(), macs, has_guest_agent: true, ..Subject::default() }
}

/// What an agent does with its connection.
type Behaviour = fn(UnixStream);

/// An agent that serves one connection, in a directory of its own.
struct Agent {
    directory: tempfile::TempDir,
    thread: JoinHandle<()>,
}

impl Agent {
    fn start(behaviour: Behaviour) -> Self {
        let directory = tempfile::tempdir().expect("make a directory");
        let listener = UnixListener::bind(directory.path().join("web.qga")).expect("listen");
        let thread = thread::spawn(move || behaviour(listener.accept().expect("accept").0));
        Self { directory, thread }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn host(&self) -> FakeHost {
        FakeHost::new().with_guest_agent(0, self.path().join("web.qga"))
    }

    /// The plugin's report about the machine of this agent.
    fn lines(self) -> Vec<String> {
        let report = self.host().observe::<GuestAgent>("{}", &[web()]);
        assert_eq!(report.result, Ok(()));
        self.thread.join().expect("the agent did not panic");
        report.lines()
    }
}

/// The next request, and the number in it, if any.
fn request(reader: &mut BufReader<UnixStream>) -> (String, String) {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).expect("read a request");
    let line = String::from_utf8_lossy(line.strip_prefix(&[0xff]).unwrap_or(&line)).into_owned();
    let number = line.chars().filter(char::is_ascii_digit).collect();
    (line, number)
}

/// Answers as QEMU's agent does, after sending `before`.
fn answer(stream: UnixStream, before: &[u8], reply: &str) {
    let mut to_client = stream.try_clone().expect("clone the stream");
    let mut reader = BufReader::new(stream);
    let (line, number) = request(&mut reader);
    assert!(line.contains("\"guest-sync-delimited\""), "{line}");
    to_client.write_all(before).expect("write to the client");
    to_client
        .write_all(&[b"\xff", format!("{{\"return\": {number}}}\n").as_bytes()].concat())
        .expect("write to the client");
    let (line, _) = request(&mut reader);
    assert_eq!(line, "{\"execute\":\"guest-network-get-interfaces\"}\n");
    to_client.write_all(reply.replace('\n', "").as_bytes()).expect("write to the client");
    to_client.write_all(b"\n").expect("write to the client");
}

/// Reads until the client has left. The client requests nothing before it has an answer.
fn keep_silent(mut stream: UnixStream) {
    let mut requests = Vec::new();
    stream.read_to_end(&mut requests).expect("read until the client leaves");
    let lines = requests.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    assert_eq!(lines.count(), 1, "{}", String::from_utf8_lossy(&requests));
}

#[test]
fn reports_the_agents_addresses_on_the_machines_own_card() {
    assert_eq!(Agent::start(|stream| answer(stream, b"", REPLY)).lines(), FACTS);
}

#[test]
fn skips_what_an_earlier_client_left_behind() {
    let left: Behaviour = |stream| {
        let left = b"half a repl\"y}\n\xff{\"return\": 1}\n{\"return\": []}\n\xff{broken\n";
        answer(stream, left, REPLY);
    };
    assert_eq!(Agent::start(left).lines(), FACTS);
}

#[test]
fn reports_an_agent_with_a_wrong_answer_as_unread() {
    let failed = |how| format!("0 unread - talk to the guest agent: {how}");
    let rows: [(Behaviour, String); 5] = [
        (keep_silent, "0 unread - no answer before the deadline".to_owned()),
        // The scheduler decides whether writing or reading shows it.
        (drop, failed("")),
        (
            |mut stream| {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                request(&mut reader);
                stream.write_all(b"\xff{\"return\"").unwrap();
            },
            failed("it was closed within a reply, or the reply is too long"),
        ),
        (
            |stream| {
                let refusal = r#"{"error":{"class":"CommandNotFound","desc":"it is disabled"}}"#;
                answer(stream, b"", refusal);
            },
            "0 unread - the guest agent refuses: it is disabled".to_owned(),
        ),
        (
            |mut stream| {
                // Sending fails once the client has left.
                while stream.write_all(&[b'x'; 1 << 14]).is_ok() {}
            },
            failed("it was closed within a reply, or the reply is too long"),
        ),
    ];
    for (row, (behaviour, expected)) in rows.into_iter().enumerate() {
        let lines = Agent::start(behaviour).lines();
        assert_eq!(lines.len(), 1, "row {row}: {lines:?}");
        assert!(lines[0].starts_with(&expected), "row {row}: {lines:?}");
    }
}

#[test]
fn a_recording_gives_the_same_observations() {
    let agent = Agent::start(|stream| answer(stream, b"", REPLY));
    let host = agent.host().recording_to(agent.path());
    let live = host.observe::<GuestAgent>("{}", &[web()]);
    assert_eq!(live.lines(), FACTS);
    let replay = FakeHost::new()
        .with_artefact_file("agent/web.json", agent.path().join("agent/web.json"))
        .observe::<GuestAgent>("{}", &[Subject { has_guest_agent: false, ..web() }]);
    assert_eq!(replay.result, Ok(()));
    assert_eq!(replay.observations, live.observations);
    agent.thread.join().unwrap();
}

#[test]
fn skips_machines_without_an_agent_or_a_mac() {
    let vms = [Subject { has_guest_agent: false, ..web() }, Subject { macs: Vec::new(), ..web() }];
    let reported = ["0 unread - it has no guest agent channel", "1 unread - its MAC is not known"];
    for (vms, expected) in [(&vms[..], &reported[..]), (&[], &[])] {
        let report = FakeHost::new().observe::<GuestAgent>("{}", vms);
        assert_eq!(
            (report.result.clone(), report.lines()),
            (Ok(()), expected.iter().map(ToString::to_string).collect())
        );
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let elsewhere = FakeHost::new().with_artefact_file("dns.json", file);
    let expected = ["0 unread - no answer of a guest agent was recorded"];
    assert_eq!(elsewhere.observe::<GuestAgent>("{}", &[web()]).lines(), expected);
    let confirming = FakeHost::new().at_stage(Stage::Confirm).observe::<GuestAgent>("{}", &[web()]);
    assert_eq!(confirming.lines(), [""; 0]);
    let report = FakeHost::new().observe::<GuestAgent>("{}", &[web()]);
    assert_eq!(report.lines(), ["0 unread - the fake host has no such file"]);
}

#[test]
fn ends_a_cancelled_or_late_call() {
    let rows = [
        (FakeHost::new().cancelling_after(0), ErrorCode::Cancelled),
        (FakeHost::new().with_budget(Duration::ZERO), ErrorCode::TimedOut),
    ];
    for (host, code) in rows {
        assert_eq!(host.observe::<GuestAgent>("{}", &[web()]).result.unwrap_err().code, code);
    }
}
