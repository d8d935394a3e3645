//! The plain data that the crates of `core` share: machines, problems, evidence and plugin
//! outcomes.
//!
//! No I/O, no clock, no serialisation.

#![forbid(unsafe_code)]

mod card;
mod evidence;
mod machine;
mod machine_id;
mod mode;
mod plugin;
mod problem;
mod trace;

pub use card::{Card, Cards, MacSource, Net};
pub use evidence::Evidence;
pub use machine::{End, Machine, Power, ProcessDoubt, QmpStatus};
pub use machine_id::MachineId;
pub use mode::Mode;
pub use plugin::{PluginOutcome, PluginStatus};
pub use problem::{Problem, Severity};
pub use trace::{Place, Trace, TraceKind};
