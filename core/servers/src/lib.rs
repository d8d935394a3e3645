//! What the command lines, configurations, lease files and logs of DHCP servers say: which interfaces they
//! serve, their ranges, and how many addresses are free.
//!
//! Pure functions from texts to values; files are read through a trait. A text may be of any size and content.

#![forbid(unsafe_code)]

mod bootpd;
mod config;
mod dnsmasq;
mod files;
mod isc;
mod kea;
mod log;
mod pools;
mod program;
mod read;

pub use files::Files;
pub use program::Program;
pub use read::{Sources, read};
