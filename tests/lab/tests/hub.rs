//! `vm doctor` asks the gateway that is there: a router that answers as a BT Smart Hub 2 does.
#![cfg(target_os = "linux")]

use vmkit_lab::{GuestKind, GuestPlan, Lab, or_skip, serve_hub};

#[test]
fn asks_the_gateway_and_replays_the_same_answer() {
    let Some(mut lab) = or_skip(Lab::new("hub")) else { return };
    let _server = serve_hub(&lab).expect("a double of a hub");
    lab.router().stop_dhcp();
    let guest = lab.start(&GuestPlan::new("web", GuestKind::Machine)).expect("a guest");
    guest.wait_for_console("broadcasting discover").expect("a guest that asks");
    let record = lab.folder().join("record");
    let record = record.to_str().expect("a plain path");
    for options in [["--save", record], ["--from", record]] {
        let arguments = ["doctor", "web", "--json", options[0], options[1]];
        let finished = lab.vm(&arguments).expect("a diagnosis");
        let report: serde_json::Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", finished.stderr));
        let router = &report["network"]["router"];
        assert_eq!(router["id"], "bt-smart-hub-2", "{options:?}: {:#}", report["network"]);
        let lacks = "its device list lacks the VM's MAC";
        assert!(finished.stdout.contains(lacks), "{options:?}: {report:#}");
    }
}
