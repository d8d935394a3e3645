//! The machines of a host, found by their MACs.

use std::{collections::HashMap, ops::Deref, time::SystemTime};

use vmkit_model::Devices;
use vmkit_types::{Mac, NetworkMode, Reading, Remark};

/// The state of a machine's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Process {
    /// There is none.
    Stopped,
    /// It ended without being shut down.
    Crashed,
    /// None, and its directory is gone.
    Missing,
    /// QEMU keeps the guest from running.
    Paused,
    /// It runs.
    Running,
}

/// One machine, from its manager and its process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// By which name the commands know it that work on vmkit's own machines alone; `None`: another
    /// manager runs it, or another user.
    pub own_name: Option<String>,
    /// The state of its process.
    pub process: Reading<Process>,
    /// The host name that its files give to the guest.
    pub host_name: Reading<String>,
    /// When its process started.
    pub started_at: Option<SystemTime>,
    /// When its console was last written to.
    pub console_written_at: Option<SystemTime>,
    /// Whether QEMU holds its virtual link up.
    pub link_up: Reading<bool>,
    /// What QEMU says about the guest's use of its devices.
    pub devices: Reading<Devices>,
    /// Its MACs.
    pub macs: Vec<Mac>,
    /// The MAC that the registry records.
    pub recorded_mac: Reading<Mac>,
    /// How it is connected to the network.
    pub mode: Option<NetworkMode>,
    /// The interface or bridge of the host that it is on.
    pub interface: Option<String>,
    /// The host's end of its card, such as a tap.
    pub port: Option<String>,
    /// What its manager's files say is wrong with it.
    pub remarks: Reading<Vec<Remark>>,
}

/// All machines of a host. A host may have thousands, and each is compared with the others.
#[derive(Clone, Debug, Default)]
pub struct Machines {
    all: Vec<Machine>,
    /// The places of the machines with this MAC.
    by_mac: HashMap<Mac, Vec<usize>>,
}

impl Machines {
    /// The machines with this MAC, in their order.
    pub(crate) fn with_mac(&self, mac: Mac) -> impl Iterator<Item = &Machine> {
        let places = self.by_mac.get(&mac).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place))
    }
}

impl FromIterator<Machine> for Machines {
    fn from_iter<I: IntoIterator<Item = Machine>>(machines: I) -> Self {
        let all: Vec<Machine> = machines.into_iter().collect();
        let mut by_mac: HashMap<Mac, Vec<usize>> = HashMap::new();
        for (place, machine) in all.iter().enumerate() {
            for mac in &machine.macs {
                by_mac.entry(*mac).or_default().push(place);
            }
        }
        Self { all, by_mac }
    }
}

impl Deref for Machines {
    type Target = [Machine];

    fn deref(&self) -> &[Machine] {
        &self.all
    }
}
