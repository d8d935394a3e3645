//! The plugin over the real neighbour table of the computer that runs the test.

use std::time::Duration;

use signal_arp::Arp;
use vmkit_plugin::{ErrorCode, Stage, Subject};
use vmkit_testkit::FakeHost;

fn machine() -> Subject {
    Subject {
        name: "web".into(),
        // A MAC and an address that no neighbour has: a locally administered one of this test,
        // and one of a documentation network.
        macs: vec!["02:76:6d:6b:69:74".parse().unwrap()],
        candidates: vec!["192.0.2.77".parse().unwrap()],
        ..Subject::default()
    }
}

#[test]
fn the_table_is_read_and_says_nothing_of_an_unknown_machine() {
    for stage in [Stage::Discover, Stage::Confirm] {
        let report = FakeHost::new().at_stage(stage).observe::<Arp>("{}", &[machine()]);
        assert_eq!(report.result, Ok(()), "{stage:?}");
        assert_eq!(report.lines(), [""; 0], "{stage:?}");
    }
}

#[test]
fn an_empty_batch_costs_nothing_and_a_cancelled_or_late_call_ends() {
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
