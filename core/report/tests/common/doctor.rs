//! Diagnoses as the doctor reports them, from what was seen to what can be done.

use std::time::Duration;

use vmkit_diagnose::{
    Awaited, Booting, Catalogue, Diagnosis, Finding, FindingCode, Hop, Layer, Omission, Passage,
    Path, Place, Proposal, Reach, Remedy, Risk, Scope, Spot, State, Station, StationKind, Stop,
    Suspect, Weighed,
};
use vmkit_model::{PluginOutcome, PluginStatus, Power};
use vmkit_report::{Doctor, DoctorHost, DoctorNetwork, DoctorVm};
use vmkit_scoring::{Pick, Verdict};
use vmkit_types::{Reading, Unread};

use super::{now, plugins};

/// What is seen of a machine: sources with something that is well, then what was not looked at.
fn findings(catalogue: &Catalogue, well: &[&str], says: &str) -> Vec<Finding> {
    let state = |code| match catalogue.finding(code).source.as_str() {
        source if well.contains(&source) => State::Absent(says.to_owned()),
        "firewall" => State::NotObserved(Unread::Denied("needs root".to_owned())),
        _ => State::NotObserved(Unread::NotTried),
    };
    FindingCode::ALL.iter().map(|code| Finding { code: *code, state: state(*code) }).collect()
}

fn well() -> Diagnosis {
    Diagnosis {
        booting: None,
        healthy: true,
        causes: Vec::new(),
        ignored: Vec::new(),
        unknown_probability: 0.0,
        together: None,
        cannot_tell: None,
        next_test: None,
        unexplained: Vec::new(),
        circumstances: Vec::new(),
    }
}

/// A bridged machine's path over Wi-Fi; `says` stands behind every text.
fn path(name: &str, says: &str) -> Path {
    let station = |kind, name: Option<&str>, detail: Option<&str>| {
        let said = |text: &str| format!("{text}{says}");
        Station { kind, name: name.map(said), detail: detail.map(said) }
    };
    let passes = || Passage::Passes(format!("its frames reach its port: it asked 3 times{says}"));
    let unknown = |why: &str| Passage::Unknown(format!("{why}{says}"));
    let watched = || Hop { out: passes(), back: unknown("not watched") };
    let beyond = || unknown("not seen from this computer");
    Path {
        stations: vec![
            station(StationKind::Guest, Some(name), Some("52:54:00:4b:5e:57")),
            station(StationKind::Port, Some("tap0"), None),
            station(StationKind::Bridge, Some("br0"), Some("192.168.1.50")),
            station(StationKind::Uplink, Some("wlan0"), Some("Wi-Fi")),
            station(StationKind::AccessPoint, None, None),
            station(StationKind::Router, Some("BT Smart Hub 2"), Some("192.168.1.254")),
        ],
        hops: vec![
            watched(),
            watched(),
            watched(),
            Hop { out: beyond(), back: beyond() },
            Hop { out: beyond(), back: beyond() },
        ],
        stops: Vec::new(),
    }
}

/// The same path, on which the router stops frames.
fn path_that_stops(name: &str, says: &str) -> Path {
    let stop = Stop {
        cause: "router-drops-foreign-chaddr",
        place: Place::At(Spot::Station(StationKind::Router)),
        says: format!("the router drops the VM's DHCP requests{says}"),
        reach: Reach::Station(5),
    };
    Path { stops: vec![stop], ..path(name, says) }
}

/// A machine that is well, at its address.
pub(crate) fn healthy(catalogue: &Catalogue, name: &str, pick: Pick) -> DoctorVm {
    let sources = ["machine", "console", "signals", "interfaces", "bridge", "hosts"];
    DoctorVm {
        name: name.to_owned(),
        power: Power::Running,
        qemu: Some("8.2.2".to_owned()),
        at_rest: false,
        pick,
        findings: findings(catalogue, &sources, ""),
        diagnosis: well(),
        path: path(name, ""),
        ladder: Reading::Unknown(Unread::NotTried),
        test: Reading::Unknown(Unread::NotTried),
        inside: Reading::Unknown(Unread::NotTried),
    }
}

fn suspect(code: &'static str, probability: f64, says: &str) -> Suspect {
    let weighed =
        |code, text: &str, decibans| Weighed { code, text: format!("{text}{says}"), decibans };
    Suspect {
        code,
        probability,
        title: format!("The router drops DHCP requests of unknown hardware addresses{says}"),
        layer: Layer::Router,
        evidence_for: vec![
            weighed(
                FindingCode::TestMachineUnanswered,
                "no server answers a DISCOVER with the VM's hardware address: asked 3 times \
                 with 52:54:00:4b:5e:57, no OFFER",
                23.81,
            ),
            weighed(
                FindingCode::AddressMissing,
                "the VM has no usable address: no signal reports one",
                19.93,
            ),
        ],
        evidence_against: vec![weighed(
            FindingCode::AddressLinkLocal,
            "no link-local address (169.254.x.x) was seen",
            -3.02,
        )],
        remedies: vec![Remedy {
            id: "use-shared-mode".to_owned(),
            title: format!("Run the VM in shared mode{says}"),
            steps: vec![
                "Shut the VM down.".to_owned(),
                format!("Start it in shared mode: this computer gives it an address.{says}"),
            ],
            command: ["vm", "start", "web", "--net", "shared"].map(str::to_owned).to_vec(),
            then: Vec::new(),
            risk: Risk::Low,
            risk_says: format!("the network no longer reaches it{says}"),
            scope: Scope::Vm,
            undo: "Start it bridged again.".to_owned(),
            measures: FindingCode::AddressMissing,
            helps: 0.9,
        }],
        folded: vec!["dhcp-no-server"],
    }
}

