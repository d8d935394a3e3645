//! Why a machine has no usable address: facts to findings, findings to causes, causes to remedies.
//!
//! Pure: no I/O, no clock, no waiting. `findings.toml` describes the findings, and
//! `causes/CODE.toml` holds one cause each; the page of a cause and its odds come from there.

#![forbid(unsafe_code)]

mod attachment;
mod boot;
mod calibration;
mod catalogue;
mod circumstance;
mod comparison;
mod diagnosis;
mod explain;
mod facts;
mod fault;
mod finding;
mod findings;
mod fix;
mod fold;
mod further;
mod ignore;
mod infer;
mod ledger;
mod machines;
mod omission;
mod outcomes;
mod packets;
mod path;
mod proposal;
mod remedy;
mod way;
mod weigh;

pub use attachment::Attachment;
pub use boot::{Awaited, Booting};

pub use catalogue::{
    Catalogue, CatalogueError, Cause, Fault, FindingKind, Layer, Number, Place, Risk, Scope, Spot,
    StationKind, Stops, Ways, WhileBooting,
};
pub use comparison::{Compared, Comparison};
pub use diagnosis::{Diagnosis, Suspect, Weighed, diagnose};
pub use explain::{Advice, Page, page};
pub use facts::{Examined, Facts, Router};
pub use finding::{Finding, FindingCode, State};
pub use findings::findings;
pub use fix::{Fix, FixOutcome};
pub use further::{Further, could_change};
pub use ignore::{IgnoreError, IgnoreRule};
pub use infer::{Observed, probabilities, probabilities_among};
pub use machines::{Machine, Machines, Process};
pub use omission::Omission;
pub use path::{Hop, Passage, Path, Reach, Station, Stop, path};
pub use proposal::Proposal;
pub use remedy::Remedy;
