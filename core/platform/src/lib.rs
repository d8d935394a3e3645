//! What the computer itself tells: interfaces and routes, processes, and who is asking.
//!
//! One file per operating system stands behind [`Platform`]. Text of the system's tools is parsed
//! by pure functions, which are tested on every system.

#![forbid(unsafe_code)]

mod command;
mod interfaces;
mod invoker;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod linux_network;
#[cfg(target_os = "linux")]
mod linux_survey;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
mod macos_survey;
#[doc(hidden)]
pub mod macos_text;
mod process;
mod survey;

use std::path::PathBuf;

pub use invoker::Invoker;
pub use process::{ARGUMENTS_LIMIT, Process};
pub use survey::SurveyTexts;
use vmkit_types::{HostNetwork, Reading};

#[cfg(target_os = "linux")]
use linux::Linux as Current;
#[cfg(target_os = "macos")]
use macos::Macos as Current;

/// What vmkit needs to know of the computer that it runs on.
pub trait Platform {
    /// `linux` or `macos`.
    fn name(&self) -> &'static str;

    /// Interfaces of both families and IPv4 routes, as they are now.
    fn network(&self) -> Reading<HostNetwork>;

    /// One process with its start time. `Absent`: no process has this number; a process that the
    /// system hides from this user is `Unknown`.
    fn process(&self, pid: u32) -> Reading<Process>;

    /// All processes that can be seen, without their start times, for those cost as much again.
    /// `Unknown`: the system shows a part of them only, so that none can be called absent.
    fn processes(&self) -> Reading<Vec<Process>>;

    /// The working directory of a process, without links. `Unknown` where it is another user's.
    fn working_directory(&self, pid: u32) -> Reading<PathBuf>;

    /// What the system's tools print of bridges, the firewall and DHCP servers of this computer.
    /// Takes as long as the slowest of them, a second at most.
    fn survey(&self) -> SurveyTexts;

    /// Who asks, and with what rights.
    fn invoker(&self) -> Invoker;
}

/// The platform of this computer.
pub fn current() -> impl Platform {
    Current
}