/// A machine without an address, for one cause; `says` stands behind every text.
pub(crate) fn ailing(catalogue: &Catalogue, name: &str, says: &str) -> DoctorVm {
    let nothing = Pick { verdict: Verdict::NoAddress, ..Pick::not_checked() };
    DoctorVm {
        findings: findings(catalogue, &["machine", "interfaces"], says),
        path: path_that_stops(name, says),
        diagnosis: Diagnosis {
            healthy: false,
            causes: vec![
                suspect("router-drops-foreign-chaddr", 0.79, says),
                suspect("dhcp-pool-exhausted", 0.15, says),
            ],
            unknown_probability: 0.01,
            next_test: Some(Proposal {
                id: "read-console",
                title: format!("Read the VM's console log{says}"),
                why: "distinguishes a guest that never set up its network from one that got no answer"
                    .to_owned(),
                cost_ms: 800,
                needs: vec!["root".to_owned()],
                command: ["vm", "doctor", "web"].map(str::to_owned).to_vec(),
                gain_bits: 0.4,
            }),
            ..well()
        },
        ..healthy(catalogue, name, nothing)
    }
}

/// A machine whose only problem is ignored.
pub(crate) fn ignored(catalogue: &Catalogue, name: &str, says: &str) -> DoctorVm {
    let mut vm = ailing(catalogue, name, says);
    vm.diagnosis.causes.truncate(1);
    vm.diagnosis = Diagnosis { ignored: vm.diagnosis.causes, ..well() };
    vm
}

/// A machine that has no address, and nobody can tell why.
pub(crate) fn puzzling(catalogue: &Catalogue, name: &str) -> DoctorVm {
    let mut vm = DoctorVm { path: path(name, ""), ..ailing(catalogue, name, "") };
    for (suspect, probability) in vm.diagnosis.causes.iter_mut().zip([0.23, 0.11]) {
        suspect.probability = probability;
    }
    vm.diagnosis.cannot_tell = Some(
        "no cause is likely enough: router-drops-foreign-chaddr has 23 %, dhcp-pool-exhausted 11 %"
            .to_owned(),
    );
    vm
}

/// A machine that has its address and is still booting; `says` stands behind every text.
pub(crate) fn booting(catalogue: &Catalogue, name: &str, pick: Pick, says: &str) -> DoctorVm {
    let mut vm = healthy(catalogue, name, pick);
    vm.diagnosis.healthy = false;
    vm.diagnosis.cannot_tell = Some(format!("it is still booting{says}"));
    vm.diagnosis.booting = Some(Booting {
        awaits: Awaited::Ssh,
        awaited: format!("its SSH server{says}"),
        uptime: Some(Duration::from_secs(12)),
        because: format!("the last boot has come as far as DHCP{says}"),
        usual: format!("within 1 min, under emulation (TCG) within 4 min{says}"),
        limit: Duration::from_mins(5),
        sources: vec![format!("sshd starts after the network{says}")],
    });
    vm
}

/// A machine that somebody stopped or paused, and that nobody asked for.
pub(crate) fn at_rest(catalogue: &Catalogue, name: &str, power: Power) -> DoctorVm {
    DoctorVm { power, at_rest: true, ..healthy(catalogue, name, Pick::not_running()) }
}

/// The report on these machines.
pub(crate) fn doctor<'a>(catalogue: &'a Catalogue, vms: Vec<DoctorVm>, says: &str) -> Doctor<'a> {
    let mut reports = plugins();
    reports.push(PluginOutcome {
        id: format!("example{says}"),
        version: None,
        status: PluginStatus::Refused,
        elapsed: None,
        message: Some(format!("/opt/vmkit has mode 1777: others could change it{says}")),
        hint: None,
        names_addresses: None,
    });
    Doctor {
        catalogue,
        generated_at: now(),
        elapsed: Duration::from_millis(812),
        host: DoctorHost {
            platform: Some("linux".to_owned()),
            system: Reading::Known(format!("Ubuntu 24.04.2 LTS (Linux 6.8.0, x86_64){says}")),
            privileged: Some(false),
            interfaces: Reading::Known(Vec::new()),
        },
        network: DoctorNetwork {
            gateway: Some(std::net::IpAddr::from([192, 168, 1, 254])),
            router: Reading::Unknown(Unread::NotTried),
        },
        vms,
        plugins: reports,
        problems: Vec::new(),
        omissions: vec![Omission {
            what: format!("the differential DHCP test{says}"),
            why: "it sends DISCOVERs, and nobody was there to be asked".to_owned(),
            command: Some("sudo vm doctor --yes".to_owned()),
        }],
        fixes: Vec::new(),
    }
}
