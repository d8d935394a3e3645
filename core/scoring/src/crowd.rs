//! What only all machines of a run together show.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use vmkit_model::Evidence;
use vmkit_types::{HostNetwork, InterfaceKind, Mac, NetworkMode, Observation, attribute};

use crate::{Case, Weights};

/// MACs with their owners.
pub(crate) struct Crowd {
    /// The running machines that have this MAC.
    pub(crate) owners: HashMap<Mac, Vec<usize>>,
    /// The running machines that have this host name.
    host_names: HashMap<String, Vec<usize>>,
    answering_for_many: HashSet<Mac>,
    /// MACs of the host's interfaces.
    host: Vec<Mac>,
    /// Those of its Wi-Fi adapters.
    wifi: Vec<Mac>,
}

impl Crowd {
    /// Derives it from all machines; also returns the evidence of each, in the order of the cases.
    pub(crate) fn new<'a>(
        cases: &[Case],
        evidence: &'a [Evidence],
        network: Option<&HostNetwork>,
        weights: &Weights,
    ) -> (Self, Vec<Vec<&'a Evidence>>) {
        let interfaces = || network.iter().flat_map(|network| &network.interfaces);
        let host = interfaces().filter_map(|interface| interface.mac).collect();
        let wifi = interfaces().filter(|interface| interface.kind == InterfaceKind::Wifi);
        let wifi = wifi.filter_map(|interface| interface.mac).collect();
        let mut owners: HashMap<Mac, Vec<usize>> = HashMap::new();
        let mut host_names: HashMap<String, Vec<usize>> = HashMap::new();
        for (vm, case) in cases.iter().enumerate().filter(|(_, case)| case.running) {
            for mac in case.cards.macs() {
                let of_mac = owners.entry(mac).or_default();
                if of_mac.last() != Some(&vm) {
                    of_mac.push(vm);
                }
            }
            if let Some(name) = &case.host_name {
                host_names.entry(name.clone()).or_default().push(vm);
            }
        }
        let average = evidence.len() / cases.len().max(1);
        let mut per_machine: Vec<Vec<&Evidence>> =
            cases.iter().map(|_| Vec::with_capacity(average)).collect();
        let mut first_seen_at: HashMap<Mac, IpAddr> = HashMap::new();
        let mut answering_for_many = HashSet::new();
        for item in evidence {
            let observation = &item.observation;
            // The host checks the indices of plugins; this drops any other.
            let Some(of_machine) = per_machine.get_mut(observation.vm) else { continue };
            of_machine.push(item);
            let (Some(mac), Some(address)) = (observation.mac, observation.address) else {
                continue;
            };
            let foreign = !cases[observation.vm].has(mac)
                && !owners.contains_key(&mac)
                && weights.rule(&observation.kind).is_some_and(|r| r.other_mac || r.duplicate);
            if foreign
                && (*first_seen_at.entry(mac).or_insert(address) != address
                    || has_many_addresses(observation))
            {
                answering_for_many.insert(mac);
            }
        }
        (Self { owners, host_names, answering_for_many, host, wifi }, per_machine)
    }

    /// Whether this MAC, which no machine has, was seen at several of their addresses, or at many others.
    pub(crate) fn answers_for_many(&self, mac: Mac) -> bool {
        self.answering_for_many.contains(&mac)
    }

    /// Whether this MAC is the host's.
    pub(crate) fn is_host(&self, mac: Mac) -> bool {
        self.host.contains(&mac)
    }

    /// Whether frames of this machine carry this MAC: Wi-Fi replaces the MACs of bridged machines.
    pub(crate) fn translates(&self, mac: Mac, case: &Case) -> bool {
        self.wifi.contains(&mac) && case.has_mode(NetworkMode::Bridged)
    }

    /// The machine's host name, if other running machines have it, too, with all that have it.
    pub(crate) fn sharing_host_name<'c>(
        &'c self,
        case: &'c Case,
    ) -> Option<(&'c str, &'c [usize])> {
        let name = case.host_name.as_deref()?;
        let owners = self.host_names.get(name).filter(|owners| owners.len() > 1)?;
        Some((name, owners))
    }

    /// The MACs that other running machines have too, with all their owners.
    pub(crate) fn sharing_mac<'c>(
        &'c self,
        vm: usize,
        case: &'c Case,
    ) -> impl Iterator<Item = (Mac, &'c [usize])> + 'c {
        case.cards.macs().filter_map(move |mac| {
            let owners = self.owners.get(&mac)?;
            owners.iter().any(|owner| *owner != vm).then_some((mac, owners.as_slice()))
        })
    }
}

/// A computer with several addresses has two or three; a proxy answers for any address.
const MANY: usize = 4;

/// Whether the neighbour table has so many addresses on the MAC that it answers for others.
fn has_many_addresses(observation: &Observation) -> bool {
    let count = observation.attribute(attribute::ADDRESSES);
    count.and_then(|count| count.parse().ok()).is_some_and(|count: usize| count >= MANY)
}
