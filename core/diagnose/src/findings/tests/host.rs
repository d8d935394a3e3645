//! Interfaces, bridges, firewall and listeners.

use std::time::Duration;

use vmkit_survey::{bridges, firewall, listeners};
use vmkit_types::{InterfaceKind, NetworkMode, Prefix, Reading, Route};

use super::{
    Scene, absent, present,
    scene::{VM, now},
};

fn finds(scene: &Scene, code: &str) -> bool {
    let (there, not_there) = (present(scene).contains(&code), absent(scene).contains(&code));
    assert!(there != not_there, "{code} was not judged");
    there
}

#[test]
fn finds_a_port_outside_the_bridge() {
    assert!(!finds(&Scene::at_home(), "port-not-in-bridge"));
    let out = Scene::at_home().interface("tap0", |tap| tap.bridge = None);
    assert!(finds(&out, "port-not-in-bridge"));
    let elsewhere = Scene::at_home().interface("tap0", |tap| tap.bridge = Some("br9".to_owned()));
    assert!(finds(&elsewhere, "port-not-in-bridge"));
}

#[test]
fn finds_an_uplink_that_is_down_or_wrong() {
    let down = Scene::at_home().interface("en0", |en0| en0.up = false);
    assert!(finds(&down, "uplink-down") && !finds(&down, "uplink-not-default"));
    let mut other = Scene::at_home();
    if let Reading::Known(network) = &mut other.network {
        network.routes[0].interface = "en7".to_owned();
    }
    assert!(finds(&other, "uplink-not-default") && !finds(&other, "uplink-down"));
}

#[test]
fn finds_a_vpn_with_a_more_specific_route() {
    let rows =
        [([192, 168, 1, 0], 24, true), ([192, 168, 1, 0], 25, true), ([0, 0, 0, 0], 1, false)];
    for (address, length, expected) in rows {
        let mut scene = Scene::at_home().interface("en0", |_| {});
        if let Reading::Known(network) = &mut scene.network {
            let mut vpn = network.interfaces[0].clone();
            (vpn.name, vpn.kind, vpn.bridge) = ("utun3".to_owned(), InterfaceKind::Vpn, None);
            network.interfaces.push(vpn);
            let destination = Prefix { address: address.into(), length };
            let interface = "utun3".to_owned();
            network.routes.push(Route { destination, gateway: None, interface });
        }
        assert_eq!(finds(&scene, "vpn-takes-subnet"), expected, "{address:?}/{length}");
    }
}

/// State, spanning tree, forward delay in hundredths of a second, minutes since the start, findings.
#[test]
fn finds_the_state_of_a_port_in_its_bridge() {
    let rows: &[(&str, u8, u32, u64, &[&str])] = &[
        ("forwarding", 0, 1500, 0, &[]),
        ("forwarding", 1, 1500, 5, &[]),
        ("forwarding", 1, 1500, 0, &["port-still-learning"]),
        ("learning", 1, 1500, 5, &["port-still-learning"]),
        ("blocking", 0, 0, 5, &["port-not-forwarding"]),
        ("disabled", 0, 0, 5, &["port-not-forwarding"]),
    ];
    for (state, stp, delay, minutes, expected) in rows {
        let text = format!(
            r#"[{{"ifname":"br0","linkinfo":{{"info_kind":"bridge",
                "info_data":{{"stp_state":{stp},"forward_delay":{delay}}}}}}},
               {{"ifname":"tap0","master":"br0","linkinfo":{{"info_slave_kind":"bridge",
                "info_slave_data":{{"state":"{state}","isolated":false}}}}}}]"#
        );
        let mut scene = Scene::at_home();
        scene.survey.bridges = bridges(text.as_bytes());
        scene.machine.started_at = Some(now() - Duration::from_mins(*minutes));
        let found = present(&scene);
        let found: Vec<_> = found.into_iter().filter(|code| code.starts_with("port-")).collect();
        assert_eq!(found, *expected, "{state} {stp} {delay} {minutes}");
    }
}

#[test]
fn finds_rules_that_drop_the_machines_frames() {
    let chain = |hook: &str, rule: &str| {
        format!(
            "table bridge t {{\n chain c {{\n type filter hook {hook} priority 0; policy accept;\n {rule}\n }}\n}}\n"
        )
    };
    let shared_input = "table inet f {\n chain c {\n type filter hook input priority 0; policy accept;\n \
                        iifname \"br0\" udp dport 67 counter packets 2 bytes 9 drop\n }\n}\n";
    let foreign = "ether saddr != aa:aa:aa:aa:aa:aa drop";
    let rows = [
        (chain("input", "udp dport 67 counter packets 3 bytes 9 drop"), "firewall-drops-dhcp-requests", true),
        (chain("input", "udp dport 67 counter packets 0 bytes 0 drop"), "firewall-drops-dhcp-requests", false),
        (chain("input", "iifname \"tap9\" udp dport 67 drop"), "firewall-drops-dhcp-requests", false),
        (chain("output", "udp sport 67 drop"), "firewall-drops-dhcp-replies", true),
        (chain("forward", foreign), "firewall-drops-foreign-mac", true),
        (chain("forward", &foreign.replace("aa:aa:aa:aa:aa:aa", VM)), "firewall-drops-foreign-mac", false),
        (chain("forward", "ether type arp drop"), "firewall-drops-arp", true),
        (":FORWARD DROP [7:99]\nnet.bridge.bridge-nf-call-iptables = 1\n".to_owned(), "firewall-drops-bridged", true),
        (
            ":FORWARD DROP [7:99]\n-A FORWARD -i br0 -j ACCEPT\nnet.bridge.bridge-nf-call-iptables = 1\n".to_owned(),
            "firewall-drops-bridged",
            false,
        ),
    ];
    for (text, code, expected) in rows {
        let mut scene = Scene::at_home();
        scene.survey.firewall = firewall(text.as_bytes());
        assert_eq!(finds(&scene, code), expected, "{text}");
    }
    let mut shared = Scene::at_home();
    shared.machine.mode = Some(NetworkMode::Shared);
    shared.survey.firewall = firewall(shared_input.as_bytes());
    assert!(finds(&shared, "firewall-blocks-dhcp-server"));
}

#[test]
fn a_host_in_shared_mode_needs_a_server_and_an_address() {
    let mut scene = Scene::at_home().interface("br0", |br0| br0.addresses.clear());
    scene.machine.mode = Some(NetworkMode::Shared);
    scene.survey.listeners = Reading::Known(listeners(b""));
    assert!(finds(&scene, "dhcp-server-not-listening") && finds(&scene, "bridge-has-no-address"));
    scene.survey.listeners = Reading::Known(listeners(b"UNCONN 0 0 0.0.0.0%br0:67 0.0.0.0:*\n"));
    assert!(!finds(&scene, "dhcp-server-not-listening"));
}
