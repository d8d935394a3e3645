//! What is really so: machines with their histories, the network, and others on it.
//!
//! A family draws a world; the sources then tell of it what such sources tell. Times are ages:
//! seconds before the moment of the look.

mod machine;
mod site;

use std::net::{IpAddr, Ipv4Addr};

use vmkit_types::Mac;

pub use machine::{Console, Machine, Naming, Origin, Port, Stay};
pub use site::Site;

use crate::random::Random;

/// A computer with machines, at one moment.
pub struct World {
    /// The host and its networks.
    pub site: Site,
    /// The machines under test.
    pub machines: Vec<Machine>,
    /// Other hosts on the link.
    pub strangers: Vec<Stranger>,
    /// Frames of the machines leave with this MAC: a Wi-Fi bridge that translates addresses.
    pub translator: Option<Mac>,
    /// The bridge translates MACs, and lists whose.
    pub translates: bool,
    /// The router answers ARP for every address of the link.
    pub proxy_arp: bool,
    /// The host has exchanged nothing with the machines for as long as its table keeps entries.
    pub forget_neighbours: bool,
}

/// A host that is not a VM.
#[derive(Clone, Copy, Debug)]
pub struct Stranger {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its MAC.
    pub mac: Mac,
    /// Its SSH port.
    pub ssh: Port,
    /// Whether it answers pings.
    pub echoes: bool,
    /// Whether it announced its address, and the host's table has it.
    pub announced: bool,
}

/// Somebody who answers ARP for an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Responder {
    /// The MAC in the answer.
    pub mac: Mac,
    /// The machine behind it.
    pub machine: Option<usize>,
    /// What a connection to its SSH port finds.
    pub ssh: Port,
    /// Whether it answers pings.
    pub echoes: bool,
    /// Which host key its SSH server has, if it is one of the machines.
    pub key: Option<usize>,
}

impl World {
    /// A world with `count` machines that have been up for long and have an address by DHCP, on a
    /// network drawn at random.
    pub(crate) fn steady(random: &mut Random, count: usize) -> Self {
        let mut site = Site::draw(random);
        let machines = (0..count).map(|index| Machine::draw(random, &mut site, index)).collect();
        Self {
            site,
            machines,
            strangers: Vec::new(),
            translator: None,
            translates: false,
            proxy_arp: false,
            forget_neighbours: false,
        }
    }

    /// Somebody else takes this address: a phone, a printer, a server.
    pub(crate) fn settle_stranger(&mut self, random: &mut Random, address: Ipv4Addr) {
        let tail = [random.octet(0..=255), random.octet(0..=255), random.octet(0..=255)];
        self.strangers.push(Stranger {
            address,
            mac: Mac::new([0x3c, 0x22, 0xfb, tail[0], tail[1], tail[2]]),
            // Servers and single-board computers have SSH open, phones and printers do not.
            ssh: random.one_of(&[
                Port::Open,
                Port::Open,
                Port::Refused,
                Port::Filtered,
                Port::Other,
            ]),
            echoes: random.chance(0.8),
            announced: random.chance(0.6),
        });
    }

    /// Everybody who answers ARP for this address now, the one that frames go to first.
    pub(crate) fn responders(&self, address: IpAddr) -> Vec<Responder> {
        let mut responders = Vec::new();
        let mut machines: Vec<_> = self.machines.iter().enumerate().collect();
        machines.sort_by_key(|(_, machine)| machine.shadowed);
        for (index, machine) in machines {
            let Some(mac) = machine.answers_at(address) else { continue };
            responders.push(Responder {
                mac: self.translator.unwrap_or(mac),
                machine: Some(index),
                ssh: machine.port(),
                echoes: machine.echoes,
                key: Some(machine.key),
            });
        }
        for stranger in
            self.strangers.iter().filter(|stranger| IpAddr::from(stranger.address) == address)
        {
            let (mac, ssh, echoes) = (stranger.mac, stranger.ssh, stranger.echoes);
            let shadows = responders.iter().all(|responder: &Responder| {
                responder.machine.is_none_or(|machine| self.machines[machine].shadowed)
            });
            let place = if shadows { 0 } else { responders.len() };
            let responder = Responder { mac, machine: None, ssh, echoes, key: None };
            responders.insert(place, responder);
        }
        if self.proxy_arp && address.is_ipv4() && self.site.on_lan(address) {
            let mac = self.site.gateway_mac;
            // It forwards frames to the address's holder only.
            let behind = responders.first().copied();
            responders.push(Responder {
                mac,
                machine: behind.and_then(|behind| behind.machine),
                ssh: behind.map_or(Port::Filtered, |behind| behind.ssh),
                echoes: behind.is_some_and(|behind| behind.echoes),
                key: behind.and_then(|behind| behind.key),
            });
        }
        responders
    }

    /// The addresses that lead to this VM, without link-local ones.
    pub(crate) fn truth(&self, machine: usize) -> Vec<IpAddr> {
        let machine = &self.machines[machine];
        if machine.shadowed {
            return Vec::new();
        }
        let lasts = |stay: &&Stay| stay.until == 0 && stay.origin != Origin::LinkLocal;
        let v4 = machine.stays.iter().filter(lasts).map(|stay| IpAddr::from(stay.address));
        // A second card on the same link is the machine's as well.
        let second = machine.second_card.map(|(_, address, _)| address);
        let second =
            second.filter(|address| self.site.on_link((*address).into())).map(IpAddr::from);
        let v6 = machine.v6.iter().copied().map(IpAddr::from);
        v4.chain(second).chain(v6).collect()
    }
}
