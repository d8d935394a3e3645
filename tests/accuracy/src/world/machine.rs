//! One machine: where it has been, what it answers, and which traces it leaves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vmkit_types::{Mac, NetworkMode};

use super::Site;
use crate::random::Random;

/// Seconds that a machine of the "up for long" kind has been up at most.
const LONGEST_UP: u64 = 5 * 86_400;

/// How an address came to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// By DHCP.
    Dhcp,
    /// From the guest's own configuration.
    Static,
    /// The guest gave it to itself (169.254/16).
    LinkLocal,
}

/// A time that a machine spent at an address.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    /// The address.
    pub address: Ipv4Addr,
    /// Age of its beginning.
    pub from: u64,
    /// Age of its end; 0: it lasts.
    pub until: u64,
    /// How the machine came to it.
    pub origin: Origin,
    /// On which network.
    pub mode: NetworkMode,
}

/// What a connection to the SSH port finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// An SSH server.
    Open,
    /// A closed port.
    Refused,
    /// A firewall that drops.
    Filtered,
    /// A server of something else.
    Other,
}

/// What DNS has of a machine's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Nothing.
    None,
    /// The DHCP server registers its leases.
    Leases,
    /// The guest answers mDNS itself.
    Multicast,
    /// Somebody wrote a record.
    Record(Ipv4Addr),
}

/// What the console log holds.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// The log can be read and has the network's messages at all.
    pub readable: bool,
    /// The messages of later changes reach it as well as those of the boot.
    pub follows: bool,
    /// It is of the boot before: a foreground start leaves the old log.
    pub of_boot_before: bool,
    /// Addresses of inner networks that it names: containers, VPNs.
    pub inner: Vec<Ipv4Addr>,
    /// Addresses that the guest makes up.
    pub forged: Vec<Ipv4Addr>,
}

/// What is added to the number of a key by a new installation.
const INSTALLED_ANEW: usize = 1000;

/// A machine under test.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn on its own")]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// The MAC of its card.
    pub mac: Mac,
    /// Whether its manager knows that MAC.
    pub mac_known: bool,
    /// Its network mode of now.
    pub mode: NetworkMode,
    /// Age of its process.
    pub process_age: u64,
    /// Whether that can be read.
    pub start_known: bool,
    /// Age of the guest's last boot: less than that of its process after a reboot from within.
    pub boot_age: u64,
    /// Where it has been, oldest first; the lasting one last.
    pub stays: Vec<Stay>,
    /// Its IPv6 addresses without link-local ones.
    pub v6: Vec<Ipv6Addr>,
    /// It reacts at all: false for a paused or hung one.
    pub alive: bool,
    /// Somebody else has its address too, and what is sent there goes to the other.
    pub shadowed: bool,
    /// Its manager says that it is paused; vmkit then asks it nothing.
    pub paused: bool,
    /// Its SSH port once it has booted.
    pub ssh: Port,
    /// Seconds from boot to the SSH server.
    pub ssh_after: u64,
    /// Whether it answers pings.
    pub echoes: bool,
    /// Which SSH host key it has.
    pub key: usize,
    /// Which one is known as its own from before.
    pub recorded_key: Option<usize>,
    /// Addresses of a second card, with its MAC and whether the first card answers for them, as
    /// Linux does where both are on one link.
    pub second_card: Option<(Mac, Ipv4Addr, bool)>,
    /// What its console log holds.
    pub console: Console,
    /// Whether a guest agent answers.
    pub agent: bool,
    /// What DNS has of it.
    pub naming: Naming,
    /// Whether the server that gave its leases is one of this host, whose file can be read.
    pub leases_readable: bool,
    /// Whether the server writes its name down, and no MAC.
    pub leased_by_name: bool,
    /// Length of its leases in seconds.
    pub lease: u64,
    /// Whether a capture of DHCP was running when it last asked.
    pub captured: bool,
}

