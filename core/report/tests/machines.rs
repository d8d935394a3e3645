//! The answers of `vm list` and `vm start`.

mod common;

use std::time::{Duration, SystemTime};

use common::text;
use vmkit_model::{CommandPlace, Power, StartMode};
use vmkit_report::{
    Launch, ListedNetwork, ListedVm, MachineList, StartReport, StartResult, StartedVm, Style,
    Terminal,
};
use vmkit_types::{NetworkMode, Reading, Unread};

const PLAIN: Terminal = Terminal { style: Style::Plain, width: None };

fn listed(name: &str, power: Power) -> ListedVm {
    ListedVm {
        name: name.to_owned(),
        power,
        network: Reading::Absent,
        disk: Reading::Absent,
        memory_mb: Reading::Known(2048),
        cpus: Reading::Known(2),
    }
}

fn list(machines: Vec<ListedVm>) -> MachineList {
    MachineList { machines, generated_at: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO }
}

#[test]
fn lists_each_vm_with_what_is_known_of_it() {
    let network = ListedNetwork { mode: NetworkMode::Bridged, interface: Some("br0".to_owned()) };
    let machines = vec![
        ListedVm {
            network: Reading::Known(network),
            disk: Reading::Known("20G".to_owned()),
            ..listed("web", Power::Running)
        },
        ListedVm {
            memory_mb: Reading::Known(1500),
            cpus: Reading::Unknown(Unread::NotTried),
            ..listed("\x1b[2Jx", Power::Unknown)
        },
    ];
    let shown = text(|out| list(machines.clone()).write_text(out, PLAIN));
    let expected = "\
NAME      STATE    NETWORK       DISK  MEMORY    CPUS
web       running  bridged, br0  20G   2 GiB     2
\\x1b[2Jx  unknown  -             -     1500 MiB  unknown
";
    assert_eq!(shown, expected);
    let document = text(|out| list(machines.clone()).write_json(out));
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["vms"][0]["net"]["interface"], "br0");
    assert_eq!(document["vms"][1]["cpus"], serde_json::Value::Null);
    assert!(document["vms"][1]["unknown"]["cpus"].is_string());
    let none = text(|out| list(Vec::new()).write_text(out, PLAIN));
    assert_eq!(none, "There are no VMs. To make one: vm create NAME --image FILE\n");
}

#[test]
fn says_what_became_of_each_vm_with_the_next_command() {
    let launch = Launch {
        mode: StartMode::Bridged,
        interface: Some("br0".to_owned()),
        apart: false,
        acceleration: "kvm",
        pid: 42,
    };
    let rows = [
        (StartResult::Up, true, "web is up at 192.168.1.64 (bridged, br0); log in: vm ssh web\n"),
        (
            StartResult::Addressed,
            true,
            "web is at 192.168.1.64 (bridged, br0); its SSH server does not answer yet; see: vm status web\n",
        ),
        (StartResult::Started, false, "web runs (bridged, br0); its address: vm resolve web\n"),
        (
            StartResult::NoAddress("no server answers".to_owned()),
            false,
            "web runs and has no address (bridged, br0): no server answers; see more: vm doctor web\n",
        ),
        (
            StartResult::CannotTell("no plugin answered".to_owned()),
            false,
            "web runs (bridged, br0), and its address is unknown: no plugin answered; see more: vm doctor web\n",
        ),
        (StartResult::Failed("no QEMU".to_owned()), false, ""),
    ];
    for (result, has_address, expected) in rows {
        let machine = StartedVm {
            name: "web".to_owned(),
            result,
            launch: Some(launch.clone()),
            address: has_address.then(|| "192.168.1.64".parse().unwrap()),
            elapsed: Duration::from_secs(4),
        };
        let (generated_at, elapsed) = (SystemTime::UNIX_EPOCH, Duration::from_secs(4));
        let (machines, place) = (vec![machine], CommandPlace::default());
        let report = StartReport { machines, generated_at, elapsed, place };
        assert_eq!(text(|out| report.write_text(out, PLAIN)), expected);
        let document = text(|out| report.write_json(out));
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["vms"][0]["ip"].is_string(), has_address, "{document}");
        assert_eq!(document["vms"][0]["qemu"]["pid"], 42);
    }
}

#[test]
fn says_that_a_vm_on_a_macvtap_is_not_reached_from_this_computer() {
    let launch = Launch {
        mode: StartMode::Bridged,
        interface: Some("en0".to_owned()),
        apart: true,
        acceleration: "kvm",
        pid: 42,
    };
    let machine = StartedVm {
        name: "web".to_owned(),
        result: StartResult::Addressed,
        launch: Some(launch),
        address: Some("192.168.1.64".parse().unwrap()),
        elapsed: Duration::from_secs(4),
    };
    let (generated_at, elapsed) = (SystemTime::UNIX_EPOCH, Duration::from_secs(4));
    let (machines, place) = (vec![machine], CommandPlace::default());
    let report = StartReport { machines, generated_at, elapsed, place };
    assert_eq!(
        text(|out| report.write_text(out, PLAIN)),
        "web is at 192.168.1.64 (bridged, en0); other computers reach it, and this one does not\n"
    );
}
