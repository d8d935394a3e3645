//! The plugin with replies of agents, and with its own recordings.

use std::time::Duration;

use signal_guest_agent::GuestAgent;
use vmkit_plugin::{ErrorCode, Mac, Stage, Subject, Unread};
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

#[test]
fn reports_the_agents_addresses_on_the_machines_own_card() {
    let report =
        FakeHost::new().with_guest_agent(0, Ok(REPLY)).observe::<GuestAgent>("{}", &[web()]);
    assert_eq!((report.lines(), report.result), (FACTS.map(ToOwned::to_owned).to_vec(), Ok(())));
}

#[test]
fn reports_an_agent_without_an_answer_as_unread() {
    let rows = [
        (Err(Unread::TimedOut), "0 unread - no answer before the deadline"),
        (
            Ok(r#"{"error":{"class":"CommandNotFound","desc":"it is disabled"}}"#),
            "0 unread - the guest agent refuses: it is disabled",
        ),
    ];
    for (reply, expected) in rows {
        let report =
            FakeHost::new().with_guest_agent(0, reply).observe::<GuestAgent>("{}", &[web()]);
        assert_eq!((report.lines(), report.result), (vec![expected.to_owned()], Ok(())));
    }
}

#[test]
fn a_recording_gives_the_same_observations() {
    let directory = tempfile::tempdir().unwrap();
    let host = FakeHost::new().with_guest_agent(0, Ok(REPLY)).recording_to(directory.path());
    let live = host.observe::<GuestAgent>("{}", &[web()]);
    assert_eq!(live.lines(), FACTS);
    let replay = FakeHost::new()
        .with_artefact_file("agent/web.json", directory.path().join("agent/web.json"))
        .observe::<GuestAgent>("{}", &[Subject { has_guest_agent: false, ..web() }]);
    assert_eq!(replay.result, Ok(()));
    assert_eq!(replay.observations, live.observations);
}

#[test]
fn skips_machines_without_an_agent_or_a_mac() {
    let vms = [Subject { has_guest_agent: false, ..web() }, Subject { macs: Vec::new(), ..web() }];
    let reported = ["0 unread - no guest agent listens", "1 unread - its MAC is not known"];
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
    assert_eq!(report.lines(), ["0 unread - the fake host has no such agent"]);
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
