//! Makes, clones, takes over and removes the machines of a vm-toolkit data directory.
//!
//! A kill at any point leaves the registry whole; the next command ends what was interrupted.

#![forbid(unsafe_code)]

mod architecture;
mod backing;
mod base;
mod chain;
mod cloud_init;
mod copying;
mod create;
mod data_directory;
mod destroy;
#[cfg(test)]
mod destroy_tests;
mod duplicate;
mod entry;
mod error;
mod former_guest;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod full_disk_tests;
mod guest;
mod guest_files;
mod hidden;
mod holder;
mod image;
mod import;
mod journal;
#[cfg(test)]
mod kill_tests;
mod lock;
mod making;
mod new_machine;
mod object_text;
#[doc(hidden)]
pub mod parsers;
mod qcow2;
mod read;
#[cfg(test)]
mod refusal_tests;
mod registry;
mod registry_file;
mod remember;
mod repair;
mod replace;
mod run;
mod seed;
mod settle;
mod size;
mod ssh_key;
mod step;
mod stored;
mod taken;
#[cfg(test)]
mod together_tests;
mod tools;
#[cfg(test)]
mod trial;

pub use data_directory::DataDirectory;
pub use destroy::Destroyed;
pub use duplicate::SourceState;
pub use error::MachineError;
pub use guest::{InvalidUserName, UserName};
pub use holder::Holder;
pub use image::ImageError;
pub use import::Importable;
pub use lock::Held;
pub use new_machine::NewMachine;
pub use repair::Repair;
pub use settle::RepairOutcome;
pub use size::{InvalidSize, Size};
pub use ssh_key::{KeyError, PublicKey};
pub use stored::{DiskFormat, StoredMachine};
pub use tools::{DiskTools, ToolError};
