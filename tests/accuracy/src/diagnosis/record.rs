//! Builds a labelled snapshot with some parts missing.

use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    console,
    exchange::{Played, Step, play},
    fault::Fault,
    frames::{ACK, DISCOVER, Dhcp, REQUEST, arp, pcap},
    host, rules, seen,
    site::{Site, System, Vm},
};
use vmkit_types::Mac;

/// The parts of a snapshot besides `snapshot.json`.
const PARTS: [&str; 14] = [
    "guest",
    "uplink",
    "test",
    "console",
    "firewall",
    "bridge",
    "listeners",
    "qmp",
    "neigh",
    "probes",
    "dns",
    "leases",
    "hosts",
    "gateway",
];
/// Parts that need root.
const ROOT_PARTS: [&str; 4] = ["guest", "uplink", "test", "firewall"];
/// Faults of the DHCP exchange, for which somebody would capture it.
const SEEN_AT_BOOT: [&str; 7] = [
    "dhcp-rogue-server",
    "dhcp-bad-gateway",
    "dhcp-wrong-subnet",
    "dhcp-gives-host-address",
    "dhcp-lossy-link",
    "guest-duplicate-client-id",
    "address-conflict",
];
/// Age in seconds until which a guest may be booting.
const BOOT_S: u64 = 300;
/// Faults that look like an unfinished boot.
const SSH_FAULTS: [&str; 2] = ["guest-ssh-not-listening", "guest-firewall-blocks-ssh"];

/// A snapshot and the truth about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The causes. Empty: none, or a fault without a code.
    pub causes: Vec<&'static str>,
    /// The VM.
    pub machine: String,
    /// Whether something is wrong.
    pub ails: bool,
    /// Whether a careful person could tell all causes from it.
    pub knowable: bool,
    files: Vec<(PathBuf, Vec<u8>)>,
}

/// Builds the snapshot of these faults.
pub fn record(family: &str, number: u64, faults: Vec<&'static Fault>) -> Record {
    let mut site = Site::draw(family, number, faults);
    let watched = site.has_any(&SEEN_AT_BOOT) || site.random.chance(0.3);
    if watched && !site.has("host-bridge-forward-delay") {
        site.age = site.random.within(25..=44);
    }
    twins(&mut site);
    let (old, mut files) = (site.at(33), Vec::<(PathBuf, Vec<u8>)>::new());
    let parts = parts(&mut site);
    let has = |part: &str| parts.contains(&part);
    let mut uplink = noise(&mut site);
    let mut bound = Vec::new();
    for vm in site.vms.clone() {
        let (played, window) = life(&mut site, &vm, watched);
        bound.push(played.bound);
        if has("console") && !(vm.ails && site.has("vm-not-running")) {
            let mut steps = played.steps;
            if vm.ails && site.has("stale-console") {
                steps = vec![Step::Asked, Step::Bound(old, site.gateway)];
            }
            let text = console::log(&site, &vm, &steps);
            files.push((format!("console/{}.log", vm.name).into(), text.into_bytes()));
        }
        if has("guest") && !(vm.ails && site.has_any(&["vm-not-running", "vm-user-network"])) {
            files.push((format!("dhcp/guest-{}.pcap", vm.name).into(), pcap(&window.guest)));
        }
        uplink.extend(window.uplink);
    }
    if has("uplink") && !site.shared {
        uplink.sort_by_key(|(at, _)| *at);
        if site.has("host-uplink-down") {
            uplink.clear();
        }
        files.push(("dhcp/uplink.pcap".into(), pcap(&uplink)));
    }
    let privileged = ROOT_PARTS.iter().any(|part| has(part));
    let document = host::snapshot(&site, privileged);
    let mut put = |name: &str, text: Option<String>| {
        files.extend(text.map(|text| (name.into(), text.into_bytes())));
    };
    let json = |value: Value| Some(value.to_string());
    put("snapshot.json", json(document));
    let holders = seen::holders(&site, &bound, old);
    if has("neigh") {
        for (name, text) in seen::neighbours(&site, &holders, old) {
            put(name, Some(text));
        }
    }
    for (part, name, text) in texts(&site, &holders, &bound, old) {
        put(name, text.filter(|_| has(part)));
    }
    if let Some((name, text)) = seen::leases(&site, &bound, old).filter(|_| has("leases")) {
        put(name, Some(text));
    }
    Record {
        causes: site.faults.iter().filter(|f| f.is_known()).map(|f| f.code).collect(),
        machine: site.vms[0].name.clone(),
        ails: !site.faults.is_empty(),
        knowable: is_knowable(&site, &parts),
        files,
    }
}

