//! A small world to report on, and comparison with files.

#![allow(dead_code, reason = "each test file uses its part")]
#![expect(clippy::unwrap_used, reason = "a faulty fixture must end its test")]

pub(crate) mod doctor;
pub(crate) mod net;

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use vmkit_model::{
    Card, CommandPlace, Evidence, Machine, Mode, PluginOutcome, PluginStatus, Power, Problem,
};
use vmkit_report::{
    HostsDecision, HostsOutcome, HostsSync, HostsVm, Meta, PluginDetails, PluginEntry,
    PluginOrigin, Resolution, Status, Terminal,
};
use vmkit_scoring::{Case, Pick, Weights, score};
use vmkit_types::{Kind, Mac, NetworkMode, Observation, Reading, Unread, attribute};

/// The moment of every report: 2027-01-15T08:00:00Z.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

pub(crate) fn meta(mode: Mode) -> Meta {
    Meta {
        mode,
        generated_at: now(),
        elapsed: Duration::from_millis(41),
        weights: (mode != Mode::Basic).then(|| "builtin-1".to_owned()),
        statistics: true,
        managers: Vec::new(),
        place: CommandPlace::default(),
    }
}

pub(crate) fn mac(last: u8) -> Mac {
    Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, last])
}

fn card(last: u8) -> Card {
    Card::new(Some(mac(last)), Some(NetworkMode::Bridged), Some("en0".to_owned()))
}

/// A running machine with everything known.
pub(crate) fn machine(name: &str, last: u8) -> Machine {
    let known = |text: &str| Reading::Known(text.to_owned());
    Machine {
        directory: Some(format!("/vms/{name}").into()),
        hostname: known(name),
        username: known("ubuntu"),
        cards: card(last).into(),
        instance: Reading::Absent,
        power: Power::Running,
        end: Reading::Absent,
        pid: Some(4200 + u32::from(last)),
        started_at: Some(now() - Duration::from_secs(81)),
        qmp: Reading::Absent,
        memory_mb: Reading::Known(2048),
        vcpus: Reading::Known(2),
        disk_size: known("60G"),
        os_version: known("ubuntu-noble"),
        architecture: Reading::Absent,
        ..Machine::new("vm-toolkit".into(), name)
    }
}

/// The same machine without a process.
pub(crate) fn without_process(name: &str, last: u8, power: Power) -> Machine {
    Machine {
        power,
        pid: None,
        started_at: None,
        memory_mb: Reading::Unknown(Unread::Failed("the registry does not say".to_owned())),
        ..machine(name, last)
    }
}

/// A fact about machine `vm`, in the words of its plugin.
pub(crate) fn fact(vm: usize, address: &str, kind: &str, says: &str) -> Observation {
    Observation::new(vm, Kind::from_code(kind), says)
        .at(address.parse::<std::net::IpAddr>().unwrap())
}

pub(crate) fn evidence(observations: Vec<(&str, Observation)>) -> Vec<Evidence> {
    let number = |(id, (plugin, observation)): (usize, (&str, Observation))| Evidence {
        id: u32::try_from(id).unwrap(),
        plugin: plugin.into(),
        received_at: now(),
        observation: observation.into(),
    };
    observations.into_iter().enumerate().map(number).collect()
}

/// Facts about six machines, each with another fate; see [`picks`].
pub(crate) fn world() -> Vec<Evidence> {
    let neighbour = "REACHABLE with the VM's MAC on br0";
    let silent = "no answer within 400 ms";
    evidence(vec![
        (
            "arp",
            fact(0, "192.168.1.64", "neighbour-reachable", neighbour)
                .on_mac(mac(0x57))
                .aged(Duration::from_millis(1200)),
        ),
        (
            "ssh",
            fact(0, "192.168.1.64", "ssh-ready", "SSH-2.0-OpenSSH_9.6")
                .with(attribute::BANNER, "SSH-2.0-OpenSSH_9.6")
                .with(attribute::RTT_US, "612"),
        ),
        ("console", fact(0, "192.168.1.1", "console-address", "named in the console as its own")),
        (
            "arp",
            fact(1, "192.168.1.70", "neighbour-stale", "STALE with the VM's MAC on br0")
                .aged(Duration::from_secs(75)),
        ),
        (
            "arp",
            fact(1, "192.168.1.9", "neighbour-stale", "STALE with the VM's MAC on br0")
                .aged(Duration::from_hours(2)),
        ),
        ("ssh", fact(1, "192.168.1.70", "ssh-timeout", silent)),
        ("console", fact(2, "169.254.3.4", "console-address", "named in the console as its own")),
        ("console", Observation::new(2, Kind::ConsoleNoLease, "udhcpc: no lease, failing")),
        ("lease", fact(3, "192.168.1.80", "lease-expired", "lease expired")),
        ("console", fact(3, "192.168.1.81", "console-address", "named in the console as its own")),
        ("ssh", fact(3, "192.168.1.81", "ssh-timeout", silent)),
        ("dns", fact(3, "192.168.1.82", "dns-address", "cache.lan")),
        ("console", Observation::unread(4, &Unread::Denied("console.log".to_owned()))),
        ("dns", Observation::unread(4, &Unread::TimedOut)),
    ])
}

