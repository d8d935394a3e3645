//! Ports that `vm-broker` makes for machines, and what it refuses to attach them to.
#![cfg(target_os = "linux")]

use std::{collections::BTreeSet, fs, process::Command, thread, time::Duration};

use vmkit_lab::{Lab, PATIENCE, Stage, or_skip, run, wait_until};
use vmkit_rights::{Account, Broker};
use vmkit_types::Mac;

/// A user that this computer does not have.
const ANN: u32 = 41001;
const MAC: Mac = Mac::new([0x52, 0x54, 0, 1, 2, 3]);

/// The broker of a `sudo vm` of ann's, in the host's namespace.
fn broker(lab: &Lab) -> Broker {
    let program = Stage::find().expect("a stage").prefix().join("lib/vmkit/vm-broker");
    let namespace = lab.host().name().to_owned();
    Broker::new(Account { uid: ANN, gid: ANN }, move || {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace]).arg(&program);
        Ok(command)
    })
}

/// The broker of the capture group, started by ann, with these capabilities.
fn of_the_group(lab: &Lab, capabilities: Option<&str>) -> Broker {
    let stage = Stage::find().expect("a stage");
    let program = lab.folder().join(format!("broker-{}", capabilities.is_some()));
    fs::copy(stage.prefix().join("lib/vmkit/vm-broker"), &program).expect("a copy");
    if let Some(capabilities) = capabilities {
        run(Command::new("setcap").arg(capabilities).arg(&program)).expect("capabilities");
    }
    let namespace = lab.host().name().to_owned();
    Broker::new(Account { uid: 0, gid: 0 }, move || {
        let mut command = Command::new("ip");
        // As udev sets the device of taps up.
        let script = "mount -t tmpfs t /dev/net; mknod -m 666 /dev/net/tun c 10 200; exec \"$@\"";
        command.args(["netns", "exec", &namespace, "sh", "-c", script, "sh"]);
        command.args(["setpriv", "--clear-groups"]);
        command.args([&format!("--reuid={ANN}"), &format!("--regid={ANN}")]).arg(&program);
        Ok(command)
    })
}

/// The names of the ports of machines on the host.
fn ports(lab: &Lab) -> BTreeSet<String> {
    let shown = lab.host().ip("-o link show").expect("the interfaces");
    let names = shown.lines().filter_map(|line| line.split(": ").nth(1));
    let names = names.map(|name| name.split('@').next().unwrap_or(name).to_owned());
    names.filter(|name| name.starts_with("vmtap")).collect()
}

fn wait_for_no_ports(lab: &Lab) {
    wait_until(PATIENCE, "the end of the ports", || Ok(ports(lab).is_empty())).expect("no ports");
}

#[test]
fn a_tap_is_up_in_its_bridge_and_ends_with_its_descriptor() {
    let Some(lab) = or_skip(Lab::new("port-tap")) else { return };
    let broker = broker(&lab);
    let address = lab.host().ip("-o link show br0").expect("the bridge");
    let tap = broker.tap("br0").expect("a tap");
    assert_eq!(tap.forwards_after, Duration::ZERO);
    let shown = lab.host().ip(&format!("-d -o link show {}", tap.port)).expect("the port");
    for part in ["master br0", ",UP", "link/ether fe:", "alias vmkit", "vnet_hdr on"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let mac = |text: &str| text.split("link/ether ").nth(1).map(|rest| rest[..17].to_owned());
    let now = lab.host().ip("-o link show br0").expect("the bridge");
    assert_eq!(mac(&now), mac(&address), "the bridge keeps its MAC");
    drop(tap);
    wait_for_no_ports(&lab);
}

#[test]
fn twenty_taps_at_once_have_twenty_names() {
    let Some(lab) = or_skip(Lab::new("port-twenty")) else { return };
    let broker = broker(&lab);
    let taps: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| broker.tap("br0"))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic").expect("a tap")).collect()
    });
    let names: BTreeSet<_> = taps.iter().map(|tap| tap.port.clone()).collect();
    assert_eq!(names.len(), 20, "{names:?}");
    assert_eq!(names, ports(&lab));
    drop(taps);
    wait_for_no_ports(&lab);
}

#[test]
fn says_how_long_a_bridge_that_runs_stp_passes_nothing_on() {
    let Some(lab) = or_skip(Lab::new("port-stp")) else { return };
    lab.host().ip("link add slow type bridge stp_state 1 forward_delay 400").expect("a bridge");
    let tap = broker(&lab).tap("slow").expect("a tap");
    assert_eq!(tap.forwards_after, Duration::from_secs(8));
}