/// Texts that a snapshot may have: part, file and content.
fn texts(
    site: &Site,
    holders: &[seen::Holder],
    bound: &[Option<Ipv4Addr>],
    old: Ipv4Addr,
) -> [(&'static str, &'static str, Option<String>); 8] {
    let json = |value: Value| Some(value.to_string());
    let (bridged, unbound) = (!site.shared, bound.first().is_some_and(Option::is_none));
    [
        ("probes", "probes.json", json(seen::probes(site, holders))),
        ("dns", "dns.json", json(seen::names(site, bound, old))),
        ("test", "probe-dhcp.json", (bridged && unbound).then(|| seen::test(site).to_string())),
        ("qmp", "qmp.json", json(monitors(site))),
        ("bridge", "host/bridge.json", host::bridges(site).map(|value| value.to_string())),
        ("firewall", "host/firewall.txt", Some(rules::firewall(site))),
        ("listeners", "host/listeners.txt", Some(rules::listeners(site))),
        ("hosts", "host/hosts", Some(host::hosts(site, old))),
    ]
}

/// Whether a careful person could tell all causes from these parts.
fn is_knowable(site: &Site, parts: &[&str]) -> bool {
    let has = |part: &str| parts.contains(&part);
    if site.faults.is_empty() {
        // Behind a Mac's Wi-Fi a table may have the machine's address on the Mac's own MAC.
        let named = has("neigh") && !site.translates() || has("leases") && site.shared;
        named || has("console")
    } else {
        // Without the console nobody can tell a guest that still boots from one without SSH.
        let boots = site.age < BOOT_S && !has("console") && site.has_any(&SSH_FAULTS);
        !boots && site.faults.iter().all(|fault| fault.is_shown_by(parts))
    }
}

impl Record {
    /// Writes the snapshot to a directory of its own.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        for (name, bytes) in &self.files {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap_or(directory))?;
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}

/// Gives two VMs the common property of the fault.
fn twins(site: &mut Site) {
    let first = site.vms[0].clone();
    if site.has("vm-duplicate-mac")
        && let Some(second) = site.vms.get_mut(1)
    {
        (second.mac, second.address) = (first.mac, first.address);
    }
    if site.has("guest-duplicate-client-id") {
        let identifier =
            vec![0xff, 0xb5, 0x5e, 0x67, 0xff, 0, 2, 0, 0, 0xab, 0x11, 9, 8, 7, 6, 5, 4];
        for vm in &mut site.vms {
            vm.client_id = Some(identifier.clone());
        }
    }
}

/// Draws the parts of the snapshot.
fn parts(site: &mut Site) -> Vec<&'static str> {
    let mut parts = PARTS.to_vec();
    let mut lacks = |some: &[&str]| parts.retain(|part| !some.contains(part));
    match site.random.within(0..=9) {
        // As root, with everything.
        0..=3 => {}
        // With --passive.
        4 => lacks(&["test", "probes", "gateway"]),
        // Without root.
        5 | 6 => lacks(&ROOT_PARTS),
        7 => lacks(&["uplink", "test"]),
        8 => lacks(&["guest", "console"]),
        // The parts of a typical bug report.
        _ => lacks(&["guest", "uplink", "test", "firewall", "probes", "bridge", "qmp", "dns"]),
    }
    parts.retain(|_| !site.random.chance(0.06));
    parts
}

fn monitors(site: &Site) -> Value {
    let running = site.vms.iter().filter(|vm| !(vm.ails && site.has("vm-not-running")));
    let state = |vm: &Vm| {
        let status = if vm.ails && site.has("vm-paused") { "paused" } else { "running" };
        let up = !(vm.ails && site.has("guest-link-down") && !site.age.is_multiple_of(4));
        (vm.name.clone(), json!({"status": status, "link_up": up}))
    };
    Value::Object(running.map(state).collect())
}