/// web resolved, db probable, lost link-local, cache ambiguous, mute without anything, off.
pub(crate) fn picks(evidence: &[Evidence]) -> Vec<Pick> {
    let case = |(name, last): (&str, u8)| Case {
        name: name.to_owned(),
        host_name: None,
        cards: card(last).into(),
        running: name != "off",
        started_at: (name == "db").then(|| now() - Duration::from_secs(81)),
    };
    let cases = NAMES.map(case);
    let network = vmkit_types::HostNetwork {
        interfaces: vec![vmkit_types::Interface {
            name: "en0".to_owned(),
            mac: None,
            addresses: vec![vmkit_types::Prefix { address: [192, 168, 1, 20].into(), length: 24 }],
            kind: vmkit_types::InterfaceKind::Ethernet,
            up: true,
            bridge: None,
        }],
        routes: vec![vmkit_types::Route {
            destination: vmkit_types::Prefix { address: [0, 0, 0, 0].into(), length: 0 },
            gateway: Some([192, 168, 1, 1].into()),
            interface: "en0".to_owned(),
        }],
    };
    score(&cases, evidence, Some(&network), now(), &Weights::builtin().unwrap())
}

pub(crate) const NAMES: [(&str, u8); 6] =
    [("web", 0x57), ("db", 0x58), ("lost", 0x59), ("cache", 0x5a), ("mute", 0x5b), ("off", 0x5c)];

/// Machines with their picks, plugins and problems: all that a status shows.
pub(crate) struct World {
    pub(crate) rows: Vec<(Machine, Pick)>,
    pub(crate) plugins: Vec<PluginOutcome>,
    pub(crate) problems: Vec<Problem>,
}

impl World {
    pub(crate) fn of(rows: Vec<(Machine, Pick)>) -> Self {
        Self { rows, plugins: Vec::new(), problems: Vec::new() }
    }

    pub(crate) fn status(&self, mode: Mode) -> Status<'_> {
        let rows = self.rows.iter().map(|(machine, pick)| (machine, pick));
        Status::new(meta(mode), rows, &self.plugins, &self.problems)
    }

    /// Each machine, as `vm resolve` answers for it.
    pub(crate) fn resolutions(&self) -> Vec<Resolution<'_>> {
        let elapsed = Duration::from_millis(21);
        let rows = self.rows.iter();
        rows.map(|(machine, pick)| Resolution::new(machine, pick, &self.plugins, now(), elapsed))
            .collect()
    }
}

/// The machines of [`picks`] and one whose directory is gone.
pub(crate) fn full() -> World {
    let machines = NAMES.map(|(name, last)| match name {
        "off" => without_process(name, last, Power::Stopped),
        _ => machine(name, last),
    });
    let mut rows: Vec<_> = machines.into_iter().zip(picks(&world())).collect();
    rows[5].1 = Pick::not_running();
    rows.push((without_process("gone", 0x5d, Power::Missing), Pick::not_running()));
    let problems = vec![Problem::error(
        Path::new("/vms/.vm-registry.json"),
        "the entry bad/name is not a name of a VM",
    )];
    World { rows, plugins: plugins(), problems }
}

/// One healthy machine without remarks.
pub(crate) fn healthy() -> World {
    let pick = picks(&world()).swap_remove(0);
    let plugins = plugins().drain(..2).collect();
    World { plugins, ..World::of(vec![(machine("web", 0x57), pick)]) }
}

pub(crate) fn plugins() -> Vec<PluginOutcome> {
    let plugin = |id: &str, status, elapsed: Option<u64>, message: Option<&str>| PluginOutcome {
        id: id.to_owned(),
        version: Some("0.1.0".to_owned()),
        status,
        elapsed: elapsed.map(Duration::from_millis),
        message: message.map(str::to_owned),
        hint: None,
        names_addresses: Some(true),
    };
    vec![
        plugin("arp", PluginStatus::Ok, Some(3), None),
        plugin("ssh", PluginStatus::Ok, Some(12), None),
        plugin("dns", PluginStatus::Timeout, Some(800), None),
        plugin("dhcp", PluginStatus::Denied, None, Some("needs a raw socket; run with sudo")),
    ]
}

