//! Measures whether `vm doctor --from` names the right cause of labelled snapshots.
//!
//! A case draws a computer with its network (`site`), lets faults act on the traffic (`exchange`), and
//! writes the output of each tool (`console`, `host`, `rules`, `seen`) for some parts of a snapshot
//! (`record`). Nothing here knows a finding or a weight.

#![expect(clippy::format_push_string, reason = "artefacts are written once, line after line")]

mod answer;
mod console;
mod exchange;
mod family;
mod fault;
mod frames;
mod host;
mod label;
mod record;
mod recorded;
mod rules;
mod seen;
mod site;
mod table;
mod time;

pub use answer::{Answer, DiagnosisError, program};
pub use family::Family;
pub(crate) use family::Kind;
pub use fault::{FAULTS, Fault, fault_of};
pub use label::Label;
pub use record::{Record, record};
pub use table::{Outcome, Sums, render};

use std::{path::Path, thread};

/// Snapshots per family in a run, each of which starts the whole program.
pub const RECORDS: u64 = 3;
/// Factor for healthy computers, which balance all families together.
const HEALTHY: u64 = 20;
/// Parallel runs; the program mostly waits for its plugins.
const THREADS: usize = 4;

/// All families: one for each fault, one for each pair, and the healthy one.
pub fn families() -> Vec<Family> {
    let one =
        FAULTS.iter().map(|fault| Family { name: fault.code.to_owned(), faults: vec![fault] });
    let two = fault::DOUBLE.iter().map(|codes| Family {
        name: codes.join("+"),
        faults: codes.iter().filter_map(|code| fault_of(code)).collect(),
    });
    let healthy = Family { name: "healthy".to_owned(), faults: Vec::new() };
    one.chain(two).chain([healthy]).collect()
}

/// Writes the snapshots of all families below a directory, and answers them and the recorded ones.
///
/// # Errors
/// See [`DiagnosisError`].
pub fn measure(records: u64, below: &Path) -> Result<Vec<Outcome>, DiagnosisError> {
    let program = program()?;
    let families = families();
    let mut cases: Vec<(&Family, u64)> = Vec::new();
    for family in &families {
        let many = if family.kind() == Kind::Healthy { records * HEALTHY } else { records };
        cases.extend((0..many).map(|number| (family, number)));
    }
    let answered = |&(family, number): &(&Family, u64)| {
        let record = record(&family.name, number, family.faults.clone());
        let directory = below.join(&family.name).join(number.to_string());
        record
            .write(&directory)
            .map_err(|source| DiagnosisError::Io { path: directory.clone(), source })?;
        let answer = Answer::of(&program, &directory, &record.machine, record.ails)?;
        Ok(Outcome::new(family, number, &record, answer))
    };
    let share = cases.len().div_ceil(THREADS);
    let parts: Vec<Result<Vec<Outcome>, DiagnosisError>> = thread::scope(|scope| {
        let threads: Vec<_> = cases
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(answered).collect()))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    let mut outcomes = Vec::new();
    for part in parts {
        outcomes.extend(part?);
    }
    outcomes.extend(recorded::answer(&program)?);
    Ok(outcomes)
}
