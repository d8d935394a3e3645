//! Console logs, one file for each client and case, and the expected observations.

use std::{collections::BTreeMap, fs, path::Path};

use signal_console::Console;
use vmkit_plugin::{ErrorCode, Mac, Observation, Stage, Subject, attribute};
use vmkit_testkit::FakeHost;

/// The MAC of the machine in all logs.
const MAC: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57]);

fn machine(macs: &[Mac]) -> Subject {
    Subject { name: "web".into(), macs: macs.to_vec(), has_console: true, ..Subject::default() }
}

/// `kind address "says" attributes mac`, as in the `.expected` files.
fn line(seen: &Observation) -> String {
    let kind = seen.kind.code().to_owned();
    let address = seen.address.map(|address| address.to_string());
    let says = format!("\"{}\"", seen.says);
    let attributes = seen.attributes.iter().map(|(name, value)| format!("{name}={value}"));
    let mac = seen.mac.map(|mac| format!("mac={mac}"));
    let parts = [kind].into_iter().chain(address).chain([says]).chain(attributes).chain(mac);
    parts.collect::<Vec<_>>().join(" ")
}

fn lines(log: &[u8], macs: &[Mac]) -> Vec<String> {
    let report = FakeHost::new().with_console(0, log).observe::<Console>("{}", &[machine(macs)]);
    assert_eq!(report.result, Ok(()));
    report.observations.iter().map(line).collect()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

#[test]
fn every_log_gives_the_expected_observations() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let entries = fs::read_dir(&directory).unwrap();
    let logs: BTreeMap<_, _> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .map(|path| (path.with_extension("expected"), path))
        .collect();
    assert!(logs.len() >= 30, "{} holds {} logs", directory.display(), logs.len());
    for (expectation, log) in logs {
        let found = lines(&read(&log), &[MAC]).join("\n") + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&expectation, &found).unwrap();
        }
        let expected = String::from_utf8(read(&expectation)).unwrap();
        assert_eq!(found, expected, "{}", log.display());
    }
}

/// Another card of the machine, for logs with two.
const OTHER: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x58]);

#[test]
fn lines_without_an_interface_replace_each_other_only_on_one_card() {
    let log = "udhcpc: lease of 10.0.1.5 obtained from 10.0.1.1, lease time 60\n\
               udhcpc: lease of 10.0.2.5 obtained from 10.0.2.1, lease time 60\n";
    let lease = |net: u8| {
        let says = format!("udhcpc: lease of 10.0.{net}.5 from 10.0.{net}.1");
        format!("console-address 10.0.{net}.5 \"{says}\" server=10.0.{net}.1")
    };
    let addresses = |macs: &[Mac]| lines(log.as_bytes(), macs).split_off(1);
    assert_eq!(addresses(&[MAC]), [lease(2)]);
    assert_eq!(addresses(&[]), [lease(2)]);
    assert_eq!(addresses(&[MAC, OTHER]), [lease(1), lease(2)]);
}

#[test]
fn a_card_is_the_machines_own_only_if_its_macs_are_known() {
    let log = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dhclient.log"));
    let says = "dhclient: lease of 192.168.1.64 from 192.168.1.254 on eth0";
    let details = "guest-interface=eth0 server=192.168.1.254";
    let rows = [
        (
            vec![MAC],
            vec![format!(
                "console-address 192.168.1.64 \"{says} with the VM's MAC\" {details} mac={MAC}"
            )],
        ),
        (vec![], vec![format!("console-address 192.168.1.64 \"{says}\" {details}")]),
        (vec![OTHER], vec![]),
    ];
    for (macs, expected) in rows {
        assert_eq!(lines(&log, &macs).split_off(1), expected, "{macs:?}");
    }
}

#[test]
fn a_foreign_interface_counts_only_with_the_machines_mac() {
    let heading = "ci-info: | Device | Up | Address | Mask | Scope | Hw-Address |\n";
    let row = |mac| format!("{heading}ci-info: | br-lan | True | 10.0.0.5 | . | . | {mac} |\n");
    let count = |mac| lines(row(mac).as_bytes(), &[MAC]).len() - 1;
    assert_eq!((count("52:54:00:4b:5e:57"), count("02:42:00:00:00:01"), count(".")), (1, 0, 0));
}

#[test]
fn reports_unreadable_logs_and_machines_without_a_console() {
    let vms = [machine(&[MAC]), Subject { has_console: false, ..machine(&[MAC]) }, machine(&[MAC])];
    let host = FakeHost::new()
        .with_console_file(0, "/nowhere/web.log")
        .with_console(1, "udhcpc: lease of 10.0.0.5 obtained, lease time 60\n");
    let report = host.observe::<Console>("{}", &vms);
    assert_eq!(
        report.lines(),
        [
            "0 unread - open /nowhere/web.log: No such file or directory (os error 2)",
            "1 unread - it has no console log",
            "2 unread - the fake host has no such file",
        ]
    );
    let reasons = report.observations.iter().map(|seen| seen.attribute(attribute::REASON));
    let expected = ["failed", "not-tried", "failed"].map(Some);
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    let confirming = FakeHost::new().at_stage(Stage::Confirm).observe::<Console>("{}", &vms);
    assert_eq!((confirming.lines(), confirming.result), (Vec::new(), Ok(())));
    let cancelled = FakeHost::new().cancelling_after(1).observe::<Console>("{}", &vms);
    assert_eq!(cancelled.observations.len(), 1);
    assert_eq!(cancelled.result.unwrap_err().code, ErrorCode::Cancelled);
}

#[test]
fn a_snapshot_replaces_the_console() {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/udhcpc.log");
    let vms = [
        Subject { has_console: false, ..machine(&[MAC]) },
        Subject { name: "db".into(), ..machine(&[OTHER]) },
    ];
    let host = FakeHost::new()
        .with_artefact_file("console/web.log", &log)
        .with_console(1, "udhcpc: lease of 10.0.0.5 obtained, lease time 60\n");
    assert_eq!(
        host.observe::<Console>("{}", &vms).lines(),
        [
            "0 console-phase - the last boot has come as far as the SSH server",
            "0 console-address 192.168.1.64 udhcpc: lease of 192.168.1.64 from 192.168.1.1",
            "1 unread - it has no console log",
        ]
    );
}