pub(crate) fn plugin_entries() -> Vec<PluginEntry> {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    vec![
        PluginEntry {
            id: "arp".to_owned(),
            path: "/usr/lib/vmkit/plugins/libsignal_arp.so".to_owned(),
            status: PluginStatus::Ok,
            message: None,
            hint: None,
            origin: Some(PluginOrigin::Bundled),
            sha256: Some("5e".repeat(32)),
            weight: None,
            details: Some(PluginDetails {
                version: "0.1.0".to_owned(),
                epoch: 1,
                summary: "The kernel's neighbour table".to_owned(),
                kinds: owned(&["signal"]),
                stages: owned(&["discover", "confirm"]),
                modes: owned(&["fast", "full"]),
                cost: "instant".to_owned(),
                needs: owned(&["reads /proc/net/arp", "runs ip"]),
                claims: Vec::new(),
            }),
        },
        PluginEntry {
            id: "netbox".to_owned(),
            path: "/home/u/.local/share/vmkit/plugins/libnetbox.so".to_owned(),
            status: PluginStatus::Ok,
            message: None,
            hint: None,
            origin: Some(PluginOrigin::Trusted),
            sha256: Some("ab".repeat(32)),
            weight: Some(50),
            details: Some(PluginDetails {
                version: "0.1.0".to_owned(),
                epoch: 1,
                summary: "Addresses that NetBox has".to_owned(),
                kinds: owned(&["signal"]),
                stages: owned(&["discover"]),
                modes: owned(&["full"]),
                cost: "network".to_owned(),
                needs: owned(&["makes connections on the network"]),
                claims: owned(&[
                    "netbox.address: NetBox has this address (ratio 20, half-life 3600 s)",
                ]),
            }),
        },
        PluginEntry {
            id: "libother.so".to_owned(),
            path: "/home/u/.local/lib/vmkit/plugins/libother.so".to_owned(),
            status: PluginStatus::Refused,
            message: Some("/home/u has mode 777: others could change it".to_owned()),
            hint: Some("chmod go-w /home/u".to_owned()),
            origin: None,
            sha256: None,
            weight: None,
            details: None,
        },
    ]
}

pub(crate) fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub(crate) fn terminal(width: usize) -> Terminal {
    Terminal { width: Some(width), ..Terminal::default() }
}

/// Compares with a file; with the environment variable set, writes the file instead.
pub(crate) fn compare(file: &Path, found: &str, update: &str) {
    if std::env::var_os(update).is_some() {
        fs::write(file, found).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(
        expected == found,
        "{} differs; if that is meant: {update}=1 cargo test -p vmkit-report\n{found}",
        file.display()
    );
}

/// A hosts file in which everything happens that can.
pub(crate) fn hosts_sync(outcome: HostsOutcome) -> HostsSync {
    let vm = |name: &str, decision, address: Option<&str>, reason: Option<&str>| HostsVm {
        name: name.to_owned(),
        decision,
        address: address.map(|address| address.parse().unwrap()),
        former: None,
        reason: reason.map(str::to_owned),
        names_left_out: Vec::new(),
    };
    let mut moved = vm("api", HostsDecision::Change, Some("192.168.1.70"), None);
    moved.former = Some([192, 168, 1, 60].into());
    let mut web = vm("web", HostsDecision::Add, Some("192.168.1.64"), None);
    web.names_left_out.push(("nas".to_owned(), "line 2 already has this name".to_owned()));
    let probable = "192.168.1.65 is probable (0.930), below 0.99";
    let gone = "it no longer exists";
    let diff = "@@ -1,6 +1,6 @@\n 127.0.0.1\tlocalhost\n 192.168.1.10\tnas\n # BEGIN vmkit\n\
                -192.168.1.60\tapi\t# vm api\n-192.168.1.61\told\t# vm old\n\
                +192.168.1.70\tapi\t# vm api\n+192.168.1.64\tweb\t# vm web\n # END vmkit";
    let written = outcome != HostsOutcome::Preview;
    let words: &[&str] = if written {
        &["sudo", "vm", "hosts-sync", "--undo"]
    } else {
        &["vm", "hosts-sync", "--apply"]
    };
    HostsSync {
        unchecked: None,
        file: "/etc/hosts".to_owned(),
        outcome,
        diff: diff.lines().map(str::to_owned).collect(),
        vms: vec![
            moved,
            vm("db", HostsDecision::LeaveOut, None, Some(probable)),
            vm("kept", HostsDecision::Keep, Some("192.168.1.66"), None),
            vm("off", HostsDecision::Stale, Some("192.168.1.67"), Some("it does not run")),
            vm("old", HostsDecision::Remove, None, Some(gone)),
            web,
        ],
        adopted: vec![5],
        backup: written.then(|| "/etc/hosts.vmkit-backup".to_owned()),
        caches: if written {
            vec![
                ("/usr/bin/resolvectl flush-caches".to_owned(), Ok(())),
                ("/usr/sbin/nscd -i hosts".to_owned(), Err("exit status: 1".to_owned())),
            ]
        } else {
            Vec::new()
        },
        next: Some(words.iter().map(|word| (*word).to_owned()).collect()),
        plugins: plugins(),
        generated_at: now(),
        elapsed: Duration::from_millis(41),
    }
}
