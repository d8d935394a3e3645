//! The network that machines share, with real machines' ports, dnsmasq and nftables.
#![cfg(target_os = "linux")]

use std::{collections::BTreeSet, net::Ipv4Addr, thread};

use vmkit_lab::{Lab, PATIENCE, ROUTER_ADDRESS, Stage, finish, or_skip, run, wait_until};
use vmkit_rights::{Account, Broker};

/// A user that this computer does not have.
const ANN: u32 = 41001;

/// A lab whose host sees its own files and programs alone.
fn enclosed(test: &str) -> Option<Lab> {
    let mut lab = or_skip(Lab::new(test))?;
    lab.enclose().expect("an enclosure");
    Some(lab)
}

/// The broker of a `sudo vm` of ann's, on the host.
fn broker(lab: &Lab) -> Broker {
    let prefix = Stage::find().expect("a stage").prefix().canonicalize().expect("the tree");
    let command = lab.host().command(prefix.join("lib/vmkit/vm-broker"));
    let words: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).collect();
    let words: Vec<_> = words.into_iter().map(ToOwned::to_owned).collect();
    Broker::new(Account { uid: ANN, gid: ANN }, move || {
        let mut command = std::process::Command::new(&words[0]);
        command.args(&words[1..]);
        Ok(command)
    })
}

/// What the program prints on the host, whatever its status is.
fn on_host(lab: &Lab, line: &str) -> String {
    let mut words = line.split(' ');
    let mut command = lab.host().command(words.next().expect("a program"));
    finish(command.args(words)).expect("a program that runs").stdout
}

/// All that the shared network changes on the host.
fn traces(lab: &Lab) -> Vec<String> {
    let mut traces: Vec<String> = Vec::new();
    let mut note = |what: &str, text: String| {
        if !text.trim().is_empty() {
            traces.push(format!("{what}: {text}"));
        }
    };
    note(
        "bridge",
        on_host(lab, "ip -o link show type bridge")
            .lines()
            .filter(|line| line.contains("vmkit0"))
            .collect(),
    );
    note(
        "table",
        on_host(lab, "nft list tables").lines().filter(|line| line.contains("vmkit")).collect(),
    );
    note(
        "rules",
        on_host(lab, "nft list ruleset").lines().filter(|line| line.contains("vmkit")).collect(),
    );
    note("forwarding", on_host(lab, "sysctl -n net.ipv4.ip_forward").replace('0', ""));
    note("keeper", on_host(lab, "pgrep -f keep-shared-network"));
    note("dnsmasq", on_host(lab, "pgrep -f interface=vmkit0"));
    let files = on_host(lab, "ls /run/vmkit/shared").replace("door.lock", "");
    note("files", files.replace("keeper.lock", ""));
    traces
}

fn wait_for_no_traces(lab: &Lab) {
    let waited = wait_until(PATIENCE, "the end of the network", || Ok(traces(lab).is_empty()));
    waited.unwrap_or_else(|error| panic!("{error}: {:?}", traces(lab)));
}