impl Machine {
    /// A machine that has been up for minutes to days, at one address from DHCP, with the signals
    /// that such a machine happens to have.
    pub fn draw(random: &mut Random, site: &mut Site, index: usize) -> Self {
        let mode =
            random.one_of(&[NetworkMode::Bridged, NetworkMode::Bridged, NetworkMode::Shared]);
        let boot_age = 90 + random.waiting(20_000.0).min(LONGEST_UP);
        let address = site.lease(random, mode);
        let tail = [random.octet(0..=255), random.octet(0..=255), random.octet(0..=255)];
        let stay = Stay { address, from: boot_age - 15, until: 0, origin: Origin::Dhcp, mode };
        let named = random.within(0..=9);
        Self {
            name: format!("vm{index}"),
            mac: Mac::new([0x52, 0x54, 0, tail[0], tail[1], tail[2]]),
            mac_known: true,
            mode,
            process_age: boot_age,
            start_known: random.chance(0.98),
            boot_age,
            stays: vec![stay],
            v6: Vec::new(),
            alive: true,
            shadowed: false,
            paused: false,
            ssh: match random.within(0..=19) {
                0 => Port::Refused,
                1 => Port::Filtered,
                _ => Port::Open,
            },
            ssh_after: random.within(8..=45),
            echoes: random.chance(0.85),
            // Now and then it was installed anew since.
            key: if random.chance(0.02) { index + INSTALLED_ANEW } else { index },
            recorded_key: random.chance(0.3).then_some(index),
            second_card: None,
            console: Console {
                readable: random.chance(0.7),
                follows: random.chance(0.3),
                ..Console::default()
            },
            agent: random.chance(0.15),
            naming: match named {
                0..=3 => Naming::None,
                4..=7 => Naming::Leases,
                _ => Naming::Multicast,
            },
            // The host is the server of its shared network, and now and then of its LAN.
            leases_readable: mode == NetworkMode::Shared || random.chance(0.1),
            leased_by_name: false,
            lease: random.one_of(&[3600, 7200, 43_200, 86_400]),
            captured: random.chance(0.1),
        }
    }

    /// Its address of now, if it has one of its own choice or given to it.
    pub(crate) fn present(&self) -> Option<&Stay> {
        self.stays.iter().rev().find(|stay| stay.until == 0)
    }

    /// Leaves the present address `age` seconds ago, and is at `next` from a few seconds later.
    pub(crate) fn move_to(&mut self, age: u64, next: Option<Stay>) {
        for stay in self.stays.iter_mut().filter(|stay| stay.until == 0) {
            stay.until = age.max(1);
        }
        self.stays.extend(next);
    }

    /// A stay by DHCP that lasts.
    pub(crate) fn stay(&self, address: Ipv4Addr, from: u64) -> Stay {
        Stay { address, from, until: 0, origin: Origin::Dhcp, mode: self.mode }
    }

    /// The process was started anew `age` seconds ago.
    pub(crate) fn restart(&mut self, age: u64) {
        self.process_age = age;
        self.boot_age = age;
    }

    /// The MAC that answers ARP for this address, if this machine does.
    pub(crate) fn answers_at(&self, address: IpAddr) -> Option<Mac> {
        if !self.alive {
            return None;
        }
        let here = self.stays.iter().any(|stay| stay.until == 0 && address == stay.address)
            || self.v6.iter().any(|own| address == *own);
        let second = self.second_card.filter(|(_, second, _)| address == *second);
        match second {
            _ if here => Some(self.mac),
            Some((mac, _, by_first)) => Some(if by_first { self.mac } else { mac }),
            None => None,
        }
    }

    /// What a connection to its SSH port finds at this age of its boot.
    pub fn port(&self) -> Port {
        let up = self.boot_age >= self.ssh_after;
        if self.ssh == Port::Open && !up { Port::Refused } else { self.ssh }
    }
}
