//! Why a machine has no usable address: facts to findings, findings to causes, causes to remedies.
//!
//! Pure: no I/O, no clock, no waiting. `findings.toml` lists what can be found out, and
//! `causes/CODE.toml` holds one cause each; the page of a cause and its odds come from there.

#![forbid(unsafe_code)]

mod boot;
mod catalogue;
mod diagnosis;
mod explain;
mod facts;
mod finding;
mod findings;
mod fold;
mod infer;
mod next_test;
mod remedy;
mod weigh;

pub use boot::{Awaited, Booting};
pub use catalogue::{
    Catalogue, CatalogueError, Cause, Fault, FindingKind, Layer, Risk, Scope, WhileBooting,
};
pub use diagnosis::{Diagnosis, Suspect, Weighed, circumstance_names, diagnose};
pub use explain::{Advice, Page, page};
pub use facts::{Facts, Machine, Platform, Process, Router, RouterIdentity, RouterRemedy};
pub use finding::{Finding, State};
pub use findings::{Place, findings};
pub use infer::Circumstance;
pub use next_test::NextTest;
pub use remedy::Remedy;
