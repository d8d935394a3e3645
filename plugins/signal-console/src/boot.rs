//! What the console shows of one boot.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use vmkit_plugin::{Mac, bounded};

use crate::{
    device::Device,
    fault::{Complaint, Fault},
    memory::Memory,
    phase::Phase,
    statement::{Client, Statement},
};

/// Longest line of a complaint that is kept, in bytes.
const LONGEST_COMPLAINT: usize = 160;
/// Most addresses of one machine that are kept, the latest. A guest with more interfaces of its own is
/// forging them.
const STATEMENTS: usize = 14;
/// Most servers, routers and interfaces that are kept, more than an honest log names.
const REMEMBERED: usize = 64;

/// A client that got no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoLease {
    pub(crate) client: Client,
    pub(crate) device: Option<Device>,
}

/// Whether users can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logins {
    /// The console does not say.
    Unsaid,
    /// Users were refused because the guest still boots, or goes down.
    Refused,
    /// The boot has finished.
    Finished,
}

/// What the console shows of one boot so far.
#[derive(Debug)]
pub(crate) struct Boot<'a> {
    /// The furthest phase.
    pub(crate) phase: Phase,
    /// Whether the beginning of the boot, or of the log, was seen.
    pub(crate) begins_here: bool,
    /// The boots that were seen up to this one, which is one of them.
    pub(crate) boots: u32,
    /// The kernel's last time stamp, in whole seconds since its start.
    pub(crate) kernel_seconds: Option<u64>,
    /// Whether users can log in, as far as the console says.
    pub(crate) logins: Logins,
    /// The machine's card, as the guest names it.
    pub(crate) card: Option<Device>,
    /// What the parsers of clients remember from line to line.
    pub(crate) memory: Memory,
    macs: &'a [Mac],
    statements: Vec<Statement>,
    no_lease: Option<NoLease>,
    complaints: Vec<Complaint>,
    infrastructure: HashSet<IpAddr>,
    cards: HashMap<Device, Mac>,
}

impl<'a> Boot<'a> {
    pub(crate) fn new(macs: &'a [Mac]) -> Self {
        Self {
            phase: Phase::None,
            begins_here: false,
            boots: 1,
            kernel_seconds: None,
            logins: Logins::Unsaid,
            card: None,
            memory: Memory::default(),
            macs,
            statements: Vec::new(),
            no_lease: None,
            complaints: Vec::new(),
            infrastructure: HashSet::new(),
            cards: HashMap::new(),
        }
    }

    /// Another boot begins. What the older one printed no longer counts.
    pub(crate) fn restart(&mut self, phase: Phase) {
        // Firmware, boot loader and kernel each begin anew within one boot.
        let boots = self.boots.saturating_add(u32::from(self.phase >= Phase::Kernel));
        *self = Self { phase, begins_here: true, boots, ..Self::new(self.macs) };
    }

    pub(crate) fn reach(&mut self, phase: Phase) {
        self.phase = self.phase.max(phase);
        if matches!(phase, Phase::Login | Phase::Ssh) {
            self.resolve(Fault::BootGaveUp);
        }
        if phase == Phase::Ssh {
            self.resolve(Fault::SshServerFailed);
        }
    }

    /// The boot has finished.
    pub(crate) fn finish(&mut self) {
        self.logins = Logins::Finished;
        self.resolve(Fault::BootGaveUp);
    }

    /// Users can log in from now on.
    pub(crate) fn permit_logins(&mut self) {
        if self.logins == Logins::Refused {
            self.logins = Logins::Unsaid;
        }
    }

    /// A user was refused because the guest boots or goes down.
    pub(crate) fn refuse_logins(&mut self) {
        self.logins = Logins::Refused;
    }

    /// Notes that the guest has a driver for a card of the machine, and the card's name.
    pub(crate) fn see_card(&mut self, device: Device) {
        if !device.is_foreign() {
            self.card = Some(device);
        }
    }

    /// Whether the MAC is not one of the machine's.
    pub(crate) fn is_foreign_mac(&self, mac: Mac) -> bool {
        !self.macs.is_empty() && !self.macs.contains(&mac)
    }

    /// Adds a complaint of the guest.
    pub(crate) fn complain(&mut self, fault: Fault, line: &str) {
        self.resolve(fault);
        let line = bounded(line.trim(), LONGEST_COMPLAINT).to_owned();
        self.complaints.push(Complaint { fault, line });
    }