#[test]
fn attaches_machines_to_bridges_that_exist_and_to_wired_adapters_alone() {
    let Some(lab) = or_skip(Lab::new("port-refused")) else { return };
    let broker = broker(&lab);
    lab.host().ip("link add wire0 type veth peer name wire1").expect("a cable");
    let long = "b".repeat(4096);
    let rows = [
        ("br1", "there is no bridge \"br1\""),
        ("wire0", "\"wire0\" is not a bridge"),
        ("lo", "\"lo\" is not a bridge"),
        ("", "there is no bridge \"\""),
        ("br0 master", "there is no bridge"),
        ("../br0", "there is no bridge"),
        ("br0\0", "is not a bridge"),
        ("\x1b[2Jbr0\n", "there is no bridge \"\\u{1b}[2Jbr0\\n\""),
        ("vmtap%d", "there is no bridge"),
        (&long, "a bridge's name has at most 15 octets"),
    ];
    for (bridge, expected) in rows {
        let refusal = broker.tap(bridge).map(|tap| tap.port).expect_err(bridge);
        assert!(refusal.message.contains(expected), "{bridge:?}: {refusal}");
        assert!(refusal.message.len() < 300, "{bridge:?}: {refusal}");
    }
    let group = Mac::new([0x53, 0x54, 0, 1, 2, 3]);
    let rows = [
        ("en0", MAC, "en0 is in a bridge, to be used in its place: br0"),
        ("br0", MAC, "\"br0\" is not a wired adapter"),
        ("lo", MAC, "lo is loopback"),
        ("eth9", MAC, "there is no interface \"eth9\""),
        ("../wire0", MAC, "there is no interface"),
        ("wire0", group, "is no machine's MAC"),
        ("wire0", Mac::new([0; 6]), "is no machine's MAC"),
    ];
    for (uplink, mac, expected) in rows {
        let refusal = broker.macvtap(uplink, mac).map(|tap| tap.port).expect_err(uplink);
        assert!(refusal.message.contains(expected), "{uplink:?}: {refusal}");
    }
    assert!(ports(&lab).is_empty());
}

#[test]
fn a_macvtap_ends_with_its_descriptor_though_the_broker_has_ended() {
    let Some(lab) = or_skip(Lab::new("port-macvtap")) else { return };
    lab.host().ip("link add wire0 type veth peer name wire1").expect("a cable");
    lab.host().ip("link set wire0 up").expect("a cable");
    let first = broker(&lab);
    let one = first.macvtap("wire0", MAC).expect("a macvtap");
    let refusal = first.macvtap("wire0", MAC).map(|tap| tap.port).expect_err("one MAC twice");
    assert!(refusal.message.contains(&MAC.to_string()), "{refusal}");
    drop(first);
    let shown = lab.host().ip(&format!("-d -o link show {}", one.port)).expect("the port");
    for part in ["macvtap mode bridge", "52:54:00:01:02:03", "alias vmkit", ",UP"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let second = broker(&lab);
    let two = second.macvtap("wire0", Mac::new([2, 0, 0, 0, 0, 7])).expect("another");
    assert_eq!(ports(&lab), BTreeSet::from([one.port.clone(), two.port.clone()]));
    drop((one, second));
    wait_until(PATIENCE, "the end of one", || Ok(ports(&lab).len() == 1)).expect("it has ended");
    assert_eq!(ports(&lab), BTreeSet::from([two.port.clone()]));
    drop(two);
    wait_for_no_ports(&lab);
}

#[test]
fn a_machine_on_a_macvtap_reaches_the_network_of_its_adapter() {
    let Some(lab) = or_skip(Lab::new("port-adapter")) else { return };
    let router = lab.router_host();
    let far = format!("link add wire0 type veth peer name wire1 netns {}", router.name());
    lab.host().ip(&far).expect("a cable");
    lab.host().ip("link set wire0 up").expect("a cable");
    router.ip("address add 10.9.9.1/24 dev wire1").expect("an address");
    router.ip("link set wire1 up").expect("a cable");
    let tap = broker(&lab).macvtap("wire0", MAC).expect("a macvtap");
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    guest.namespace().ip(&format!("link set eth0 address {MAC}")).expect("its MAC");
    guest.namespace().ip("address add 10.9.9.2/24 dev eth0").expect("an address");
    wait_until(PATIENCE, "an answer", || guest.reaches("10.9.9.1")).expect("it reaches the router");
    drop(guest);
    wait_for_no_ports(&lab);
}

#[test]
fn removes_ports_of_its_own_that_no_process_has() {
    let Some(lab) = or_skip(Lab::new("port-left")) else { return };
    let host = lab.host();
    host.ip("link add wire0 type veth peer name wire1").expect("a cable");
    host.ip("link add vmtap7 link wire0 type macvtap mode bridge").expect("a macvtap");
    host.ip("link add vmtap5 link wire0 type macvtap mode bridge").expect("a macvtap");
    host.ip("tuntap add dev vmtap8 mode tap").expect("a persistent tap");
    host.ip("tuntap add dev vmtap9 mode tap").expect("a persistent tap");
    for port in ["vmtap7", "vmtap8"] {
        let mut alias = host.command("ip");
        run(alias.args(["link", "set", port, "alias", "vmkit 0"])).expect("an alias");
    }
    let tap = broker(&lab).tap("br0").expect("a tap");
    // Those of others stay.
    let expected = [tap.port.as_str(), "vmtap5", "vmtap9"].map(str::to_owned);
    assert_eq!(ports(&lab), BTreeSet::from(expected));
}

#[test]
fn the_capture_group_has_taps_and_nothing_that_needs_root() {
    let Some(lab) = or_skip(Lab::new("port-group")) else { return };
    lab.host().ip("link add wire0 type veth peer name wire1").expect("a cable");
    let group = of_the_group(&lab, Some("cap_net_raw,cap_net_admin=ep"));
    let tap = group.tap("br0").expect("a tap");
    assert_eq!(ports(&lab), BTreeSet::from([tap.port.clone()]));
    let refusal = group.macvtap("wire0", MAC).map(|tap| tap.port).expect_err("a device of root's");
    assert!(refusal.denied && refusal.message.contains("needs root"), "{refusal}");
    let refusal = group.shared_tap().map(|(tap, _)| tap.port).expect_err("programs of root's");
    assert!(refusal.denied && refusal.message.contains("needs root"), "{refusal}");
    let nobody = of_the_group(&lab, None);
    let refusal = nobody.tap("br0").map(|tap| tap.port).expect_err("no right");
    assert!(refusal.denied && refusal.message.contains("CAP_NET_ADMIN"), "{refusal}");
}
