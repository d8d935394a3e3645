//! The plain data that the crates of `core` share: machines, problems, evidence and plugin
//! outcomes.
//!
//! No I/O, no clock, no serialisation.

#![forbid(unsafe_code)]

mod card;
mod claim;
mod command_place;
mod devices;
mod endpoint;
mod evidence;
mod listing;
mod machine;
mod machine_id;
mod mode;
mod network_choice;
mod platform;
mod plugin;
mod problem;
mod stem;
mod trace;

pub use card::{Card, Cards, MacSource};
pub use claim::{ClaimFault, ClaimKind, ClaimLimit, PluginClaims};
pub use command_place::CommandPlace;
pub use devices::{CardDriver, Devices, DiskUse};
pub use endpoint::{Endpoint, How, SshAnswer, SshOutcome};
pub use evidence::Evidence;
pub use listing::Listing;
pub use machine::{End, MANAGER, Machine, Power, ProcessDoubt, QmpStatus};
pub use machine_id::MachineId;
pub use mode::Mode;
pub use network_choice::{NetworkChoice, StartMode};
pub use platform::Platform;
pub use plugin::{PluginOutcome, PluginStatus};
pub use problem::{Problem, Severity};
pub use stem::stem;
pub use trace::{Place, Trace, TraceKind};
pub use vmkit_types::Net;
