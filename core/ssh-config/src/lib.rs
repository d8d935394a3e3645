//! Entries for machines in the user's configuration of ssh.
//!
//! The entries have a file of their own, which [`Configuration`] includes at the top of the user's
//! file. Every other byte of that file stays as it is.

#![forbid(unsafe_code)]

mod configuration;
mod entries;
mod error;
mod file;
mod include;

pub use configuration::{Configuration, Installed, Removed};
pub use entries::{Entry, Invocation, Rendered, Skipped};
pub use error::Error;
