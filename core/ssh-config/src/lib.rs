//! Entries for machines in the user's configuration of ssh.
//!
//! The entries have a file of their own, which [`Configuration`] includes at the top of the user's
//! file. Every other byte of that file stays as it is. [`Client`] is ssh itself for one machine.

#![forbid(unsafe_code)]

mod client;
mod configuration;
mod entries;
mod error;
mod file;
mod include;

pub use client::Client;
pub use configuration::{Configuration, Installed, Removed};

pub use entries::{Entry, Invocation, Rendered, Skipped, path_value};
pub use error::Error;
