//! The computer's own parts of a snapshot: `snapshot.json`, bridges and the hosts file.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{
    macs, seen,
    site::{Site, System, Vm},
    time::rfc3339,
};

pub(super) fn snapshot(site: &Site, privileged: bool) -> Value {
    json!({
        "schema": "vmkit.snapshot/1",
        "captured_at": rfc3339(site.now),
        "platform": macs::system(site),
        "privileged": privileged,
        "host": { "interfaces": interfaces(site), "routes": routes(site) },
        "vms": site.vms.iter().map(|vm| machine(site, vm)).collect::<Vec<_>>(),
    })
}

fn interfaces(site: &Site) -> Vec<Value> {
    let own = format!("{}/24", site.host);
    let wifi = |is: bool| if is { "wifi" } else { "ethernet" };
    let (linux, shared) = (site.system == System::Linux, site.shared);
    let unbridged = is_unbridged(site);
    let no_address = site.has("host-no-bridge-address");
    let enslaved = !shared && !unbridged;
    // On Linux a bridge takes over its uplink's address; on macOS it stays there.
    let (mut of_uplink, mut of_bridge) = match (shared, linux) {
        (true, _) => (vec![format!("{}/24", site.lan().0)], vec![own]),
        (false, true) if unbridged => (vec![own], Vec::new()),
        (false, true) => (Vec::new(), vec![own]),
        (false, false) => (vec![own], Vec::new()),
    };
    if no_address {
        of_bridge.clear();
    }
    let mut of_spare: Vec<String> = Vec::new();
    let misdirected = site.has("host-route-misdirected");
    let spare_up = site.has("host-wrong-uplink") || no_address && !shared || misdirected;
    of_spare.extend(misdirected.then(|| "10.66.0.2/24".to_owned()));
    if no_address && !shared {
        of_spare.push("172.20.10.3/28".to_owned());
    }
    if site.has("host-wrong-uplink") {
        // The computer uses its other adapter for the network.
        of_spare.append(if linux { &mut of_bridge } else { &mut of_uplink });
    }
    let mut list = vec![
        json!({"name": if linux { "lo" } else { "lo0" }, "ipv4": ["127.0.0.1/8"], "kind": "loopback", "up": true}),
        json!({
            "name": site.uplink, "mac": site.host_mac.to_string(), "ipv4": of_uplink,
            "kind": wifi(site.wifi), "up": !site.has("host-uplink-down"),
            "bridge": enslaved.then_some(site.bridge),
        }),
        json!({
            "name": site.spare, "mac": "3c:22:fb:00:11:22", "ipv4": of_spare,
            "kind": wifi(!site.wifi), "up": spare_up,
        }),
    ];
    if !site.has("virtual-network-not-started") {
        list.push(json!({
            "name": site.bridge, "mac": site.bridge_mac.to_string(), "ipv4": of_bridge,
            "kind": "bridge", "up": true,
        }));
    }
    if is_on_lone_bridge(site) {
        list.push(json!({
            "name": LONE_BRIDGE, "mac": "4e:5d:1a:00:00:01", "ipv4": [], "kind": "bridge", "up": true,
        }));
    }
    list.extend(ports(site));
    if site.has("host-vpn-captures-subnet") {
        let name = if linux { "tun0" } else { "utun4" };
        list.push(json!({"name": name, "ipv4": ["10.8.0.6/24"], "kind": "vpn", "up": true}));
    }
    if linux && site.has("host-firewall-drops-bridged") {
        list.push(json!({"name": "docker0", "mac": "02:42:8c:11:50:7a", "ipv4": ["172.17.0.1/16"], "kind": "container", "up": true}));
    }
    list
}

/// The host's end of each running VM's cable.
fn ports(site: &Site) -> impl Iterator<Item = Value> {
    let wired = site.vms.iter().filter(|vm| runs(site, vm) && !is_user(site, vm));
    wired.map(|vm| {
        let loose = ["host-port-not-bridged", "virtual-network-not-started"];
        let loose = vm.ails && site.has_any(&loose);
        json!({
            "name": vm.port, "kind": "tap", "up": true, "ipv4": [], "vm": vm.name,
            "bridge": (!loose).then_some(bridge_of(site, vm)),
        })
    })
}

/// A bridge beside the one that has the uplink.
const LONE_BRIDGE: &str = "br1";

/// Whether the VM of the case was attached to another bridge than the one that has the uplink. In other
/// cases of the same fault the uplink was taken out of the bridge.
fn is_on_lone_bridge(site: &Site) -> bool {
    site.has("host-bridge-without-uplink") && site.age.is_multiple_of(2)
}

