//! The process of a machine: QEMU's arguments, starting, stopping, its monitor, its console and its log.

#![forbid(unsafe_code)]

mod acceleration;
mod arguments;
mod console;
mod error;
mod files;
mod install;
mod leftovers;
mod log;
mod plan;
mod process;
mod qmp;
mod running;
mod start;
mod stop;
mod unix;
mod version;

pub use acceleration::acceleration;
pub use arguments::arguments;
pub use console::{ConsoleEnd, ConsoleView, attach_console};
pub use error::PowerError;
pub use files::ProcessFiles;
pub use install::{find_firmware, find_qemu, find_qemu_img};
pub use log::last_log_lines;
pub use plan::{Acceleration, Architecture, Cable, DiskFile, Plan, Rights, Root};
pub use qmp::{ConsoleSocket, Link, LinkError, Monitor, Questions, Session, Socket, Step, ask};
pub use running::Running;
pub use start::{Started, start};
pub use stop::{HowStopped, Patience, StopStep, stop};
pub use version::Version;
