//! Machines with several network cards, where the evidence is about the second one.

use vmkit_cli_tests::run;

/// `lima` has the user network first and a bridged card second, `minikube` is on two networks of
/// libvirt, and both cards of `flux` are on one link and answer for one address.
fn snapshot() -> String {
    format!("{}/data/several-cards", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn resolves_machines_by_the_mac_of_their_second_card() {
    let output = run(&["status", "--from", &snapshot(), "--json"]);
    // Name, address, the MAC and interface that go with it, notes.
    let rows = [
        ("lima", "192.168.1.60", "52:54:00:00:01:02", "br0"),
        ("minikube", "192.168.39.7", "52:54:00:00:02:02", "virbr1"),
        ("flux", "192.168.1.70", "52:54:00:00:03:01", "br0"),
    ];
    for (name, ip, mac, interface) in rows {
        let machine = output.machine(name);
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let found = [&machine["verdict"], &machine["ip"], &machine["mac"]].map(text);
        assert_eq!(found, ["resolved", ip, mac], "{machine:#}");
        assert_eq!(machine["net"]["interface"], interface, "{machine:#}");
        assert_eq!(machine["notes"], serde_json::json!([]), "{machine:#}");
        let cards = machine["cards"].as_array().expect("a list of cards");
        let macs: Vec<String> = cards.iter().map(|card| text(&card["mac"])).collect();
        assert_eq!((macs.len(), macs.contains(&mac.to_owned())), (2, true), "{machine:#}");
    }
}