#[test]
fn machines_reach_beyond_the_shared_network_and_it_ends_with_the_last() {
    let Some(lab) = enclosed("shared-whole") else { return };
    assert_eq!(traces(&lab), Vec::<String>::new());
    let first = broker(&lab);
    let (tap, network) = first.shared_tap().expect("a network");
    assert_eq!((network.gateway, network.prefix), (Ipv4Addr::new(192, 168, 105, 1), 24));
    assert_eq!((&network.moved_because, &network.warnings), (&None, &Vec::new()));
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    // A guest that says it is a router would get this computer's connections of IPv6.
    assert_eq!(on_host(&lab, "sysctl -n net.ipv6.conf.vmkit0.disable_ipv6"), "1");
    let address = guest.ask(&lab).expect("a client").expect("an address");
    assert_eq!(address.octets()[..3], [192, 168, 105]);
    // The router knows no way to the guest, but to the host.
    assert!(guest.reaches(ROUTER_ADDRESS).expect("ping"), "{}", on_host(&lab, "nft list ruleset"));
    assert!(guest.reaches("192.168.105.1").expect("ping"));
    // With an address of another network it reaches nothing.
    guest.namespace().ip("addr add 198.51.100.7/32 dev lo").expect("an address");
    let mut ping = guest.namespace().command("busybox");
    ping.args(["ping", "-q", "-c", "1", "-W", "1", "-I", "198.51.100.7", ROUTER_ADDRESS]);
    assert!(!finish(&mut ping).expect("ping").status.success());
    let dropped = on_host(&lab, "nft list chain inet vmkit_shared forward");
    assert!(dropped.contains("ip saddr != 192.168.105.0/24 counter packets 1 "), "{dropped}");
    let mut lookup = guest.namespace().command("busybox");
    let said = finish(lookup.args(["nslookup", "localhost", "192.168.105.1"])).expect("nslookup");
    assert!(said.stdout.contains("127.0.0.1"), "its DNS answers: {said:?}");
    let leases = on_host(&lab, "cat /run/vmkit/shared/dnsmasq.leases");
    assert!(leases.contains(&address.to_string()), "{leases}");
    // What `vm` and its broker leave behind is the keeper.
    drop(first);
    let (tap, again) = broker(&lab).shared_tap().expect("the same network");
    assert_eq!(again, network);
    let other = lab.start_on_tap("gb", tap.descriptor).expect("a guest");
    let second = other.ask(&lab).expect("a client").expect("an address");
    assert_ne!(address, second);
    assert!(other.reaches(&address.to_string()).expect("ping"), "guests reach each other");
    assert_eq!(on_host(&lab, "pgrep -f keep-shared-network").lines().count(), 1);
    // Nothing else of the network reaches a guest, and the host routes for nobody else.
    let way = format!("route add 192.168.105.0/24 via {}", vmkit_lab::HOST_ADDRESS);
    lab.router_host().ip(&way).expect("a route");
    let mut ping = lab.router_host().command("busybox");
    ping.args(["ping", "-q", "-c", "1", "-W", "1", &address.to_string()]);
    assert!(!finish(&mut ping).expect("ping").status.success(), "the router reaches a guest");
    let mut ping = lab.router_host().command("busybox");
    ping.args(["ping", "-q", "-c", "1", "-W", "1", "192.168.105.1"]);
    assert!(!finish(&mut ping).expect("ping").status.success(), "the router reaches its DNS");
    // A port that its holder has made to stay does not keep the network.
    lab.host().ip("tuntap add dev vmtap77 mode tap").expect("a tap");
    run(lab.host().command("ip").args(["link", "set", "vmtap77", "alias", "vmkit 0"]))
        .expect("alias");
    lab.host().ip("link set vmtap77 up master vmkit0").expect("a port");
    drop(guest);
    assert!(other.reaches(ROUTER_ADDRESS).expect("ping"), "the network stays for the other");
    drop(other);
    wait_for_no_traces(&lab);
}

#[test]
fn redirects_are_refused_as_before_when_the_network_has_ended() {
    let Some(lab) = enclosed("shared-redirects") else { return };
    for before in ["0", "1"] {
        lab.host().set("ipv4.conf.all.accept_redirects", before).expect("a setting");
        let (tap, _) = broker(&lab).shared_tap().expect("a network");
        drop(tap);
        wait_for_no_traces(&lab);
        // The kernel changes it with the setting of forwarding.
        assert_eq!(on_host(&lab, "sysctl -n net.ipv4.conf.all.accept_redirects"), before);
    }
}

#[test]
fn forwards_for_no_adapter_or_tunnel_that_comes_later() {
    let Some(lab) = enclosed("shared-tunnel") else { return };
    let (tap, _) = broker(&lab).shared_tap().expect("a network");
    let rule = |name: &str| on_host(&lab, "nft list ruleset").contains(&format!("\"{name}\""));
    assert!(rule("br0"));
    lab.host().ip("tuntap add dev tun9 mode tun").expect("a tunnel");
    wait_until(PATIENCE, "the tunnel among them", || Ok(rule("tun9"))).expect("it is closed");
    // Who makes a bridge, such as Docker, needs it.
    lab.host().ip("link add docker0 type bridge").expect("a bridge");
    lab.host().ip("tuntap add dev tun8 mode tun").expect("a tunnel");
    wait_until(PATIENCE, "the tunnel among them", || Ok(rule("tun8"))).expect("it is closed");
    assert!(!rule("docker0"));
    drop(tap);
    wait_until(PATIENCE, "the end", || Ok(on_host(&lab, "pgrep -f keep-shared").is_empty()))
        .expect("it ends");
    assert_eq!(on_host(&lab, "sysctl -n net.ipv4.ip_forward"), "1", "Docker needs it");
}

