//! The plugin in a network namespace, where the test decides who may ping.

use std::{
    net::IpAddr,
    process::Command,
    time::{Duration, SystemTime},
};

use signal_icmp::Icmp;
use vmkit_plugin::{ErrorCode, Stage, Subject, attribute};
use vmkit_testkit::FakeHost;

/// Set for the process inside the namespace.
const INSIDE: &str = "VMKIT_TEST_INSIDE_NAMESPACE";

/// Who may ping in a namespace.
#[derive(Clone, Copy, Debug)]
enum Allowed {
    Root,
    /// The default of the kernel.
    Nobody,
}

/// Runs `test` in a namespace that has only loopback, where these groups may ping.
#[track_caller]
fn in_namespace(name: &str, allowed: Allowed, test: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("find this test: {error}"));
    let script = match allowed {
        Allowed::Root => "echo 0 0 > /proc/sys/net/ipv4/ping_group_range && ",
        Allowed::Nobody => "",
    };
    let script = format!(r#"{script}ip link set lo up && exec "$0" --exact "$1" --nocapture"#);
    // A user namespace as well, for developers without root.
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", &script])
        .arg(this)
        .arg(name)
        .env(INSIDE, "1")
        .output()
        .unwrap_or_else(|error| panic!("run unshare: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn machine(candidates: &[IpAddr]) -> Subject {
    Subject { candidates: candidates.to_vec(), ..Subject::default() }
}

fn loopback(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 1, last])
}

fn at_confirm() -> FakeHost {
    FakeHost::new().at_stage(Stage::Confirm)
}

#[test]
fn reports_and_records_answers() {
    in_namespace("reports_and_records_answers", Allowed::Root, || {
        let there = loopback(1);
        let nowhere = IpAddr::from([192, 0, 2, 1]);
        let vms =
            [machine(&[there, nowhere]), machine(&[there]), machine(&["::1".parse().unwrap()])];
        let directory = tempfile::tempdir().unwrap();
        let host = at_confirm().recording_to(directory.path()).at_time(SystemTime::UNIX_EPOCH);
        let report = host.observe::<Icmp>(r#"{"timeout_ms":10000}"#, &vms);
        assert_eq!(report.result, Ok(()));
        let lines = report.sorted_lines();
        assert_eq!(
            lines,
            [
                "0 icmp-reply 127.0.1.1 somebody answers a ping",
                "0 unread 192.0.2.1 no ping sent: the host cannot reach the address",
                "1 icmp-reply 127.0.1.1 somebody answers a ping",
                "2 icmp-reply ::1 somebody answers a ping",
            ]
        );
        let reply = report.observations.iter().find(|seen| seen.address == Some(there)).unwrap();
        assert!(reply.attribute(attribute::RTT_US).is_some_and(|rtt| rtt.parse::<u64>().is_ok()));

        let snapshot = at_confirm()
            .with_artefact_file("probes.json", directory.path().join("probes/icmp.json"))
            .at_time(SystemTime::UNIX_EPOCH + Duration::from_secs(2))
            .observe::<Icmp>("{}", &vms);
        assert_eq!(snapshot.sorted_lines(), lines);
        let replayed =
            snapshot.observations.iter().find(|seen| seen.address == Some(there)).unwrap();
        assert_eq!(replayed.age, Some(Duration::from_secs(2)));
        assert_eq!(replayed.attribute(attribute::RTT_US), reply.attribute(attribute::RTT_US));
    });
}

#[test]
fn probes_a_thousand_machines_at_once() {
    in_namespace("probes_a_thousand_machines_at_once", Allowed::Root, || {
        let at = |number: u16| {
            let [high, low] = number.to_be_bytes();
            IpAddr::from([127, 45, high, low])
        };
        let vms: Vec<_> = (1..=1000).map(|number| machine(&[at(number)])).collect();
        let report = at_confirm().observe::<Icmp>(r#"{"timeout_ms":10000}"#, &vms);
        let replies = report.lines().iter().filter(|line| line.contains(" icmp-reply ")).count();
        assert_eq!((replies, report.result), (1000, Ok(())));
    });
}

#[test]
fn reports_a_missing_permission_once_with_its_remedy() {
    in_namespace("reports_a_missing_permission_once_with_its_remedy", Allowed::Nobody, || {
        let report = at_confirm().observe::<Icmp>("{}", &[machine(&[loopback(1), loopback(2)])]);
        assert!(report.observations.is_empty(), "{:?}", report.lines());
        let error = report.result.unwrap_err();
        assert_eq!(error.code, ErrorCode::Denied);
        assert!(error.message.contains("net.ipv4.ping_group_range"), "{error}");
    });
}

#[test]
fn sends_nothing_in_cancelled_late_and_misconfigured_calls() {
    in_namespace("sends_nothing_in_cancelled_late_and_misconfigured_calls", Allowed::Root, || {
        let vms = [machine(&[loopback(1)])];
        let cancelled = at_confirm().cancelling_after(0).observe::<Icmp>("{}", &vms);
        assert_eq!(cancelled.result.map_err(|error| error.code), Err(ErrorCode::Cancelled));
        let late = at_confirm().with_budget(Duration::from_millis(10)).observe::<Icmp>("{}", &vms);
        assert_eq!(late.lines(), ["0 unread 127.0.1.1 no answer before the deadline"]);
        let discovering = FakeHost::new().observe::<Icmp>("{}", &vms);
        assert_eq!((discovering.lines(), discovering.result), (Vec::new(), Ok(())));
        for configuration in [r#"{"timeout_ms":0}"#, r#"{"timeout":1}"#] {
            let error = at_confirm().observe::<Icmp>(configuration, &vms).result;
            assert_eq!(error.map_err(|e| e.code), Err(ErrorCode::Configuration), "{configuration}");
        }
    });
}
