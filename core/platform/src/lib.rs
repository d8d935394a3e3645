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
mod linux_lease;
#[cfg(target_os = "linux")]
mod linux_network;
#[cfg(target_os = "linux")]
mod linux_ports;
#[cfg(target_os = "linux")]
mod linux_process;
#[cfg(target_os = "linux")]
mod linux_routes;
#[cfg(target_os = "linux")]
mod linux_survey;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(target_os = "macos", test))]
mod macos_leases;
#[cfg(target_os = "macos")]
mod macos_survey;
#[doc(hidden)]
pub mod macos_text;
mod platform;
mod process;
mod report;
mod survey;
mod system;
#[cfg(any(target_os = "macos", test))]
mod tools;

pub use invoker::{Invoker, user_id};
pub use platform::Platform;
pub use process::{Executable, HeldPort, Process};
pub use report::{HAS_REPORT_TEXTS, ReportText, report_texts};
pub use survey::SurveyTexts;
pub use system::system;

use vmkit_types::Reading;

#[cfg(target_os = "linux")]
use linux::Linux as Current;
#[cfg(target_os = "macos")]
use macos::Macos as Current;

/// What a tool of the system prints that only reads, such as `/usr/sbin/arp -an` on macOS; `None`: this
/// platform runs no such tool. An answer of the same second serves all who ask, unless one is wanted
/// `afresh`.
pub fn tool(line: &str, afresh: bool) -> Option<Reading<String>> {
    #[cfg(target_os = "macos")]
    return macos::tool(line, afresh);
    #[cfg(not(target_os = "macos"))]
    return {
        let _ = (line, afresh);
        None
    };
}

/// The platform of this computer.
pub fn current() -> impl Platform {
    Current
}