/// Whether the uplink is in no bridge.
fn is_unbridged(site: &Site) -> bool {
    site.has("host-wifi-cannot-bridge")
        || site.has("host-bridge-without-uplink") && !is_on_lone_bridge(site)
}

fn bridge_of(site: &Site, vm: &Vm) -> &'static str {
    if vm.ails && is_on_lone_bridge(site) { LONE_BRIDGE } else { site.bridge }
}

fn is_user(site: &Site, vm: &Vm) -> bool {
    vm.ails && site.has("vm-user-network")
}

fn runs(site: &Site, vm: &Vm) -> bool {
    !(vm.ails && site.has("vm-not-running"))
}

fn routes(site: &Site) -> Vec<Value> {
    let net = format!("{}/24", site.at(0));
    let (way, gateway) = if site.shared {
        (site.uplink, site.lan().1)
    } else if site.has("host-no-bridge-address") {
        (site.spare, Ipv4Addr::new(172, 20, 10, 1))
    } else if site.has("host-wrong-uplink") {
        (site.spare, site.gateway)
    } else if is_unbridged(site) {
        (site.uplink, site.gateway)
    } else {
        (site.own_interface(), site.gateway)
    };
    let mut list = vec![json!({"dst": "default", "gateway": gateway.to_string(), "dev": way})];
    if !site.has_any(&["host-no-bridge-address", "virtual-network-not-started"]) {
        let dev = if site.shared { site.bridge } else { way };
        list.push(json!({"dst": net, "dev": dev}));
    }
    if site.has("host-subnet-collides") {
        list.push(json!({"dst": net_of(site), "dev": site.uplink}));
    }
    if site.has("host-route-misdirected") {
        let first = format!("{}/32", site.vms[0].address);
        list.push(json!({"dst": first, "dev": site.spare}));
    }
    if site.has("host-vpn-captures-subnet") {
        let dev = if site.system == System::Linux { "tun0" } else { "utun4" };
        let half = format!("{}/25", site.at(0));
        list.push(json!({"dst": if site.age.is_multiple_of(2) { half } else { net_of(site) }, "dev": dev}));
    }
    list
}

fn net_of(site: &Site) -> String {
    format!("{}/24", site.at(0))
}

fn machine(site: &Site, vm: &Vm) -> Value {
    let paused = vm.ails && site.has("vm-paused");
    let state = match (runs(site, vm), paused) {
        (false, _) => "stopped",
        (true, true) => "paused",
        (true, false) => "running",
    };
    let mode = match (is_user(site, vm), site.shared) {
        (true, _) => "user",
        (false, true) => "shared",
        (false, false) => "bridged",
    };
    let interface = match (site.system, site.shared) {
        _ if is_user(site, vm) => None,
        (_, true) => None,
        (System::MacOs, false) => Some(site.uplink),
        (System::Linux, false) if site.has("host-wifi-cannot-bridge") => Some(site.uplink),
        (System::Linux, false) => Some(bridge_of(site, vm)),
    };
    let port = (runs(site, vm) && !is_user(site, vm)).then_some(&vm.port);
    let mut value = json!({
        "name": vm.name, "manager": "vm-toolkit", "state": state,
        "mac": vm.mac.to_string(), "hostname": vm.name, "username": "ubuntu",
        "net": { "mode": mode, "interface": interface, "port": port },
        "known_host_keys": [seen::host_key(site, vm)],
    });
    if vm.ails && site.has("virtual-network-not-started") {
        value["manager"] = json!("libvirt");
        value["remarks"] =
            json!(["network-inactive:default its network \"default\" is not started"]);
    }
    if state != "stopped" {
        value["pid"] = json!(4000 + site.age % 9000);
        value["started_at"] = json!(rfc3339(site.now - site.age * 1000));
    }
    if vm.ails && site.has("vm-registry-mac-mismatch") {
        value["recorded_mac"] = json!("52:54:00:ab:cd:ef");
    }
    value
}

