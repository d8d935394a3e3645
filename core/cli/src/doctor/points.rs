//! Where to capture for which machine.

use std::collections::{BTreeMap, BTreeSet};

use vmkit_diagnose::Omission;
use vmkit_probe::Watch;
use vmkit_types::Mac;

use super::{gather::Gathered, subject::Subjects};

/// Most machines whose ports are captured at once: each costs a megabyte of ring and a thread.
const MOST_CAPTURED: usize = 16;

/// The ports and uplinks of machines.
pub(crate) struct Points {
    ports: BTreeMap<String, String>,
    uplinks: BTreeSet<String>,
}

/// A machine that is waited for, and where it will be seen to ask.
pub(crate) struct Awaited {
    pub(crate) name: String,
    pub(crate) interface: String,
    pub(crate) macs: Vec<Mac>,
}

impl Points {
    /// The ports and uplinks of the machines that have no address.
    pub(crate) fn of(names: &[&str], subjects: &Subjects, gathered: &mut Gathered) -> Self {
        let mut points = Self { ports: BTreeMap::new(), uplinks: BTreeSet::new() };
        let ailing = names.iter().filter(|name| subjects.ailing.contains(**name));
        for name in ailing.clone().take(MOST_CAPTURED) {
            let Some(machine) = subjects.find(name) else { continue };
            let place = subjects.place(machine);
            if let Some(port) = place.port {
                points.ports.insert((*name).to_owned(), port.name.clone());
            } else if let Some(bridge) = place.bridge.filter(|_| place.shared) {
                // The host's own end of a network that it serves itself.
                points.ports.insert((*name).to_owned(), bridge.name.clone());
            }
            if let Some(uplink) = place.uplink {
                points.uplinks.insert(uplink.name.clone());
                gathered.uplink_of.insert((*name).to_owned(), uplink.name.clone());
            }
        }
        if ailing.count() > MOST_CAPTURED {
            gathered.omissions.push(Omission {
                what: "captures at the ports of further machines".to_owned(),
                why: format!("{MOST_CAPTURED} are captured at once"),
                command: None,
            });
        }
        points
    }

    /// All interfaces to capture at.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.ports.values().chain(&self.uplinks).map(String::as_str)
    }

    /// The machines that can be seen to ask.
    pub(crate) fn awaited(&self, subjects: &Subjects) -> Vec<Awaited> {
        let each = self.ports.iter().filter_map(|(name, interface)| {
            let macs = subjects.find(name)?.macs.clone();
            Some(Awaited { name: name.clone(), interface: interface.clone(), macs })
        });
        each.collect()
    }

    /// Ends the captures and puts each where it belongs.
    pub(crate) fn hand_over(self, watch: Watch, gathered: &mut Gathered) {
        let mut seen = watch.finish();
        for (name, port) in &self.ports {
            if let Some(seen) = seen.get(port) {
                gathered.guests.insert(name.clone(), seen.clone());
            }
        }
        for uplink in self.uplinks {
            if let Some(seen) = seen.remove(&uplink) {
                gathered.uplinks.insert(uplink, seen);
            }
        }
    }
}
