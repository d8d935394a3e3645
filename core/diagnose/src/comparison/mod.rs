//! What the machines of one look send, are given and are called, side by side.
//!
//! The facts about one machine cannot show that another has the same identity or address. This index
//! is made once from all captures and all evidence, and every machine is looked up in it.

mod gifts;
mod holders;
mod identity;
mod index;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use vmkit_dhcp::Traffic;
use vmkit_model::Evidence;
use vmkit_types::{Kind, Observation, Reading, attribute};

use crate::{Machine, Machines};
use gifts::Gifts;
pub(crate) use gifts::SecondGift;
use holders::Holders;
use identity::{by_hardware, duid, octets};
pub(crate) use index::Shared;
use index::{Index, Scope};

/// What is compared.
pub struct Compared<'a> {
    /// All machines of the host.
    pub machines: &'a Machines,
    /// The link of each machine by its name, see [`Attachment::link`](crate::Attachment::link), where
    /// that is known.
    pub links: HashMap<&'a str, &'a str>,
    /// Machines on bridges that keep VLANs apart: whether two of them share a link is unknown.
    pub in_vlans: BTreeSet<&'a str>,
    /// Every capture of the look.
    pub traffic: Vec<&'a Traffic>,
    /// All evidence, each item with the name of its machine.
    pub evidence: Vec<(&'a str, &'a Evidence)>,
}

/// Identities and addresses, each with all that have it.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    holders: Holders,
    /// DHCP client identifiers.
    identifiers: Index<Vec<u8>>,
    /// DUIDs inside of client identifiers.
    duids: Index<Vec<u8>>,
    host_keys: Index<String>,
    /// In lower case: DNS ignores the case.
    host_names: Index<String>,
    gifts: Gifts,
}

impl Comparison {
    /// Puts the facts about all machines side by side.
    pub fn of(compared: &Compared<'_>) -> Self {
        let holders = Holders::of(compared.machines, &compared.links, &compared.in_vlans);
        let gifts = Gifts::of(&compared.traffic, &holders).with_leases(&compared.evidence);
        let mut comparison = Self { holders, gifts, ..Self::default() };
        comparison.clients(&compared.traffic);
        comparison.leases(&compared.evidence);
        comparison.names(compared.machines);
        comparison.keys(&compared.evidence);
        comparison
    }

    fn clients(&mut self, traffic: &[&Traffic]) {
        let heard = traffic.iter().flat_map(|traffic| traffic.messages());
        for message in heard {
            if !self.holders.may_compare(message) {
                continue;
            }
            let holder = self.holders.of_mac(message.chaddr);
            match &message.client_id {
                // Servers repeat what the client sent, RFC 6842.
                Some(identifier) => self.identify(identifier, &holder),
                // Servers know such a client by its hardware address, RFC 2131, 4.2.
                None if message.kind.is_of_client() => {
                    self.identify(&by_hardware(message.chaddr), &holder);
                }
                None => {}
            }
        }
    }

    /// Notes by which identifiers servers of this computer know the machines.
    fn leases(&mut self, evidence: &[(&str, &Evidence)]) {
        for (machine, item) in evidence {
            let seen = &item.observation;
            let current = seen.kind == Kind::LeaseCurrent;
            let text = seen.attribute(attribute::CLIENT_ID).filter(|_| current);
            if let Some(identifier) = text.and_then(octets) {
                let holder = seen.mac.map_or((*machine).to_owned(), |mac| self.holders.of_mac(mac));
                self.identify(&identifier, &holder);
            }
        }
    }

    fn identify(&mut self, identifier: &[u8], holder: &str) {
        if let Some(duid) = duid(identifier) {
            self.duids.add(duid.to_owned(), holder);
        }
        self.identifiers.add(identifier.to_owned(), holder);
    }

    fn names(&mut self, machines: &Machines) {
        for machine in machines.iter().filter(|machine| self.holders.runs(&machine.name)) {
            if let Reading::Known(name) = &machine.host_name {
                self.host_names.add(name.to_lowercase(), &machine.name);
            }
        }
    }

    fn keys(&mut self, evidence: &[(&str, &Evidence)]) {
        let proofs = || evidence.iter().filter_map(|(name, item)| proof(name, &item.observation));
        let mut asked: BTreeMap<IpAddr, BTreeSet<&str>> = BTreeMap::new();
        for (machine, address, _) in proofs() {
            asked.entry(address).or_default().insert(machine);
        }
        for (machine, address, key) in proofs() {
            // A server at a candidate address of two machines belongs to one of them at most.
            if asked.get(&address).is_some_and(|machines| machines.len() == 1) {
                self.host_keys.add(key.to_owned(), machine);
            }
        }
    }

    /// Whether another client on its link sends the machine's client identifier.
    pub(crate) fn client_identifier(&self, machine: &Machine) -> Shared {
        let own = self.holders.of_machine(machine);
        let counts = |other: &str| self.holders.share_link(&machine.name, other);
        let all = self.holders.running();
        self.identifiers.shared(&Scope { own: &own, counts: &counts, all, machines_only: false })
    }

    /// Whether another client has the DUID that the machine's system made of its identity.
    pub(crate) fn duid(&self, machine: &Machine) -> Shared {
        let (own, all) = (self.holders.of_machine(machine), self.holders.running());
        self.duids.shared(&Scope { own: &own, counts: &|_| Some(true), all, machines_only: false })
    }

    /// Whether the SSH server of another machine has the machine's host key.
    pub(crate) fn host_key(&self, machine: &Machine) -> Shared {
        self.host_keys.shared(&self.among_machines(machine))
    }

    /// Whether another running machine has the machine's host name.
    pub(crate) fn host_name(&self, machine: &Machine) -> Shared {
        self.host_names.shared(&self.among_machines(machine))
    }

    /// An address that was acknowledged to the machine and to another while both leases ran.
    pub(crate) fn second_gift(&self, machine: &Machine) -> Option<SecondGift> {
        self.gifts.second(machine, &self.holders)
    }

    /// Whether an acknowledgement to the machine was captured, and none of its address to a client that may
    /// be on its link.
    pub(crate) fn was_given_alone(&self, machine: &Machine) -> bool {
        self.gifts.is_alone(machine, &self.holders)
    }

    fn among_machines<'s>(&'s self, machine: &'s Machine) -> Scope<'s> {
        let own = std::slice::from_ref(&machine.name);
        Scope { own, counts: &|_| Some(true), all: self.holders.running(), machines_only: true }
    }
}

/// A proof of a host key: the machine that was meant, the address, and the key.
fn proof<'a>(machine: &'a str, seen: &'a Observation) -> Option<(&'a str, IpAddr, &'a str)> {
    let counts = matches!(seen.kind, Kind::SshHostKey | Kind::SshNewHostKey);
    let key = seen.attribute(attribute::HOST_KEY).filter(|_| counts)?;
    Some((machine, seen.address?, key))
}
