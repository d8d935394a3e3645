//! The computer that vmkit runs on: its interfaces, routes and processes, and the invoking user.
//!
//! One file per operating system implements [`Platform`]. Pure functions parse the output of the
//! system's tools, and are tested on every system.

#![forbid(unsafe_code)]

mod command;
mod interfaces;
mod invoker;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod linux_file;
#[cfg(target_os = "linux")]
mod linux_network;
#[cfg(target_os = "linux")]
mod linux_process;
#[cfg(target_os = "linux")]
mod linux_survey;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
mod macos_survey;
#[doc(hidden)]
pub mod macos_text;
mod platform;
mod process;
mod survey;

pub use invoker::Invoker;
pub use platform::Platform;
pub use process::{Executable, Process};
pub use survey::SurveyTexts;

#[cfg(target_os = "linux")]
use linux::Linux as Current;
#[cfg(target_os = "macos")]
use macos::Macos as Current;

/// The platform of this computer.
pub fn current() -> impl Platform {
    Current
}
