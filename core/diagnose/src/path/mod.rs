//! The path from a guest to the router, and where its frames stop.
//!
//! The stations come from how the machine is attached, whether frames pass a hop from the findings,
//! and where they stop from the causes that the diagnosis names.

mod line;
mod model;
mod passed;
mod stations;
mod stopped;

pub use model::{Hop, Passage, Path, Reach, Station, Stop};

use crate::{Catalogue, Diagnosis, Facts, Finding};

/// The path of one machine's frames, from its facts and what followed from them.
pub fn path(
    facts: &Facts<'_>,
    findings: &[Finding],
    diagnosis: &Diagnosis,
    catalogue: &Catalogue,
) -> Path {
    let line = line::Line(stations::stations(facts));
    let mut hops = passed::hops(&line, facts, findings);
    let stops = stopped::stops(&line, diagnosis, findings, catalogue);
    for stop in &stops {
        stopped::mark(&mut hops, stop);
    }
    Path { stations: line.0, hops, stops }
}
