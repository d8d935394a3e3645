//! The machines that an inventory plugin lists.

use vmkit_types::Mac;

/// State of a machine in its manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineState {
    /// The manager does not say.
    Unknown,
    /// It has no process.
    Stopped,
    /// It runs.
    Running,
    /// Its processors are paused.
    Paused,
    /// The manager lists it, but its files are gone.
    Missing,
}

/// One machine that an inventory plugin lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Unique within its manager.
    pub id: String,
    /// The name that users give it.
    pub name: String,
    /// Its state.
    pub state: MachineState,
    /// Its process, where it has one.
    pub pid: Option<u32>,
    /// Its MACs.
    pub macs: Vec<Mac>,
    /// The host name its guest is meant to have.
    pub hostname: Option<String>,
    /// Path of the file that its console is written to.
    pub console_log: Option<String>,
}
