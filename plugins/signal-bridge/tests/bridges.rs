//! The plugin over recorded bridges, and over those of the computer that runs the test.

use signal_bridge::Bridge;
use vmkit_plugin::{Mac, Stage, Subject};
use vmkit_testkit::FakeHost;

fn machine(mac: &str) -> Subject {
    Subject { macs: vec![mac.parse().expect("a MAC")], ..Subject::default() }
}

fn recorded(name: &str, file: &str) -> FakeHost {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    FakeHost::new().with_artefact_file(name, &path)
}

#[test]
fn a_mac_names_its_machines_on_wifi_without_root() {
    let vms = [machine("52:54:0:12:34:56"), machine("52:54:0:4b:5e:57")];
    let report = recorded("bridge/ifconfig.txt", "ifconfig.txt").observe::<Bridge>("{}", &vms);
    assert_eq!(report.result, Ok(()));
    let expected = [
        "1 bridge-port - frames of its MAC come in at vmenet0 of bridge100",
        "0 bridge-port - frames of its MAC come in at vmenet2 of bridge101",
        "0 bridge-address 192.168.1.64 bridge101 translates its MAC for this address at vmenet2",
        "0 bridge-address fe80::5054:ff:fe12:3456 bridge101 translates its MAC for this address at vmenet2",
        "1 unread - no bridge of this computer names an address of its MAC",
    ];
    assert_eq!(report.lines(), expected);
}

#[test]
fn a_snapshot_without_bridges_has_nothing_to_look_at() {
    let report =
        recorded("dns.json", "ifconfig.txt").observe::<Bridge>("{}", &[machine("2:0:0:0:0:1")]);
    assert_eq!(report.result, Ok(()));
    assert_eq!(
        report.lines(),
        ["0 unread - no bridge of this computer names an address of its MAC"]
    );
    let fault = recorded("bridge/fdb.json", "ifconfig.txt");
    let fault = fault.observe::<Bridge>("{}", &[machine("2:0:0:0:0:1")]).result.unwrap_err();
    assert!(fault.message.starts_with("bridge/fdb.json: "), "{fault}");
}

#[cfg(target_os = "linux")]
#[test]
fn reads_the_bridges_of_this_computer() {
    // A locally administered MAC of this test, which no bridge has.
    let vms = [Subject {
        macs: vec![Mac::new([0x02, 0x76, 0x6d, 0x6b, 0x69, 0x74])],
        ..Subject::default()
    }];
    let report = FakeHost::new().observe::<Bridge>("{}", &vms);
    assert_eq!(report.result, Ok(()));
    assert_eq!(
        report.lines(),
        ["0 unread - no bridge of this computer names an address of its MAC"]
    );
    let confirm = FakeHost::new().at_stage(Stage::Confirm).observe::<Bridge>("{}", &vms);
    assert_eq!(confirm.lines(), [""; 0]);
}
