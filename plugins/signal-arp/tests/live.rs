//! The plugin over the real neighbour table of the computer that runs the test.

use std::time::Duration;

use signal_arp::Arp;
use vmkit_plugin::{ErrorCode, Mac, Stage, Subject};
use vmkit_testkit::FakeHost;

fn machine() -> Subject {
    Subject {
        name: "web".into(),
        // A locally administered MAC of this test and an address of a documentation network, which no
        // neighbour has.
        macs: vec![Mac::new([0x02, 0x76, 0x6d, 0x6b, 0x69, 0x74])],
        candidates: vec![[192, 0, 2, 77].into()],
        ..Subject::default()
    }
}

#[test]
fn reads_the_table_and_reports_nothing_about_an_unknown_machine() {
    for stage in [Stage::Discover, Stage::Confirm] {
        let report = FakeHost::new().at_stage(stage).observe::<Arp>("{}", &[machine()]);
        assert_eq!(report.result, Ok(()), "{stage:?}");
        assert_eq!(report.lines(), [""; 0], "{stage:?}");
    }
}

#[test]
fn skips_an_empty_batch_and_ends_a_cancelled_or_late_call() {
    let report = FakeHost::new().observe::<Arp>("{}", &[]);
    assert_eq!(report.result, Ok(()));
    let rows = [
        (FakeHost::new().cancelling_after(0), ErrorCode::Cancelled),
        (FakeHost::new().with_budget(Duration::ZERO), ErrorCode::TimedOut),
        (FakeHost::new().with_budget(Duration::from_millis(1)), ErrorCode::TimedOut),
    ];
    for (host, code) in rows {
        let report = host.observe::<Arp>("{}", &[machine()]);
        assert_eq!(report.result.unwrap_err().code, code);
    }
}

#[test]
fn a_snapshot_replaces_the_table() {
    let macs = vec!["52:54:0:4b:5e:57".parse().unwrap()];
    let vms = [Subject { name: "web".into(), macs, ..Subject::default() }];
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/arp-an.txt");
    let host = || FakeHost::new().with_artefact_file("neigh/arp-an.txt", file);
    let expected = [
        "0 neighbour-cached 169.254.8.124 cached with the VM's MAC on en0",
        "0 neighbour-cached 192.168.1.64 cached with the VM's MAC on en0",
    ];
    assert_eq!(host().observe::<Arp>("{}", &vms).lines(), expected);
    let without_mac = [Subject::default(), vms[0].clone()];
    let unread = ["0 unread - its MAC is not known"].map(str::to_owned);
    let found = expected.map(|line| line.replacen('0', "1", 1));
    let lines = host().observe::<Arp>("{}", &without_mac).lines();
    assert_eq!(lines, [&unread[..], &found[..]].concat());
    // A snapshot without a table says nothing of who has an address.
    let elsewhere = FakeHost::new().with_artefact_file("dns.json", file);
    let lines = elsewhere.observe::<Arp>("{}", &without_mac).lines();
    let expected_of_none =
        ["0 unread - its MAC is not known", "1 unread - no neighbour table was recorded"];
    assert_eq!(lines, expected_of_none);
    // An artefact of another form is reported, and the other one still counts.
    let report = host().with_artefact_file("neigh/ip-neigh.json", file).observe::<Arp>("{}", &vms);
    assert_eq!(report.lines(), expected);
    let message = report.result.unwrap_err().message;
    assert!(message.starts_with("neigh/ip-neigh.json: expected value at line 1"), "{message}");
}
