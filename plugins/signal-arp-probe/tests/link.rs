//! The plugin on a host that answers as the test says.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use signal_arp_probe::ArpProbe;
use vmkit_plugin::{
    ArpAnswer, ArpFailure, ArpOutcome, ArpReply, ErrorCode, Mac, Stage, Subject, Unread, attribute,
};
use vmkit_testkit::FakeHost;

const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
const STRANGER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);

fn at(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 1, last)
}

/// A machine with these candidates.
fn web(candidates: &[u8]) -> Subject {
    Subject {
        name: "web".to_owned(),
        macs: vec![WEB],
        candidates: candidates.iter().map(|last| IpAddr::from(at(*last))).collect(),
        ..Subject::default()
    }
}

fn answer(last: u8, outcome: ArpOutcome) -> ArpAnswer {
    ArpAnswer { address: at(last), interface: Some("br0".to_owned()), outcome, failure: None }
}

fn replies(macs: &[Mac]) -> ArpOutcome {
    let round_trip = Some(Duration::from_micros(400));
    ArpOutcome::Replies(macs.iter().map(|&mac| ArpReply { mac, round_trip }).collect())
}

/// A host on whose link one, two and no neighbours have addresses.
fn asking() -> FakeHost {
    FakeHost::new()
        .at_stage(Stage::Confirm)
        .with_arp(answer(1, replies(&[WEB])))
        .with_arp(answer(2, replies(&[WEB, STRANGER])))
        .with_arp(answer(3, ArpOutcome::Silent(Some(3))))
        .with_arp(answer(4, ArpOutcome::Unread(Unread::TimedOut)))
}

#[test]
fn counts_records_and_replays_holders() {
    let directory = tempfile::tempdir().unwrap();
    let host = asking().recording_to(directory.path()).at_time(SystemTime::UNIX_EPOCH);
    let vms = [web(&[1, 2, 3])];
    let report = host.observe::<ArpProbe>("{}", &vms);
    assert_eq!(report.result, Ok(()));
    let both = format!("2 answer ARP on br0, among them {STRANGER}, not a listed VM's MAC");
    let expected = [
        "0 arp-reply 192.168.1.1 answers ARP with the VM's MAC on br0".to_owned(),
        "0 arp-reply 192.168.1.2 answers ARP with the VM's MAC on br0".to_owned(),
        format!("0 arp-duplicate 192.168.1.2 {both}"),
        "0 arp-silent 192.168.1.3 nobody answers ARP on br0, asked 3 times".to_owned(),
    ];
    assert_eq!(report.lines(), expected);
    assert_eq!(report.observations[0].attribute(attribute::RTT_US), Some("400"));

    let replayed = FakeHost::new()
        .at_stage(Stage::Confirm)
        .with_artefact_file("probes.json", directory.path().join("probes/arp.json"))
        .at_time(SystemTime::UNIX_EPOCH + Duration::from_secs(2))
        .observe::<ArpProbe>("{}", &vms);
    // The number of requests is not recorded.
    let expected = expected.map(|line| line.replace(", asked 3 times", ""));
    assert_eq!((replayed.lines(), replayed.result), (expected.to_vec(), Ok(())));
    let ages: Vec<_> = replayed.observations.iter().map(|seen| seen.age).collect();
    assert_eq!(ages, [Some(Duration::from_secs(2)); 4]);
}

#[test]
fn keeps_the_error_of_an_asking_and_its_time() {
    let directory = tempfile::tempdir().unwrap();
    let nobody = rustix::io::Errno::HOSTUNREACH.raw_os_error();
    let broken = rustix::io::Errno::NOBUFS.raw_os_error();
    let failed = |last, errno| {
        let after = Some(Duration::from_micros(300));
        let failure = Some(ArpFailure { errno: Some(errno), after, as_root: Some(false) });
        let why = Unread::Failed("send ARP on br0".to_owned());
        ArpAnswer { failure, ..answer(last, ArpOutcome::Unread(why)) }
    };
    let host = FakeHost::new()
        .at_stage(Stage::Confirm)
        .with_arp(failed(1, nobody))
        .with_arp(failed(2, broken))
        .recording_to(directory.path());
    let vms = [web(&[1, 2])];
    let live = host.observe::<ArpProbe>("{}", &vms);
    // The request was not sent, whatever the error's name says of the host.
    let unread = |what: &str| [1, 2].map(|last| format!("0 unread 192.168.1.{last} {what}"));
    assert_eq!(live.lines(), unread("send ARP on br0"));
    let replayed = FakeHost::new()
        .at_stage(Stage::Confirm)
        .with_artefact_file("probes.json", directory.path().join("probes/arp.json"))
        .observe::<ArpProbe>("{}", &vms);
    assert_eq!(replayed.lines(), unread("ask by ARP"));
    for seen in [&live.observations, &replayed.observations] {
        let kept = |name| seen.iter().map(|it| it.attribute(name)).collect::<Vec<_>>();
        let (nobody, broken) = (nobody.to_string(), broken.to_string());
        assert_eq!(kept(attribute::ERRNO), [Some(nobody.as_str()), Some(broken.as_str())]);
        assert_eq!(kept(attribute::AFTER_US), [Some("300"); 2]);
        assert_eq!(kept(attribute::AS_ROOT), [Some("false"); 2]);
    }
}

#[test]
fn reports_a_missing_permission_and_a_short_deadline() {
    let vms = [web(&[1])];
    let denied = FakeHost::new().at_stage(Stage::Confirm).observe::<ArpProbe>("{}", &vms);
    assert_eq!(denied.result.map_err(|error| error.code), Err(ErrorCode::Denied));
    let cancelled = asking().cancelling_after(0).observe::<ArpProbe>("{}", &vms);
    assert_eq!(cancelled.result.map_err(|error| error.code), Err(ErrorCode::Cancelled));
    let late = asking().observe::<ArpProbe>("{}", &[web(&[4])]);
    assert_eq!(late.lines(), ["0 unread 192.168.1.4 no answer before the deadline"]);
    let discovering = FakeHost::new().observe::<ArpProbe>("{}", &vms);
    assert_eq!((discovering.lines(), discovering.result), (Vec::new(), Ok(())));
}

#[test]
fn skips_candidates_without_an_answer() {
    let elsewhere = Subject { candidates: vec![[10, 9, 9, 9].into()], ..web(&[]) };
    let six = Subject { candidates: vec!["2001:db8::7".parse().unwrap()], ..web(&[]) };
    let none = asking().observe::<ArpProbe>("{}", &[elsewhere, six.clone()]);
    assert_eq!((none.lines(), none.result), (Vec::new(), Ok(())));
    // Without an address to ask for, the right to ask is not needed.
    let none = FakeHost::new().at_stage(Stage::Confirm).observe::<ArpProbe>("{}", &[six]);
    assert_eq!((none.lines(), none.result), (Vec::new(), Ok(())));
}
