//! All evidence of a run in one directory: a bug report, a test case and a piece of the
//! calibration corpus at once.
//!
//! `snapshot.json` says which machines and interfaces there were; the rest are raw artefacts,
//! which the signals read in place of the computer. Any part may be missing, and missing means
//! that it was not observed. The format is documented in `docs/snapshot.md`.

#![forbid(unsafe_code)]

mod dhcp_test;
mod document;
mod file;
mod machine;
mod network;
mod read;
mod redact;
mod write;

pub use dhcp_test::{read_dhcp_test, write_dhcp_test};
pub use read::{OpenError, Record, open};
pub use redact::{Names, redact};
pub use write::{Capture, SaveError, prepare, put, save};
