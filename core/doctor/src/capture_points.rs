//! Where to capture for which machine.

use std::collections::{BTreeMap, BTreeSet};

use vmkit_diagnose::Omission;
use vmkit_types::{Mac, Reading};

use crate::{Captures, subjects::Subjects, watch::Capture};

/// Most machines whose ports are captured at once: each costs a megabyte of ring and a thread.
const MOST_CAPTURED: usize = 16;

/// The ports and uplinks of machines.
pub(crate) struct CapturePoints {
    /// By machine.
    ports: BTreeMap<String, String>,
    uplink_of: BTreeMap<String, String>,
    /// Machines that are only compared with another.
    twins: BTreeSet<String>,
    /// Some machines have no capture.
    too_many: bool,
}

/// A machine whose guest can be seen to ask for an address.
pub(crate) struct Awaited {
    pub(crate) name: String,
    pub(crate) interface: String,
    pub(crate) macs: Vec<Mac>,
    /// It is only compared with another, and must not be touched.
    pub(crate) is_twin: bool,
}

impl CapturePoints {
    /// The ports and uplinks of the machines without an address of their own, and of those that have the
    /// same one.
    pub(crate) fn choose(subjects: &Subjects<'_>) -> Self {
        let (mut ports, mut uplink_of) = (BTreeMap::new(), BTreeMap::new());
        let machines = || subjects.without_address().chain(subjects.twins());
        for machine in machines().take(MOST_CAPTURED) {
            let attachment = subjects.attachment(machine);
            // Without a port: the host's own end of a network that it serves itself.
            let shared = attachment.bridge.filter(|_| attachment.shared);
            if let Some(port) = attachment.port.or(shared) {
                ports.insert(machine.name.clone(), port.name.clone());
            }
            if let Some(uplink) = attachment.uplink {
                uplink_of.insert(machine.name.clone(), uplink.name.clone());
            }
        }
        let too_many = machines().nth(MOST_CAPTURED).is_some();
        let twins = subjects.twins().map(|machine| machine.name.clone()).collect();
        Self { ports, uplink_of, twins, too_many }
    }

    /// The step that is skipped.
    pub(crate) fn omission(&self) -> Option<Omission> {
        self.too_many.then(|| Omission {
            what: "captures at the ports of further machines".to_owned(),
            why: format!("{MOST_CAPTURED} are captured at once"),
            command: None,
        })
    }

    /// All interfaces to capture at, each once.
    pub(crate) fn interfaces(&self) -> BTreeSet<&str> {
        self.ports.values().chain(self.uplink_of.values()).map(String::as_str).collect()
    }

    /// The machines whose guests can be seen to ask.
    pub(crate) fn awaited(&self, subjects: &Subjects<'_>) -> Vec<Awaited> {
        let each = self.ports.iter().filter_map(|(name, interface)| {
            let macs = subjects.find(name)?.macs.clone();
            let (name, is_twin) = (name.clone(), self.twins.contains(name));
            Some(Awaited { name, interface: interface.clone(), macs, is_twin })
        });
        each.collect()
    }

    /// Assigns the captures at these points to machines and uplinks.
    pub(crate) fn assign(&self, captures: &BTreeMap<String, Reading<Capture>>) -> Captures {
        let at = |interface: &String| captures.get(interface).cloned();
        let guests = self.ports.iter().filter_map(|(name, port)| Some((name.clone(), at(port)?)));
        let uplinks = self.uplink_of.values();
        let uplinks = uplinks.filter_map(|uplink| Some((uplink.clone(), at(uplink)?)));
        let (guests, uplinks) = (guests.collect(), uplinks.collect());
        Captures { guests, uplinks, uplink_of: self.uplink_of.clone() }
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Unread;

    use super::*;

    #[test]
    fn gives_each_machine_the_captures_at_its_port_and_uplink() {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let points = CapturePoints {
            ports: owned(&[("web", "tap1"), ("db", "tap2")]),
            uplink_of: owned(&[("web", "eth0"), ("db", "eth0")]),
            twins: BTreeSet::new(),
            too_many: false,
        };
        assert_eq!(points.interfaces().into_iter().collect::<Vec<_>>(), ["eth0", "tap1", "tap2"]);
        assert_eq!(points.omission(), None);
        let captures = [("tap1", Reading::Absent), ("eth0", Reading::Unknown(Unread::TimedOut))];
        let captures = captures.map(|(name, capture)| (name.to_owned(), capture));
        let captures = points.assign(&BTreeMap::from(captures));
        assert!(matches!(captures.guest("web"), Reading::Absent));
        assert!(matches!(captures.guest("db"), Reading::Unknown(Unread::NotTried)));
        for machine in ["web", "db"] {
            assert!(matches!(captures.uplink(machine), Reading::Unknown(Unread::TimedOut)));
        }
        assert!(matches!(captures.uplink("other"), Reading::Unknown(Unread::NotTried)));
    }
}
