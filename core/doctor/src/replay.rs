//! Gathers from a snapshot instead of this computer.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use vmkit_dhcp::Traffic;
use vmkit_diagnose::Machine;
use vmkit_gateway::{GatewayReplies, Recorded};
use vmkit_model::{Problem, Severity, stem};
use vmkit_session::Settings;
use vmkit_snapshot::Record;
use vmkit_survey::{
    Survey, bridges, dhcp_servers, firewall, forwarding, hosts, listeners, own_leases, routes,
};
use vmkit_types::{Reading, Unread};

use crate::{
    Captures, Error, Gathered, GuestAnswer, OfferTest, router, subjects::Subjects, watch::Capture,
};

/// The capture at the uplink, as the format names it.
const UPLINK: &str = "uplink";

/// Reads what the snapshot holds for a diagnosis.
pub(crate) fn gather(
    directory: &Path,
    subjects: &Subjects<'_>,
    settings: &Settings,
) -> Result<Gathered, Error> {
    let record = vmkit_snapshot::open(directory)?;
    let mut files = Files { directory, record, problems: Vec::new() };
    let gathered = Gathered {
        survey: survey(&mut files),
        replies: replies(&mut files),
        tests: tests(&mut files, &subjects.machines),
        captures: captures(&mut files, &subjects.machines),
        inside: inside(&mut files, &subjects.machines),
        problems: files.problems,
        ..Gathered::default()
    };
    Ok(router::with_advice(gathered, subjects, settings))
}

fn survey(files: &mut Files<'_>) -> Survey {
    let unknown = Unread::NotTried;
    let document = files.read("host/firewall.json");
    let leases =
        files.read("host/ipconfig-getpacket.txt").or_else(|| files.read("host/own-lease.txt"));
    Survey {
        bridges: files
            .read("host/bridge.json")
            .map_or(Reading::Unknown(unknown.clone()), |text| bridges(&text)),
        firewall: files
            .read("host/firewall.txt")
            .map_or(Reading::Unknown(unknown.clone()), |text| firewall(&text, document.as_deref())),
        forwarding: files
            .read("host/forwarding.txt")
            .map_or(Reading::Unknown(unknown.clone()), |text| forwarding(&text)),
        listeners: files
            .read("host/listeners.txt")
            .map_or(Reading::Unknown(unknown.clone()), |text| Reading::Known(listeners(&text))),
        servers: files
            .read("host/dhcp-server.json")
            .map_or(Reading::Unknown(unknown.clone()), |text| dhcp_servers(&text)),
        hosts: files
            .read("host/hosts")
            .map_or(Reading::Unknown(unknown.clone()), |text| Reading::Known(hosts(&text))),
        routes: files
            .read("host/routes-to.txt")
            .map_or(Reading::Unknown(unknown.clone()), |text| Reading::Known(routes(&text))),
        own_leases: leases.map_or(Reading::Unknown(unknown), |text| own_leases(&text)),
    }
}

fn replies(files: &mut Files<'_>) -> Reading<GatewayReplies> {
    let recorded = Recorded {
        http: files.read("gateway/http.json"),
        ssdp: files.read("gateway/ssdp.xml"),
        names: files.read("gateway/names.json"),
    };
    if recorded.http.is_none() && recorded.ssdp.is_none() && recorded.names.is_none() {
        return Reading::Unknown(Unread::NotTried);
    }
    let (replies, errors) = vmkit_gateway::read(&recorded);
    for error in errors {
        files.ignored(files.directory.to_owned(), &error.to_string());
    }
    Reading::Known(replies)
}

fn tests(files: &mut Files<'_>, machines: &[Machine]) -> BTreeMap<String, Reading<OfferTest>> {
    let Some(bytes) = files.read("probe-dhcp.json") else { return BTreeMap::new() };
    let results = match vmkit_snapshot::read_dhcp_test(&bytes) {
        Ok(results) => results,
        Err(error) => {
            files.ignored(files.directory.to_owned(), &format!("probe-dhcp.json: {error}"));
            return BTreeMap::new();
        }
    };
    let test = OfferTest { results, pcap: Vec::new() };
    let each = machines
        .iter()
        .map(|machine| (machine.name.clone(), Reading::Known(test.of_machine(&machine.macs))));
    each.collect()
}

fn inside(files: &mut Files<'_>, machines: &[Machine]) -> BTreeMap<String, GuestAnswer> {
    let answers = machines.iter().filter_map(|machine| {
        let text = files.read(&format!("inside/{}.txt", stem(&machine.name)))?;
        Some((machine.name.clone(), GuestAnswer::recorded(text)))
    });
    answers.collect()
}

fn captures(files: &mut Files<'_>, machines: &[Machine]) -> Captures {
    let mut captures = Captures::default();
    for machine in machines {
        if let Some(capture) = files.capture(&format!("dhcp/guest-{}.pcap", stem(&machine.name))) {
            captures.guests.insert(machine.name.clone(), capture);
        }
        captures.uplink_of.insert(machine.name.clone(), UPLINK.to_owned());
    }
    if let Some(capture) = files.capture("dhcp/uplink.pcap") {
        captures.uplinks.insert(UPLINK.to_owned(), capture);
    }
    captures
}

/// The files of the snapshot, and what could not be read of them.
struct Files<'a> {
    directory: &'a Path,
    record: Record,
    problems: Vec<Problem>,
}

impl Files<'_> {
    fn ignored(&mut self, path: PathBuf, why: &str) {
        let message = format!("ignored: {why}");
        self.problems.push(Problem { path, message, severity: Severity::Warning });
    }

    fn read(&mut self, name: &str) -> Option<Vec<u8>> {
        self.record.read(name).unwrap_or_else(|error| {
            self.ignored(self.directory.join(name), &error.to_string());
            None
        })
    }

    fn capture(&mut self, name: &str) -> Option<Reading<Capture>> {
        let bytes = match self.record.read(name) {
            Ok(bytes) => bytes?,
            Err(error) => {
                self.ignored(self.directory.join(name), &error.to_string());
                return Some(Reading::Unknown(Unread::Failed(format!("{name}: {error}"))));
            }
        };
        let (traffic, fault) = Traffic::read(&bytes[..]);
        if let Err(fault) = fault {
            self.ignored(self.directory.join(name), &fault.to_string());
            // The frames before the fault count.
            if traffic.span.is_none() {
                return Some(Reading::Unknown(Unread::Malformed(format!("{name} {fault}"))));
            }
        }
        Some(Reading::Known(Capture { traffic, pcap: Vec::new() }))
    }
}
