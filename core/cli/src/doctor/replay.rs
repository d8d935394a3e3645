//! The same from a snapshot.

use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use vmkit_dhcp::Traffic;
use vmkit_gateway::Recorded;
use vmkit_model::{Problem, Severity};
use vmkit_probe::{Capture, OfferTest};
use vmkit_survey::{Survey, bridges, firewall, hosts, listeners};
use vmkit_types::{Reading, Unread};

use super::{
    advice,
    gather::{Gathered, concerning},
    subject::Subjects,
};
use vmkit_session::{Scene, Settings};

/// Most bytes of one document of a snapshot.
const LONGEST: u64 = 8 << 20;
/// The capture at the uplink, as the format names it.
const UPLINK: &str = "uplink";

/// Reads what the snapshot holds for a diagnosis.
pub(crate) fn gather(
    directory: &Path,
    subjects: &Subjects,
    scene: &Scene,
    settings: &Settings,
) -> anyhow::Result<Gathered> {
    let record = vmkit_snapshot::open(directory)?;
    let mut problems = Vec::new();
    let mut gathered = Gathered::new();
    {
        let mut text = |name: &str| read(&record.artefacts, name, &mut problems);
        let bridge = text("host/bridge.json");
        let rules = text("host/firewall.txt");
        let listening = text("host/listeners.txt");
        let names = text("host/hosts");
        let unread = Unread::NotTried;
        gathered.survey = Survey {
            bridges: bridge.map_or(Reading::Unknown(unread.clone()), |text| bridges(&text)),
            firewall: rules.map_or(Reading::Unknown(unread.clone()), |text| firewall(&text)),
            listeners: listening
                .map_or(Reading::Unknown(unread.clone()), |text| Reading::Known(listeners(&text))),
            hosts: names.map_or(Reading::Unknown(unread), |text| Reading::Known(hosts(&text))),
        };
        let recorded = Recorded {
            http: text("gateway/http.json"),
            ssdp: text("gateway/ssdp.xml"),
            names: text("gateway/names.json"),
        };
        let any = recorded.http.is_some() || recorded.ssdp.is_some() || recorded.names.is_some();
        let (replies, errors) = vmkit_gateway::read(&recorded);
        gathered.replies = any.then_some(replies);
        problems.extend(errors.iter().map(|error| problem(directory, &error.to_string())));
    }
    if let Some(bytes) = read(&record.artefacts, "probe-dhcp.json", &mut problems) {
        match vmkit_snapshot::read_dhcp_test(&bytes) {
            Ok(results) => {
                for machine in &subjects.machines {
                    let results = concerning(&results, machine);
                    let tested = OfferTest { results, pcap: Vec::new() };
                    gathered.tests.insert(machine.name.clone(), Reading::Known(tested));
                }
            }
            Err(error) => problems.push(problem(directory, &format!("probe-dhcp.json: {error}"))),
        }
    }
    for machine in &subjects.machines {
        let name = format!("dhcp/guest-{}.pcap", machine.name);
        if let Some(seen) = capture(&record.artefacts, &name, &mut problems) {
            gathered.guests.insert(machine.name.clone(), seen);
        }
        gathered.uplink_of.insert(machine.name.clone(), UPLINK.to_owned());
    }
    if let Some(seen) = capture(&record.artefacts, "dhcp/uplink.pcap", &mut problems) {
        gathered.uplinks.insert(UPLINK.to_owned(), seen);
    }
    gathered.problems = problems;
    advice::judge_router(&mut gathered, subjects, scene, settings);
    Ok(gathered)
}

fn problem(path: &Path, message: &str) -> Problem {
    let message = format!("left out: {message}");
    Problem { path: path.to_owned(), message, severity: Severity::Warning }
}

type Artefacts = BTreeMap<String, std::path::PathBuf>;

fn read(artefacts: &Artefacts, name: &str, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    let path = artefacts.get(name)?;
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes)) {
        Ok(_) => Some(bytes),
        Err(error) => {
            problems.push(problem(path, &error.to_string()));
            None
        }
    }
}

fn capture(
    artefacts: &Artefacts,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<Reading<Capture>> {
    let path = artefacts.get(name)?;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            problems.push(problem(path, &error.to_string()));
            return Some(Reading::Unknown(Unread::Failed(format!("{name}: {error}"))));
        }
    };
    let (traffic, fault) = Traffic::read(file);
    match fault {
        Ok(()) => Some(Reading::Known(Capture { traffic, pcap: Vec::new() })),
        // What came before the fault was still captured.
        Err(fault) if traffic.span.is_some() => {
            problems.push(problem(path, &fault.to_string()));
            Some(Reading::Known(Capture { traffic, pcap: Vec::new() }))
        }
        Err(fault) => {
            problems.push(problem(path, &fault.to_string()));
            Some(Reading::Unknown(Unread::Malformed(format!("{name} {fault}"))))
        }
    }
}