/// The VM's whole history, and a capture of the last seconds.
fn life(site: &mut Site, vm: &Vm, watched: bool) -> (Played, Played) {
    let start = site.now - site.age * 1000;
    let boot = start + 3000;
    let until = site.now.saturating_sub(boot + 800);
    let mut first = play(site, vm, boot, until.min(40_000));
    if watched || site.age < 60 {
        let window = Played {
            guest: first.guest.clone(),
            uplink: first.uplink.clone(),
            ..Played::default()
        };
        return (first, window);
    }
    let from = site.now - 21_000;
    let Some(own) = first.bound else {
        let window = play(site, vm, from, 20_000);
        first.steps.extend(&window.steps);
        first.bound = window.bound;
        return (first, window);
    };
    (first, quiet(site, vm, own))
}

/// A VM with an address, which sometimes asks for the gateway by ARP.
fn quiet(site: &mut Site, vm: &Vm, own: Ipv4Addr) -> Played {
    let mut window = Played::default();
    let gateway = site.gateway;
    let none = Mac::new([0; 6]);
    for second in [17_u64, 9, 2] {
        let at = site.now - second * 1000;
        let frame = arp(1, (vm.mac, own), (none, gateway), Mac::new([0xff; 6]));
        window.guest.push((at, frame));
        let source = if site.translates() { site.host_mac } else { vm.mac };
        window.uplink.push((at, arp(1, (source, own), (none, gateway), Mac::new([0xff; 6]))));
    }
    if site.has("dhcp-renewal-failing") && vm.ails {
        // An unanswered client asks again after at least a minute (RFC 2131, 4.4.5).
        for second in [190_u64, 127, 64, 1] {
            let renewal = message(site, vm, REQUEST, own);
            window.guest.insert(0, (site.now - second * 1000, renewal.frame()));
            let source = if site.translates() { site.host_mac } else { vm.mac };
            let frame = Dhcp { source, ..renewal }.frame();
            window.uplink.insert(0, (site.now - second * 1000, frame));
        }
        window.guest.sort_by_key(|(at, _)| *at);
    }
    window
}

fn message(site: &Site, vm: &Vm, kind: u8, own: Ipv4Addr) -> Dhcp {
    Dhcp {
        kind,
        xid: 0x7a00_0000 | u32::from(vm.mac.octets()[3]),
        flags: 0,
        source: vm.mac,
        destination: site.gateway_mac,
        from: own,
        to: site.gateway,
        chaddr: vm.mac,
        ciaddr: own,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        client_id: vm.client_id.clone(),
        hostname: Some(vm.name.clone()),
        requested: None,
        server: None,
        terms: None,
        checksum_wrong: false,
    }
}

/// Other traffic at the uplink: other clients and the computer itself.
fn noise(site: &mut Site) -> Vec<(u64, Vec<u8>)> {
    let mut frames = Vec::new();
    if site.has("host-wrong-uplink") || site.random.chance(0.3) {
        return frames;
    }
    let phone = Mac::new([0xa4, 0x83, 0xe7, site.random.octet(0..=255), 4, 5]);
    let own = site.at(150);
    let at = site.now - site.random.within(2000..=18_000);
    let all = Mac::new([0xff; 6]);
    let stranger = Vm {
        name: "Johns-iPhone".to_owned(),
        mac: phone,
        client_id: None,
        ails: false,
        ..site.vms[0].clone()
    };
    let base = Dhcp {
        destination: all,
        from: Ipv4Addr::UNSPECIFIED,
        to: Ipv4Addr::BROADCAST,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        requested: Some(own),
        ..message(site, &stranger, if site.has("dhcp-no-server") { DISCOVER } else { REQUEST }, own)
    };
    frames.push((at, base.frame()));
    if !site.has("dhcp-no-server") && site.system == System::Linux {
        // On a wire, another client's ACK is visible only if the switch floods it.
        let ack = Dhcp {
            kind: ACK,
            source: site.gateway_mac,
            destination: all,
            from: site.gateway,
            yiaddr: own,
            requested: None,
            server: Some(site.gateway),
            terms: Some((Ipv4Addr::new(255, 255, 255, 0), site.gateway, 86_400)),
            ..base
        };
        frames.push((at + 3, ack.frame()));
    }
    for place in 0..site.random.within(0..=6) {
        let who = site.at(100 + u8::try_from(place).unwrap_or(0));
        let frame = arp(
            1,
            (Mac::new([0xf0, 0x18, 0x98, 1, 2, who.octets()[3]]), who),
            (Mac::new([0; 6]), site.gateway),
            all,
        );
        frames.push((at + place * 310, frame));
    }
    frames
}
