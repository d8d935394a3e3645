//! `vm doctor` asks the gateway that is there: a router that answers as a BT Smart Hub 2 does.
#![cfg(target_os = "linux")]

use std::{fs, path::Path};

use vmkit_lab::{GuestKind, GuestPlan, Lab, Process, or_skip, wait_until};

/// Pages of the hub, rebuilt after public captures with invented devices.
const PAGES: &str = "../../plugins/advice-bt-smart-hub-2/tests/pages";
/// A web server binds its port in milliseconds.
const START_DEADLINE: std::time::Duration = std::time::Duration::from_secs(5);

/// Serves the hub's pages at the lab's router.
fn serve(lab: &Lab) -> Process {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES), lab.folder().join("www"));
    fs::create_dir_all(to.join("cgi")).expect("a folder");
    for page in ["cgi_owl.js", "cgi_basicMyDevice.js"] {
        fs::copy(from.join(page), to.join("cgi").join(page)).expect("a page");
    }
    let mut command = lab.router_host().command("busybox");
    command.args(["httpd", "-f", "-p", "80", "-h"]).arg(to);
    let server = Process::start(&mut command, &lab.folder().join("httpd.out")).expect("a server");
    wait_until(START_DEADLINE, "a web server", || {
        let mut listening = lab.router_host().command("ss");
        let output = vmkit_lab::run(listening.args(["-Hltn", "sport = :80"]))?;
        Ok(!output.trim().is_empty())
    })
    .expect("a web server");
    server
}

#[test]
fn the_gateway_is_asked_and_its_record_says_the_same() {
    let Some(mut lab) = or_skip(Lab::new("hub")) else { return };
    let _server = serve(&lab);
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
        let lacks = "its device list lacks the machine's MAC";
        assert!(finished.stdout.contains(lacks), "{options:?}: {report:#}");
    }
}
