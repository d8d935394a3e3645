//! Builds a labelled snapshot with some parts missing.

use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    Family, Label, console,
    exchange::{Played, Step},
    fault::Fault,
    frames::pcap,
    history::{life, noise},
    host, macs, offer_test, rules, seen,
    site::{Loss, Site, Vm},
};
use vmkit_dhcp::TestResult;
use vmkit_snapshot::write_dhcp_test;

/// The parts of a snapshot besides `snapshot.json`.
const PARTS: [&str; 15] = [
    "guest",
    "uplink",
    "test",
    "console",
    "firewall",
    "bridge",
    "listeners",
    "servers",
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
const SEEN_AT_BOOT: [&str; 13] = [
    "captive-portal",
    "dhcp-rogue-server",
    "dhcp-bad-gateway",
    "dhcp-wrong-subnet",
    "dhcp-wrong-mask",
    "dhcp-short-lease",
    "dhcp-gives-host-address",
    "dhcp-gives-address-twice",
    "dhcp-small-mtu",
    "dhcp-lossy-link",
    "guest-duplicate-client-id",
    "guest-duplicate-machine-id",
    "address-conflict",
];
/// The last octet of an address that a VM no longer has.
const OLD: u8 = 33;
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
    /// The system of the computer: `linux` or `macos`.
    pub system: &'static str,
    /// The VM's address. `None`: the case has none, or one that leads nowhere.
    pub address: Option<Ipv4Addr>,
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
    let (old, mut files) = (site.at(OLD), Vec::<(PathBuf, Vec<u8>)>::new());
    let parts = parts(&mut site);
    let has = |part: &str| parts.contains(&part);
    let mut uplink = noise(&mut site);
    let mut bound = Vec::new();
    let mut marks = Vec::new();
    let mut sending = Vec::new();
    for vm in site.vms.clone() {
        let (played, window) = life(&mut site, &vm, watched);
        bound.push(played.bound);
        marks.extend((vm.ails && is_mixed(&played)).then_some("some-answered"));
        sending.extend(uses(&site, &vm, &played));
        files.extend(own_files(&site, &vm, &played, &window, &parts));
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
    put("snapshot.json", Some(document.to_string()));
    let asks = has("test") && !site.shared && bound.first().is_some_and(Option::is_none);
    let test = if asks { offer_test::results(&site, family, number) } else { Vec::new() };
    marks.extend(marks_of(&site, &test));
    put("probe-dhcp.json", offers(&test));
    let holders = seen::holders(&site, &bound, old);
    if has("neigh") {
        for (name, text) in seen::neighbours(&site, &holders, old) {
            put(name, Some(text));
        }
    }
    let texts = texts(&site, &holders, &bound, old).into_iter();
    for (part, name, text) in texts.chain(texts_of_mac(&site, &sending)) {
        put(name, text.filter(|_| has(part)));
    }
    if let Some((name, text)) = seen::leases(&site, &bound, old).filter(|_| has("leases")) {
        put(name, Some(text));
    }
    Record {
        causes: site.faults.iter().filter(|f| f.is_known()).map(|f| f.code).collect(),
        machine: site.vms[0].name.clone(),
        system: macs::system(&site),
        address: bound[0].filter(|_| site.faults.iter().all(|fault| fault.leaves_address())),
        ails: !site.faults.is_empty(),
        knowable: is_knowable(&site, &[&telling(&site, parts)[..], &marks].concat()),
        files,
    }
}

/// The VM, if it sent frames, with the address that it uses.
fn uses(site: &Site, vm: &Vm, played: &Played) -> Option<(Vm, Option<Ipv4Addr>)> {
    let has = |code: &str| vm.ails && site.has(code);
    let address = if has("guest-static-wrong-subnet") {
        Some(Ipv4Addr::new(10, 211, 55, 9))
    } else {
        played.bound.filter(|_| !has("other-lease-not-applied"))
    };
    let asks = played.steps.contains(&Step::Asked);
    (!played.guest.is_empty() && (asks || address.is_some())).then(|| (vm.clone(), address))
}

/// Texts that only a snapshot of a Mac has: part, file and content.
fn texts_of_mac(
    site: &Site,
    sending: &[(Vm, Option<Ipv4Addr>)],
) -> Vec<(&'static str, &'static str, Option<String>)> {
    let Some(mac) = &site.mac else { return Vec::new() };
    let sending: Vec<_> = sending.iter().map(|(vm, address)| (vm, *address)).collect();
    let served = !site.has_any(&["dhcp-no-server", "host-uplink-down"]);
    vec![
        ("bridge", "bridge/ifconfig.txt", Some(mac.bridges(site, &sending))),
        ("listeners", "host/ipconfig-getpacket.txt", served.then(|| mac.packet())),
    ]
}

/// The parts without those that do not tell what they are for.
fn telling(site: &Site, mut parts: Vec<&'static str>) -> Vec<&'static str> {
    parts.retain(|part| match *part {
        "neigh" => macs::sees_neighbours(site),
        "leases" => macs::lease_tells(site),
        "qmp" => !(site.has("guest-link-down") && site.is_down_inside()),
        _ => true,
    });
    parts
}

/// The console and the capture of a VM.
fn own_files(
    site: &Site,
    vm: &Vm,
    played: &Played,
    window: &Played,
    parts: &[&str],
) -> Vec<(PathBuf, Vec<u8>)> {
    let has = |part: &str| parts.contains(&part);
    let mut files = Vec::new();
    if has("console") && !(vm.ails && site.has("vm-not-running")) {
        let old = [Step::Asked, Step::Bound(site.at(OLD), site.gateway)];
        let stale = vm.ails && site.has("stale-console");
        let text = console::log(site, vm, if stale { &old } else { &played.steps });
        files.push((format!("console/{}.log", vm.name).into(), text.into_bytes()));
    }
    if has("guest") && !(vm.ails && site.has_any(&["vm-not-running", "vm-user-network"])) {
        files.push((format!("dhcp/guest-{}.pcap", vm.name).into(), pcap(&window.guest)));
    }
    files
}

/// Texts that a snapshot may have: part, file and content.
fn texts(
    site: &Site,
    holders: &[seen::Holder],
    bound: &[Option<Ipv4Addr>],
    old: Ipv4Addr,
) -> [(&'static str, &'static str, Option<String>); 9] {
    let json = |value: Value| Some(value.to_string());
    [
        ("probes", "probes.json", json(seen::probes(site, holders))),
        ("dns", "dns.json", json(seen::names(site, bound, old))),
        ("qmp", "qmp.json", json(monitors(site))),
        ("bridge", "host/bridge.json", host::bridges(site).map(|value| value.to_string())),
        ("firewall", "host/firewall.txt", Some(rules::firewall(site))),
        ("listeners", "host/listeners.txt", Some(rules::listeners(site))),
        ("servers", "host/dhcp-server.json", rules::servers(site, bound)),
        ("hosts", "host/hosts", Some(host::hosts(site, old))),
        ("listeners", "host/routes-to.txt", bound[0].map(|address| host::way_to(site, address))),
    ]
}

/// Whether some of the VM's DISCOVERs were answered and some were not, and it has no address.
fn is_mixed(played: &Played) -> bool {
    let count = |is: fn(&Step) -> bool| played.steps.iter().filter(|step| is(step)).count();
    let offered = count(|step| matches!(step, Step::Offered(..)));
    played.bound.is_none() && (1..count(|step| *step == Step::Asked)).contains(&offered)
}

/// What a careful person sees in the offer test and the firewall's rules.
fn marks_of(site: &Site, test: &[TestResult]) -> impl Iterator<Item = &'static str> {
    let by_rule = matches!(site.loss, Some(Loss::InHost { by_rule: true, .. }));
    let counted = offer_test::shows_loss(test).then_some("loss-counted");
    counted.into_iter().chain(by_rule.then_some("random-rule"))
}

/// `probe-dhcp.json` of a test that was made.
fn offers(test: &[TestResult]) -> Option<String> {
    let bytes = (!test.is_empty()).then(|| write_dhcp_test(test).ok())??;
    String::from_utf8(bytes).ok()
}

/// Whether a careful person could tell all causes from these parts, and from marks of what they show.
fn is_knowable(site: &Site, parts: &[&str]) -> bool {
    let has = |part: &str| parts.contains(&part);
    if site.faults.is_empty() {
        // Behind a Mac's Wi-Fi a table may have the machine's address on the Mac's own MAC.
        let named = has("neigh") && !site.translates() || has("leases") && site.shared;
        named || has("bridge") && site.translates() || has("console")
    } else {
        // Without the console nobody can tell a guest that still boots from one without SSH.
        let boots = site.age < BOOT_S && !has("console") && site.has_any(&SSH_FAULTS);
        !boots && site.faults.iter().all(|fault| fault.is_shown_by(parts))
    }
}

impl Record {
    /// The right answer. A fault without a code is one that may be anything.
    pub(super) fn label(&self, family: &Family) -> Label {
        let owned = |code: &&str| (*code).to_owned();
        let codes = || family.faults.iter().map(|fault| fault.code);
        Label {
            causes: self.causes.iter().map(owned).collect(),
            machine: self.machine.clone(),
            may: codes().filter(|code| !self.causes.contains(code)).map(str::to_owned).collect(),
            knowable: self.knowable,
            why: String::new(),
        }
    }

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
    if site.has("guest-duplicate-machine-id") {
        for vm in &mut site.vms {
            // The cards differ, and so does the IAID.
            let [.., a, b, c, d] = vm.mac.octets();
            let duid = [0, 2, 0, 0, 0xab, 0x11, 9, 8, 7, 6, 5, 4, 3, 2];
            vm.client_id = Some([&[0xff, a, b, c, d][..], &duid].concat());
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
        let up = !(vm.ails && site.has("guest-link-down") && !site.is_down_inside());
        (vm.name.clone(), json!({"status": status, "link_up": up}))
    };
    Value::Object(running.map(state).collect())
}