#[test]
fn opens_firewalls_that_drop_and_closes_them_again() {
    let Some(lab) = enclosed("shared-docker") else { return };
    for line in [
        "iptables -N DOCKER-USER",
        "iptables -A FORWARD -j DOCKER-USER",
        "iptables -P FORWARD DROP",
        "iptables -P INPUT DROP",
    ] {
        let mut words = line.split(' ');
        run(lab.host().command(words.next().expect("a program")).args(words)).expect(line);
    }
    let own = "add table inet own; add chain inet own in { type filter hook input priority 1; \
        policy drop; }; add chain inet own through { type filter hook forward priority 1; policy drop; }";
    run(lab.host().command("nft").arg(own)).expect("a table");
    let before = on_host(&lab, "nft -s list ruleset");
    let (tap, network) = broker(&lab).shared_tap().expect("a network");
    assert_eq!(network.warnings, Vec::<String>::new());
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    guest.ask(&lab).expect("a client").expect("an address");
    assert!(guest.reaches(ROUTER_ADDRESS).expect("ping"), "{}", on_host(&lab, "nft list ruleset"));
    // iptables still understands its chains.
    let shown = on_host(&lab, "iptables -S FORWARD");
    assert!(shown.contains("-A FORWARD -i vmkit0"), "{shown}");
    drop(guest);
    wait_for_no_traces(&lab);
    assert_eq!(on_host(&lab, "nft -s list ruleset"), before);
}

