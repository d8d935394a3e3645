//! The router in a snapshot, and the advice for it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::{fs, path::Path};

use serde_json::{Value, json};
use vmkit_cli_tests::{Output, run};

/// A Mac on Wi-Fi behind a BT Smart Hub 2 that answers the Mac's own MAC and no VM's.
fn smart_hub() -> String {
    format!("{}/data/smart-hub", env!("CARGO_MANIFEST_DIR"))
}

/// Runs the doctor on that snapshot with these pages of the gateway.
fn behind(pages: &Value) -> Output {
    let directory = tempfile::tempdir().unwrap();
    for folder in ["gateway", "neigh"] {
        fs::create_dir(directory.path().join(folder)).unwrap();
    }
    // The router is in the neighbour table, and the machine is not.
    for file in ["snapshot.json", "probe-dhcp.json", "neigh/arp-an.txt"] {
        fs::copy(Path::new(&smart_hub()).join(file), directory.path().join(file)).unwrap();
    }
    fs::write(directory.path().join("gateway/http.json"), pages.to_string()).unwrap();
    run(&["doctor", "web", "--from", directory.path().to_str().unwrap(), "--json"])
}

fn page(path: &str, body: &str) -> Value {
    json!({"url": format!("http://192.168.1.254{path}"), "status": 200, "body": body})
}

/// Ids of the router remedies of the likeliest cause.
fn router_remedies(output: &Output) -> Vec<String> {
    let machine = output.machine("web");
    let remedies = machine["causes"][0]["remedies"].as_array().expect("remedies is a list");
    let own = remedies.iter().filter(|remedy| remedy["scope"] == "router");
    own.map(|remedy| remedy["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn names_the_hub_and_advises_its_setting_if_the_router_is_the_cause() {
    let output = run(&["doctor", "web", "--from", &smart_hub(), "--json"]);
    output.assert_harmless();
    let router = &output.json()["network"]["router"];
    assert_eq!(router["id"], "bt-smart-hub-2", "{output:?}");
    assert_eq!(router["name"], "BT Smart Hub 2");
    assert!(router["confidence"].as_f64().is_some_and(|sure| sure >= 0.95), "{router:#}");
    let because = router["because"].to_string();
    assert!(because.contains("model_name SmartHub2"), "{because}");
    let machine = output.machine("web");
    assert_eq!(machine["causes"][0]["code"], "router-drops-foreign-chaddr", "{machine:#}");
    assert_eq!(router_remedies(&output), ["bt-smart-setup-mode-2"], "{machine:#}");
    assert!(
        output.stdout.contains("device list lacks the VM's MAC"),
        "the hub's device list is evidence"
    );
}

#[test]
fn the_text_names_the_hub_and_both_names_of_the_setting() {
    let output = run(&["doctor", "web", "--explain", "--from", &smart_hub()]);
    output.assert_harmless();
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "Router: BT Smart Hub 2 at 192.168.1.254",
        "Smart Setup: change Mode 1 to Mode 2",
        "After the change, test again: vm doctor web --yes",
        "reported by users",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in\n{}", output.stdout);
    }
}

#[test]
fn recognises_other_routers_by_their_pages() {
    let rows = [
        (
            page("/", "<title>FRITZ!Box 7590</title>"),
            Some("fritzbox"),
            vec!["fritzbox-duplicate-host-names", "fritzbox-mac-adressfilter"],
        ),
        (page("/", "<title>Login</title>"), None, vec!["router-setting"]),
        (page("/", "<title>\u{1b}[31mFRITZ!Boxer\u{7}</title>"), None, vec!["router-setting"]),
    ];
    for (page, id, advised) in rows {
        let output = behind(&json!([page]));
        output.assert_harmless();
        let network = &output.json()["network"];
        assert_eq!(network["router"]["id"].as_str(), id, "{network:#}");
        assert_eq!(router_remedies(&output), advised, "{page}");
    }
}

#[test]
fn lists_advice_plugins_with_their_pages() {
    let output = run(&["plugin", "info", "bt-smart-hub-2", "--json"]);
    let plugin = &output.json()["plugins"][0];
    assert_eq!(plugin["kinds"], json!(["advice"]), "{output:?}");
    let asks = "asks the gateway for /cgi/cgi_owl.js, through the host";
    let needs = plugin["needs"].as_array().expect("needs is a list");
    assert!(needs.iter().any(|need| need == asks), "{plugin:#}");
    let output = run(&["plugin", "list"]);
    output.assert_harmless();
    for id in ["bt-smart-hub-2", "routers"] {
        assert!(output.stdout.contains(id), "{output:?}");
    }
}
