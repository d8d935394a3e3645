//! The view model of `vm list`.

use std::time::{Duration, SystemTime};

use vmkit_model::Power;
use vmkit_types::{NetworkMode, Reading};

/// The machines of the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineList {
    /// The machines, by name.
    pub machines: Vec<ListedVm>,
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
}

/// A machine of the data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVm {
    /// Its name.
    pub name: String,
    /// The state of its process.
    pub power: Power,
    /// The network that it is on, or that it will be started on.
    pub network: Reading<ListedNetwork>,
    /// The size of its disk, such as `20G`.
    pub disk: Reading<String>,
    /// Memory in MiB.
    pub memory_mb: Reading<u64>,
    /// Virtual processors.
    pub cpus: Reading<u32>,
}

/// The network of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNetwork {
    /// The mode.
    pub mode: NetworkMode,
    /// The bridge or adapter.
    pub interface: Option<String>,
}