#[test]
fn mends_rules_that_were_flushed_when_the_next_machine_joins() {
    let Some(lab) = enclosed("shared-flushed") else { return };
    run(lab.host().command("iptables").args(["-P", "FORWARD", "DROP"])).expect("a policy");
    let broker = broker(&lab);
    let (first, _) = broker.shared_tap().expect("a network");
    run(lab.host().command("iptables").arg("-F")).expect("no rules");
    run(lab.host().command("nft").arg("delete table inet vmkit_shared")).expect("no table");
    let (tap, _) = broker.shared_tap().expect("the network");
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    guest.ask(&lab).expect("a client").expect("an address");
    wait_until(PATIENCE, "the rules", || guest.reaches(ROUTER_ADDRESS)).expect("they are mended");
    let shown = on_host(&lab, "iptables -S FORWARD");
    assert_eq!(shown.matches("-i vmkit0").count(), 1, "{shown}");
    // What is there stays, as the kernel's numbers of it show: machines run.
    let handles = || {
        let listed = on_host(&lab, "nft -a list chain ip filter FORWARD");
        let own = listed.lines().filter(|line| line.contains("vmkit0"));
        own.filter_map(|line| line.rsplit(' ').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    let present = handles();
    assert_eq!(present.len(), 2);
    let (second, _) = broker.shared_tap().expect("the network");
    run(lab.host().command("nft").arg("delete table inet vmkit_shared")).expect("no table");
    let (fourth, _) = broker.shared_tap().expect("the network");
    wait_until(PATIENCE, "the table again", || {
        Ok(on_host(&lab, "nft list tables").contains("vmkit_shared"))
    })
    .expect("it is mended");
    assert_eq!(handles(), present);
    // One rule alone.
    let mut delete = lab.host().command("iptables");
    delete.args(["-D", "FORWARD", "-i", "vmkit0", "-m", "comment", "--comment", "vmkit"]);
    run(delete.args(["-j", "ACCEPT"])).expect("one rule less");
    let (third, _) = broker.shared_tap().expect("the network");
    wait_until(PATIENCE, "each rule once", || {
        let shown = on_host(&lab, "iptables -S FORWARD");
        Ok(["-i vmkit0", "-o vmkit0"].iter().all(|rule| shown.matches(rule).count() == 1))
    })
    .expect("it is mended");
    drop((first, guest, second, third, fourth));
    wait_for_no_traces(&lab);
}

#[test]
fn opens_legacy_tables_that_drop_and_closes_them_again() {
    let Some(lab) = enclosed("shared-legacy") else { return };
    for line in [
        "iptables-legacy -P FORWARD DROP",
        "iptables-legacy -A INPUT -i lo -j ACCEPT",
        "iptables-legacy -A INPUT -j REJECT",
    ] {
        let mut words = line.split(' ');
        run(lab.host().command(words.next().expect("a program")).args(words)).expect(line);
    }
    let rules = || on_host(&lab, "iptables-legacy -S");
    let before = rules();
    let (tap, network) = broker(&lab).shared_tap().expect("a network");
    assert_eq!(network.warnings, Vec::<String>::new());
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    guest.ask(&lab).expect("a client").expect("an address");
    assert!(guest.reaches(ROUTER_ADDRESS).expect("ping"), "{}", rules());
    drop(guest);
    wait_for_no_traces(&lab);
    assert_eq!(rules(), before);
}

#[test]
fn bridges_pass_frames_on_as_before_where_firewalls_see_them() {
    let Some(lab) = enclosed("shared-bridged") else { return };
    lab.host().set("bridge.bridge-nf-call-iptables", "1").expect("firewalls see bridged frames");
    let broker = broker(&lab);
    let (tap, _) = broker.shared_tap().expect("a network");
    let bridged = broker.tap("br0").expect("a tap");
    let guest = lab.start_on_tap("ga", bridged.descriptor).expect("a guest");
    guest.ask(&lab).expect("a client").expect("an address of the router");
    assert!(guest.reaches(ROUTER_ADDRESS).expect("ping"));
    drop(tap);
}

#[test]
fn moves_where_another_network_has_its_addresses() {
    let Some(lab) = enclosed("shared-moved") else { return };
    lab.host().ip("address add 192.168.105.7/24 dev br0").expect("an address");
    let broker = broker(&lab);
    let (tap, network) = broker.shared_tap().expect("a network");
    assert_eq!(network.gateway, Ipv4Addr::new(192, 168, 115, 1));
    let why = network.moved_because.expect("a reason");
    assert_eq!(why, "192.168.105.0/24 overlaps 192.168.105.7/24 of br0");
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    let address = guest.ask(&lab).expect("a client").expect("an address");
    assert_eq!(address.octets()[..3], [192, 168, 115]);
    // As a VPN does.
    lab.host().ip("route add 192.168.0.0/16 dev en0").expect("a route");
    let mut overlaps = None;
    wait_until(PATIENCE, "the overlap to be said", || {
        overlaps = broker.shared_tap().ok().and_then(|(_, network)| network.overlaps);
        Ok(overlaps.is_some())
    })
    .expect("it is said");
    assert_eq!(overlaps.as_deref(), Some("the route to 192.168.0.0/16 through en0"));
    drop(guest);
    wait_until(PATIENCE, "the network elsewhere", || {
        let network = broker.shared_tap().map(|(_, network)| network).ok();
        Ok(network.is_some_and(|network| network.gateway.octets()[0] == 172))
    })
    .expect("it moves");
    wait_for_no_traces(&lab);
}

#[test]
fn what_a_killed_keeper_left_is_taken_over() {
    let Some(lab) = enclosed("shared-killed") else { return };
    run(lab.host().command("iptables").args(["-P", "FORWARD", "DROP"])).expect("a policy");
    let broker = broker(&lab);
    let (tap, network) = broker.shared_tap().expect("a network");
    let guest = lab.start_on_tap("ga", tap.descriptor).expect("a guest");
    let address = guest.ask(&lab).expect("a client").expect("an address");
    let kill = || {
        run(lab.host().command("pkill").args(["-KILL", "-f", "keep-shared-network"]))
            .expect("kill");
        wait_until(PATIENCE, "the end of dnsmasq", || {
            Ok(on_host(&lab, "pgrep -f interface=vmkit0").is_empty())
        })
        .expect("it ends with its keeper");
    };
    kill();
    let (tap, again) = broker.shared_tap().expect("the same network");
    assert_eq!(again, network);
    assert_eq!(guest.ask(&lab).expect("a client"), Some(address));
    assert!(guest.reaches(ROUTER_ADDRESS).expect("ping"));
    let shown = on_host(&lab, "iptables -S FORWARD");
    assert_eq!(shown.matches("-i vmkit0").count(), 1, "{shown}");
    drop((guest, tap));
    wait_for_no_traces(&lab);
    // One that had no machine any more.
    let (tap, _) = broker.shared_tap().expect("a network");
    kill();
    drop(tap);
    assert!(!traces(&lab).is_empty());
    drop(broker.shared_tap().expect("a network"));
    wait_for_no_traces(&lab);
}

#[test]
fn twenty_machines_that_join_at_once_have_one_network() {
    let Some(lab) = enclosed("shared-twenty") else { return };
    let brokers = [broker(&lab), broker(&lab)];
    let taps: Vec<_> = thread::scope(|scope| {
        let join = |number: usize| {
            scope.spawn({
                let broker = brokers[number % 2].clone();
                move || broker.shared_tap()
            })
        };
        let threads: Vec<_> = (0..20).map(join).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic").expect("a tap")).collect()
    });
    let names: BTreeSet<_> = taps.iter().map(|(tap, _)| tap.port.clone()).collect();
    assert_eq!(names.len(), 20, "{names:?}");
    assert_eq!(on_host(&lab, "pgrep -f keep-shared-network").lines().count(), 1);
    drop(taps);
    wait_for_no_traces(&lab);
}

#[test]
fn says_what_keeps_the_shared_network_from_beginning() {
    let Some(lab) = enclosed("shared-refused") else { return };
    let broker = broker(&lab);
    // An interface of another program's.
    lab.host().ip("link add vmkit0 type bridge").expect("a bridge");
    let refusal = broker.shared_tap().map(|(tap, _)| tap.port).expect_err("not its own");
    assert!(refusal.message.contains("vmkit has not made it"), "{refusal}");
    lab.host().ip("link delete vmkit0").expect("no bridge");
    let refusal = broker.tap("vmkit0").map(|tap| tap.port).expect_err("no bridge");
    assert!(refusal.message.contains("network of shared mode"), "{refusal}");
    // Another network namespace of the computer has the network.
    let (tap, _) = broker.shared_tap().expect("a network");
    lab.host().ip("link set vmkit0 down").expect("down");
    lab.host().ip("link set vmkit0 name vmkit1").expect("another name");
    let refusal = broker.shared_tap().map(|(tap, _)| tap.port).expect_err("elsewhere");
    assert!(refusal.message.contains("in another network namespace"), "{refusal}");
    lab.host().ip("link set vmkit1 name vmkit0").expect("its name");
    drop(tap);
    wait_for_no_traces(&lab);
    // Another DHCP server has the port.
    let log = lab.folder().join("other.log");
    let mut other = lab.host().command("python3");
    let script = "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); \
        s.bind((\"\", 67)); time.sleep(600)";
    other.args(["-c", script]);
    let other = vmkit_lab::Process::start(&mut other, &log).expect("a server");
    wait_until(PATIENCE, "the other server", || Ok(on_host(&lab, "ss -lun").contains(":67 ")))
        .expect("it listens");
    let refusal = broker.shared_tap().map(|(tap, _)| tap.port).expect_err("the port is in use");
    assert!(refusal.message.contains("dnsmasq"), "{refusal}");
    assert!(refusal.message.contains("in use"), "{refusal}");
    assert_eq!(traces(&lab), Vec::<String>::new());
    drop(other);
    // A directory that others could change.
    let other = lab.host().command("chmod").args(["777", "/run/vmkit"]).status();
    assert!(other.expect("chmod").success());
    let refusal = broker.shared_tap().map(|(tap, _)| tap.port).expect_err("of others");
    assert!(refusal.message.contains("not a directory of root's alone"), "{refusal}");
}
