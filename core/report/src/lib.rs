//! The output of vmkit: text for people and JSON for programs.
//!
//! The only crate that serialises for users. Its views borrow plain values and write to a
//! [`std::io::Write`]; it prints nothing, reads no clock and looks nothing up. Text of guests, the
//! network and plugins is untrusted: it is bounded, and no control byte of it reaches the output.

#![forbid(unsafe_code)]

mod authoring;
mod clean;
mod doctor;
mod failure;
mod hosts;
mod html;
mod json;
mod machine_list;
mod networks;
mod plugins;
mod recorded;
mod resolve;
mod ssh;
mod started;
mod state;
mod status;
mod text;
mod time;
mod traces;
mod watch;
mod write;

#[cfg(feature = "schema")]
pub use json::schema;

pub use authoring::{
    CheckedRule, IndexSearch, IndexedPlugin, NewProject, PluginCheck, PluginRun, RunMachine,
    RunObservation, Standing,
};
pub use doctor::{Conclusion, Doctor, DoctorHost, DoctorNetwork, DoctorVm};
pub use failure::failure;
pub use hosts::{HostsDecision, HostsOutcome, HostsSync, HostsVm};
pub use machine_list::{ListedNetwork, ListedVm, MachineList};
pub use networks::Networks;
pub use plugins::{
    LockedPlugin, PluginDetails, PluginEntry, PluginLock, PluginOrigin, PluginRequest, Plugins,
};
pub use recorded::Recorded;
pub use resolve::Resolution;
pub use ssh::{Ssh, SshState};
pub use started::{Launch, StartReport, StartResult, StartedVm};
pub use state::{State, state};
pub use status::{Meta, Statistics, Status, Vm};
pub use text::{Style, Terminal, code_hint, command_line};
pub use traces::SnapshotCheck;
pub use watch::Watch;
pub use write::{write_codes, write_page};
