//! Why a machine has no usable address: facts to findings, findings to causes, causes to remedies.
//!
//! Pure: no I/O, no clock, no waiting. `findings.toml` lists what can be found out, and
//! `causes/CODE.toml` holds one cause each; the page of a cause and its odds come from there.

#![forbid(unsafe_code)]

mod facts;
mod finding;

pub use facts::{Facts, Machine, Platform, Process, Router, RouterIdentity, RouterRemedy};
pub use finding::{Finding, State};