/// `ip -j -d link`, or `bridge -j -d link` if the bridge's own settings do not matter.
pub(super) fn bridges(site: &Site) -> Option<Value> {
    if site.system != System::Linux {
        return None;
    }
    let delayed = site.has("host-bridge-forward-delay");
    let blocked = |vm: &Vm| vm.ails && site.has("host-bridge-port-blocked");
    let isolated = site.has("client-isolation");
    let ports = site.vms.iter().filter(|vm| runs(site, vm) && !is_user(site, vm));
    let loose = site.has_any(&["host-port-not-bridged", "virtual-network-not-started"]);
    let ports = ports.filter(|vm| !(vm.ails && loose));
    let state = |vm: &Vm| match (blocked(vm), delayed) {
        (true, _) => "blocking",
        (false, true) if site.age < 15 => "listening",
        (false, true) if site.age < 30 => "learning",
        _ => "forwarding",
    };
    let enslaved = !site.shared && !is_unbridged(site);
    let rows = ports.map(|vm| (vm.port.clone(), bridge_of(site, vm), state(vm), isolated));
    let uplink_state = if site.has("host-uplink-down") { "disabled" } else { "forwarding" };
    let uplink = || (site.uplink.to_owned(), site.bridge, uplink_state, false);
    let rows = rows.chain(enslaved.then(uplink));
    if !delayed && site.age.is_multiple_of(2) {
        let row = |(name, bridge, state, isolated): (String, &str, &str, bool)| {
            json!({
                "ifname": name, "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"], "mtu": 1500,
                "master": bridge, "state": state, "priority": 32, "cost": 100, "hairpin": false,
                "guard": false, "root_block": false, "fastleave": false, "learning": true,
                "flood": true, "mcast_flood": true, "isolated": isolated,
            })
        };
        return Some(Value::Array(rows.map(row).collect()));
    }
    let row = |(name, bridge, state, isolated): (String, &str, &str, bool)| {
        json!({
            "ifname": name, "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"], "mtu": 1500,
            "qdisc": "fq_codel", "master": bridge, "operstate": "UP", "link_type": "ether",
            "linkinfo": {
                "info_kind": "tun", "info_slave_kind": "bridge",
                "info_slave_data": {
                    "state": state, "priority": 32, "cost": 100, "hairpin": false, "guard": false,
                    "learning": true, "flood": true, "isolated": isolated,
                },
            },
        })
    };
    let own = json!({
        "ifname": site.bridge, "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"], "mtu": 1500,
        "operstate": "UP", "link_type": "ether", "address": site.bridge_mac.to_string(),
        "linkinfo": {
            "info_kind": "bridge",
            "info_data": {
                "forward_delay": if delayed { 1500 } else { 0 }, "hello_time": 200, "max_age": 2000,
                "stp_state": i32::from(delayed), "vlan_filtering": 0,
            },
        },
    });
    Some(Value::Array(std::iter::once(own).chain(rows.map(row)).collect()))
}

/// The hosts file, which may have a former address of the first VM; of some healthy ones it has the right one.
pub(super) fn hosts(site: &Site, old: Ipv4Addr) -> String {
    let vm = &site.vms[0];
    let mut text = "127.0.0.1\tlocalhost\n255.255.255.255\tbroadcasthost\n::1             localhost ip6-localhost\n".to_owned();
    if site.has("stale-hosts") {
        text += &format!("{old}\t{}\n", vm.name);
    } else if site.age.is_multiple_of(3) && site.faults.is_empty() {
        text += &format!("{} {}\n", vm.address, vm.name);
    }
    text
}

/// What the kernel answers to the question of the way to this address.
pub(super) fn way_to(site: &Site, address: Ipv4Addr) -> String {
    let has = |code: &str| site.has(code);
    let linux = site.system == System::Linux;
    let (dev, gateway) = match () {
        () if has("host-vpn-captures-subnet") => (if linux { "tun0" } else { "utun4" }, None),
        () if has("host-route-misdirected") => (site.spare, None),
        () if has("host-subnet-collides") => (site.uplink, None),
        () if has("host-no-bridge-address") => {
            let gateway = if site.shared { site.lan().1 } else { Ipv4Addr::new(172, 20, 10, 1) };
            (if site.shared { site.uplink } else { site.spare }, Some(gateway))
        }
        () if has("dhcp-wrong-subnet") => (site.own_interface(), Some(site.gateway)),
        () => (site.own_interface(), None),
    };
    if linux {
        let via = gateway.map(|gateway| format!("via {gateway} ")).unwrap_or_default();
        return format!("{address} {via}dev {dev} src {} uid 0 \n    cache \n", site.host);
    }
    let gateway = gateway.map(|gateway| format!("    gateway: {gateway}\n")).unwrap_or_default();
    format!(
        "   route to: {address}\ndestination: {address}\n{gateway}  interface: {dev}\n\
         \x20     flags: <UP,HOST,DONE,LLINFO,WASCLONED,IFSCOPE,IFREF>\n\
         \x20recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire\n\
         \x20      0         0         0         0         0         0      1500      1110\n"
    )
}
