//! The plugin with lease files of a snapshot, and with those of the computer that runs the test.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use signal_leases::Leases;
use vmkit_plugin::{ErrorCode, Mac, Stage, Subject};
use vmkit_testkit::{FakeHost, Report};

const WEB: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57]);

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/leases/tests/data").join(name)
}

fn host(artefacts: &[(&str, &str)]) -> FakeHost {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    // 2026-11-24, 08:10 UTC.
    let host = FakeHost::new().at_time(at(1_795_507_800));
    artefacts.iter().fold(host, |host, (name, file)| host.with_artefact_file(name, data(file)))
}

fn web() -> Subject {
    Subject { name: "web".into(), macs: vec![WEB], ..Subject::default() }
}

#[test]
fn reads_the_machines_leases_in_each_file_of_a_snapshot() {
    let rows: [(&str, &str, &[&str]); 7] = [
        (
            "leases/dhcpd_leases",
            "dhcpd_leases",
            &[
                "0 lease-current 192.168.64.30 leased by macOS's DHCP server, valid for 3 h 12 min more",
                "0 lease-expired 192.168.64.29 leased by macOS's DHCP server, expired 5 min ago",
                "0 lease-expired 192.168.65.4 leased by macOS's DHCP server, expired 30 d ago",
            ],
        ),
        (
            "leases/dnsmasq.leases",
            "dnsmasq.leases",
            &[
                "0 lease-current 192.168.122.10 leased by dnsmasq, valid for 50 min more",
                "0 lease-current 2001:db8::10 leased by dnsmasq, valid for 45 min more",
            ],
        ),
        (
            "leases/libvirt-virbr0.status",
            "virbr0.status",
            &[
                "0 lease-current 192.168.122.50 leased by libvirt's dnsmasq on virbr0, valid for 50 min more",
                "0 lease-current 2001:db8:122::50 leased by libvirt's dnsmasq on virbr0, valid for 50 min more",
            ],
        ),
        (
            "leases/dhcpd.leases",
            "dhcpd.leases",
            &["0 lease-expired 10.0.0.10 leased by dhcpd, expired 10 min ago"],
        ),
        ("leases/parallels.leases", "parallels.leases", &[]),
        (
            "leases/kea.csv",
            "kea-leases4.csv",
            &["0 lease-current 10.77.0.10 leased by Kea, valid for 1 h more"],
        ),
        (
            "leases/dnsmasq-incusbr0.leases",
            "dnsmasq.leases",
            &[
                "0 lease-current 192.168.122.10 leased by dnsmasq on incusbr0, valid for 50 min more",
                "0 lease-current 2001:db8::10 leased by dnsmasq on incusbr0, valid for 45 min more",
            ],
        ),
    ];
    for (artefact, file, expected) in rows {
        let report = host(&[(artefact, file)]).observe::<Leases>("{}", &[web()]);
        assert_eq!(report.result, Ok(()), "{artefact}");
        assert_eq!(report.lines(), expected, "{artefact}");
        let macs = report.observations.iter().filter(|seen| seen.address.is_some());
        assert!(macs.map(|seen| seen.mac).all(|mac| mac == Some(WEB)), "{artefact}");
    }
}

#[test]
fn reports_a_file_of_another_format_than_its_name_says() {
    let files =
        [("leases/dhcpd_leases", "virbr0.status"), ("leases/dnsmasq.leases", "dnsmasq.leases")];
    let report = host(&files).observe::<Leases>("{}", &[web()]);
    let says = "not understood: leases/dhcpd_leases does not look like a lease file of macOS's DHCP server";
    assert_eq!(
        report.lines(),
        [
            "0 lease-current 192.168.122.10 leased by dnsmasq, valid for 50 min more".to_owned(),
            "0 lease-current 2001:db8::10 leased by dnsmasq, valid for 45 min more".to_owned(),
            format!("0 unread - {says}"),
        ]
    );
    assert_eq!(report.log.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), [says]);
}

#[test]
fn a_recording_gives_the_same_observations() {
    let directory = tempfile::tempdir().unwrap();
    let live = FakeHost::new().recording_to(directory.path()).observe::<Leases>("{}", &[web()]);
    assert_eq!(live.result, Ok(()));
    let mut replay = FakeHost::new();
    // A computer without a DHCP server records nothing, and its replay reports nothing.
    if let Ok(files) = std::fs::read_dir(directory.path().join("leases")) {
        for file in files.map(Result::unwrap) {
            let name = format!("leases/{}", file.file_name().into_string().unwrap());
            replay = replay.with_artefact_file(&name, file.path());
        }
    } else {
        replay = replay.with_artefact_file("leases/none", directory.path());
    }
    let unread = |line: &String| line.contains(" unread ");
    let read = |report: Report| -> Vec<_> {
        report.lines().into_iter().filter(|line| !unread(line)).collect()
    };
    assert_eq!(read(replay.observe::<Leases>("{}", &[web()])), read(live));
}

#[test]
fn skips_an_empty_batch_and_ends_a_cancelled_or_late_call() {
    let elsewhere = host(&[("dns.json", "dnsmasq.leases")]).observe::<Leases>("{}", &[web()]);
    assert_eq!(elsewhere.lines(), ["0 unread - there is no lease file"]);
    let files = [("leases/dnsmasq.leases", "dnsmasq.leases")];
    assert_eq!(host(&files).observe::<Leases>("{}", &[]).result, Ok(()));
    let confirming = host(&files).at_stage(Stage::Confirm).observe::<Leases>("{}", &[web()]);
    assert_eq!(confirming.lines(), [""; 0]);
    let rows = [
        (host(&files).cancelling_after(0), ErrorCode::Cancelled),
        (host(&files).with_budget(Duration::ZERO), ErrorCode::TimedOut),
        (host(&files).with_budget(Duration::from_millis(1)), ErrorCode::TimedOut),
    ];
    for (host, code) in rows {
        assert_eq!(host.observe::<Leases>("{}", &[web()]).result.unwrap_err().code, code);
    }
}