    /// Removes a complaint whose cause is over.
    pub(crate) fn resolve(&mut self, fault: Fault) {
        self.complaints.retain(|complaint| complaint.fault != fault);
    }

    /// The complaints that remain.
    pub(crate) fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Notes the address of a server or router, which is never the guest's own.
    pub(crate) fn note_infrastructure(&mut self, address: IpAddr) {
        if self.infrastructure.len() < REMEMBERED {
            self.infrastructure.insert(address);
        }
    }

    /// Notes the MAC of an interface of the guest.
    pub(crate) fn note_card(&mut self, device: &Device, mac: Mac) {
        if self.macs.contains(&mac) {
            self.see_card(device.clone());
        }
        if self.cards.len() < REMEMBERED || self.cards.contains_key(device) {
            self.cards.insert(device.clone(), mac);
        }
    }

    /// Adds a statement of an address. It replaces earlier ones about the same interface. A line
    /// without an interface means the only card, if the machine has one card.
    pub(crate) fn state(&mut self, mut statement: Statement) {
        if let Some(server) = statement.server {
            self.note_infrastructure(server);
        }
        self.tie(&mut statement);
        if !statement.is_host_address() || !self.is_own(&statement) {
            return;
        }
        if statement.address.is_ipv4() {
            let one_card = self.macs.len() <= 1;
            self.statements.retain(|old| {
                let same = match (&old.device, &statement.device) {
                    (Some(old), Some(new)) => old == new,
                    _ => one_card,
                };
                let replaced = old.address.is_ipv4() && same && !old.stands_beside(&statement);
                !replaced || old.address == statement.address
            });
            if !statement.is_link_local() {
                self.no_lease = None;
                self.resolve(Fault::BadChecksums);
            }
        }
        // Keep what earlier lines said about the same address.
        if let Some(at) = self.statements.iter().position(|old| old.address == statement.address) {
            statement.complete_from(self.statements.remove(at));
        }
        if self.statements.len() == STATEMENTS {
            self.statements.remove(0);
        }
        self.statements.push(statement);
    }

    /// Adds the MAC that the log has for the interface.
    fn tie(&self, statement: &mut Statement) {
        let card = statement.device.as_ref().and_then(|device| self.cards.get(device).copied());
        statement.mac = statement.mac.or(card);
    }

    /// Whether it can be the machine's own: its MAC is the machine's, or it has no MAC and its
    /// interface is not that of a container or tunnel.
    fn is_own(&self, statement: &Statement) -> bool {
        match statement.mac {
            Some(mac) if !self.macs.is_empty() => self.macs.contains(&mac),
            _ => !statement.device.as_ref().is_some_and(Device::is_foreign),
        }
    }

    /// Drops what the last table of cloud-init said, which is out of date.
    pub(crate) fn forget_table(&mut self) {
        self.statements.retain(|statement| statement.client != Client::CloudInit);
    }

    /// Notes that a client got no address or lost it, on this interface or on an unnamed one.
    pub(crate) fn lose(&mut self, client: Client, device: Option<Device>) {
        let one_card = self.macs.len() <= 1;
        self.statements.retain(|statement| {
            let of_it = match (&statement.device, &device) {
                (Some(stated), Some(lost)) => stated == lost,
                _ => one_card || statement.client == client,
            };
            !(of_it && statement.address.is_ipv4())
        });
        if device.as_ref().is_none_or(|device| !device.is_foreign()) {
            self.no_lease = Some(NoLease { client, device });
        }
    }

    /// The machine's own statements, each with its MAC where the log has it, without those about a
    /// server or router.
    pub(crate) fn statements(&self) -> Vec<Statement> {
        let tied = |statement: &Statement| {
            let mut statement = statement.clone();
            self.tie(&mut statement);
            // If the machine's MACs are unknown, no MAC in the log is known to be its own.
            statement.mac = statement.mac.filter(|_| !self.macs.is_empty());
            statement
        };
        let own = |statement: &Statement| {
            self.is_own(statement) && !self.infrastructure.contains(&statement.address)
        };
        self.statements.iter().map(tied).filter(own).collect()
    }

    /// The client that got no address, if none came later.
    pub(crate) fn no_lease(&self) -> Option<&NoLease> {
        self.no_lease.as_ref()
    }
}
