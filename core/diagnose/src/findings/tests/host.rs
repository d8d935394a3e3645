//! Interfaces, bridges, firewall and listeners.

use std::time::Duration;

use vmkit_survey::{bridges, listeners};
use vmkit_types::{NetworkMode, Prefix, Reading};

use super::{
    CATALOGUE, Scene, absent, present,
    scene::{machine, now},
};

fn finds(scene: &Scene, code: &str) -> bool {
    let (there, not_there) = (present(scene).contains(&code), absent(scene).contains(&code));
    assert!(there != not_there, "{code} was not judged");
    there
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

/// An address that stayed on the uplink does not belong to its bridge.
#[test]
fn a_bridge_without_an_address_is_found_where_its_uplink_has_one() {
    let address = Prefix { address: [192, 168, 1, 5].into(), length: 24 };
    let bare = |scene: Scene| scene.interface("br0", |br0| br0.addresses.clear());
    let scene = bare(Scene::at_home()).interface("en0", |en0| en0.addresses.push(address));
    assert!(finds(&scene, "bridge-has-no-address"));
    assert!(!finds(&Scene::at_home(), "bridge-has-no-address"));
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

/// The states of the VM's port and of its uplink's (`-`: not read), and whether one is known not to forward.
#[test]
fn a_port_of_unknown_state_may_not_forward() {
    let rows = [
        ("forwarding", "forwarding", Some(false)),
        ("forwarding", "blocking", Some(true)),
        ("-", "blocking", Some(true)),
        ("-", "forwarding", None),
        ("forwarding", "-", None),
    ];
    let port = |name: &str, state: &str| {
        let data = if state == "-" { String::new() } else { format!(r#""state":"{state}""#) };
        format!(
            r#"{{"ifname":"{name}","master":"br0","linkinfo":{{"info_slave_kind":"bridge",
                "info_slave_data":{{{data}}}}}}}"#
        )
    };
    for (own, uplink, expected) in rows {
        let bridge = r#"{"ifname":"br0","linkinfo":{"info_kind":"bridge"}}"#;
        let text = format!("[{bridge},{},{}]", port("tap0", own), port("en0", uplink));
        let mut scene = Scene::at_home();
        scene.survey.bridges = bridges(text.as_bytes());
        let code = "port-not-forwarding";
        let found = (present(&scene).contains(&code), absent(&scene).contains(&code));
        assert_eq!(found, (expected == Some(true), expected == Some(false)), "{own} {uplink}");
    }
}

#[test]
fn the_forward_delay_of_a_vm_whose_start_is_not_known_may_last() {
    let text = r#"[{"ifname":"br0","linkinfo":{"info_kind":"bridge",
            "info_data":{"stp_state":1,"forward_delay":1500}}},
        {"ifname":"tap0","master":"br0","linkinfo":{"info_slave_kind":"bridge",
            "info_slave_data":{"state":"forwarding"}}}]"#;
    let mut scene = Scene::at_home();
    scene.survey.bridges = bridges(text.as_bytes());
    scene.machine.started_at = None;
    let code = "port-still-learning";
    assert!(!present(&scene).contains(&code) && !absent(&scene).contains(&code));
}

/// Whether its own port, and that of the other VM, is isolated; whether the other's port is a VM's.
#[test]
fn a_machine_reaches_no_other_where_all_their_ports_are_isolated() {
    let rows = [
        (true, true, true, true),
        (true, false, true, false),
        (false, true, true, false),
        (true, true, false, false),
    ];
    for (own, other, is_machines, unreachable) in rows {
        let port = |name: &str, isolated: bool| {
            format!(
                r#"{{"ifname":"{name}","master":"br0","linkinfo":{{"info_slave_kind":"bridge",
                    "info_slave_data":{{"state":"forwarding","isolated":{isolated}}}}}}}"#
            )
        };
        let bridge = r#"{"ifname":"br0","linkinfo":{"info_kind":"bridge"}}"#;
        let text = format!("[{bridge},{},{}]", port("tap0", own), port("tap1", other));
        let mut scene = Scene::at_home();
        scene.survey.bridges = bridges(text.as_bytes());
        let mut second = machine("db", "52:54:00:00:00:02");
        second.port = is_machines.then(|| "tap1".to_owned());
        scene.others.push(second);
        let found = present(&scene).contains(&"peers-unreachable");
        assert_eq!(found, unreachable, "{own} {other} {is_machines}");
        assert_eq!(finds(&scene, "port-isolated"), own, "{own} {other} {is_machines}");
    }
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

/// What listens, and whether it may serve br0, which has 192.168.1.50; en0 has 10.0.0.5.
#[test]
fn a_listener_that_is_bound_elsewhere_serves_another_network() {
    let rows = [
        ("0.0.0.0:67", true),
        ("0.0.0.0%br0:67", true),
        ("0.0.0.0%virbr1:67", false),
        ("192.168.1.50:67", true),
        ("10.0.0.5:67", false),
        // The broadcast address of an interface that nothing names.
        ("255.255.255.255:67", true),
    ];
    for (bound, serves) in rows {
        let own = Prefix { address: [10, 0, 0, 5].into(), length: 24 };
        let mut scene = Scene::at_home().interface("en0", |en0| {
            en0.bridge = None;
            en0.addresses.push(own);
        });
        scene.machine.mode = Some(NetworkMode::Shared);
        let text = format!("UNCONN 0 0 {bound} 0.0.0.0:* users:((\"dnsmasq\",pid=8,fd=4))\n");
        scene.survey.listeners = Reading::Known(listeners(text.as_bytes()));
        assert_eq!(finds(&scene, "dhcp-server-not-listening"), !serves, "{bound}");
    }
}

/// The network that `vm start` makes ends with its last machine; that of others has a service.
#[test]
fn proposes_to_start_the_dhcp_server_of_this_network() {
    for (bridge, expected) in
        [("vmkit0", "restart-shared-network"), ("br0", "start-dhcp-server-linux")]
    {
        let mut scene = Scene::at_home()
            .interface("en0", |en0| en0.bridge = None)
            .interface("tap0", |tap| tap.bridge = Some(bridge.to_owned()))
            .interface("br0", |br0| br0.name = bridge.to_owned())
            .guest("1 DISCOVER 1\n4 DISCOVER 1\n9 DISCOVER 1");
        scene.machine.mode = Some(NetworkMode::Shared);
        scene.machine.interface = Some(bridge.to_owned());
        scene.survey.listeners = Reading::Known(listeners(b""));
        let remedies: Vec<String> = scene.facts(|facts| {
            let found = crate::findings(facts, &CATALOGUE);
            let causes = crate::diagnose(facts, &found, &CATALOGUE).causes;
            let down = causes.into_iter().find(|cause| cause.code == "host-dhcp-server-down");
            down.expect("the cause").remedies.into_iter().map(|remedy| remedy.id).collect()
        });
        assert_eq!(remedies, [expected], "{bridge}");
    }
}
