//! Who stands behind a MAC, and on which link.

use std::collections::{BTreeSet, HashMap};

use vmkit_dhcp::Message;
use vmkit_types::{Mac, Reading};

use crate::{Machine, Machines, Process};

/// The machines of a host by MAC, with the links that they are on. A holder is a machine's name, or the
/// text of a MAC that no machine has.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    by_mac: HashMap<Mac, String>,
    /// The bridge or uplink of each machine, where that is known.
    links: HashMap<String, String>,
    /// Machines that may or may not share a link with others on their bridge.
    in_vlans: BTreeSet<String>,
    /// Machines that are not known to be stopped.
    running: BTreeSet<String>,
}

impl Holders {
    pub(super) fn of(
        machines: &Machines,
        links: &HashMap<&str, &str>,
        in_vlans: &BTreeSet<&str>,
    ) -> Self {
        let in_vlans = in_vlans.iter().map(|name| (*name).to_owned()).collect();
        let mut holders = Self { in_vlans, ..Self::default() };
        for machine in machines.iter() {
            for mac in &machine.macs {
                // Of two machines with one MAC nobody can tell which one spoke.
                holders.by_mac.entry(*mac).or_insert_with(|| machine.name.clone());
            }
            if let Some(link) = links.get(machine.name.as_str()) {
                holders.links.insert(machine.name.clone(), (*link).to_owned());
            }
            let stopped = [Process::Stopped, Process::Crashed, Process::Missing];
            if !matches!(&machine.process, Reading::Known(state) if stopped.contains(state)) {
                holders.running.insert(machine.name.clone());
            }
        }
        holders
    }

    pub(super) fn of_mac(&self, mac: Mac) -> String {
        self.by_mac.get(&mac).cloned().unwrap_or_else(|| mac.to_string())
    }

    /// Whether a message can be one of a machine's link: that of another client in a VLAN of an uplink may be of
    /// any network.
    pub(super) fn may_compare(&self, message: &Message) -> bool {
        message.vlan.is_none() || self.by_mac.contains_key(&message.chaddr)
    }

    /// Those that speak with a MAC of this machine.
    pub(super) fn of_machine(&self, machine: &Machine) -> Vec<String> {
        machine.macs.iter().map(|mac| self.of_mac(*mac)).collect()
    }

    pub(super) fn runs(&self, machine: &str) -> bool {
        self.running.contains(machine)
    }

    pub(super) fn running(&self) -> &BTreeSet<String> {
        &self.running
    }

    /// Whether two holders are on one link, as far as the links are known; a client that is no machine was
    /// heard on a link of a machine. `None`: VLANs may keep them apart.
    pub(super) fn share_link(&self, one: &str, other: &str) -> Option<bool> {
        match (self.links.get(one), self.links.get(other)) {
            (Some(one), Some(other)) if one != other => Some(false),
            _ if [one, other].iter().any(|name| self.in_vlans.contains(*name)) => None,
            _ => Some(true),
        }
    }
}
