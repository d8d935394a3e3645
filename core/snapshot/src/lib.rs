//! Snapshots: all evidence of a run in one directory, for bug reports, tests and calibration.
//!
//! `snapshot.json` has the machines and interfaces; the other files are raw artefacts, which the
//! signals read instead of the computer. Any part may be missing: then it was not observed.
//! `docs/snapshot.md` documents the format.

#![forbid(unsafe_code)]

mod archive;
mod artefacts;
mod check;
mod claims;
mod devices;
mod dhcp_test;
mod document;
mod hex;
mod limits;
mod listed;
mod machine;
mod network;
mod put;
mod read;
mod redact;
mod write;

pub use archive::{ArchiveError, Maker, Target, unpack};
pub use check::check;
pub use dhcp_test::{read_dhcp_test, write_dhcp_test};
pub use put::{SaveError, put};
pub use read::{OpenError, Record, open};
pub use write::{Capture, Writer, redact, redact_into};
