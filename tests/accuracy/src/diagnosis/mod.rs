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
mod history;
mod host;
mod label;
mod macs;
mod newest;
mod offer_test;
mod record;
mod recorded;
mod rules;
mod seen;
mod server;
mod side;
mod site;
mod table;
mod time;

pub(crate) use answer::report;
pub use answer::{Answer, DiagnosisError, program};
pub use family::Family;
pub(crate) use family::Kind;
pub use fault::{FAULTS, Fault};
pub use label::Label;
pub use newest::fault_of;
pub use record::{Record, record};
pub use table::{Outcome, Sums, render};

use newest::NEWEST;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Snapshots per family in a run; each starts the whole program. With half of them, a doctor whose
/// probabilities hold exactly would still show a calibration error of some 0.04 by chance.
pub const RECORDS: u64 = 6;
/// Factor for healthy computers: of few, a rare false alarm would not be seen.
const HEALTHY: u64 = 50;
/// Parallel runs; the program mostly waits for its plugins.
const THREADS: usize = 4;

/// All families: one for each fault, one for each pair, and the healthy one.
pub fn families() -> Vec<Family> {
    let faults = FAULTS.iter().chain(NEWEST);
    let one = faults.map(|fault| Family { name: fault.code.to_owned(), faults: vec![fault] });
    let two = fault::DOUBLE.iter().chain(newest::PAIRS).map(|codes| Family {
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
        let (record, directory) = written(family, number, below)?;
        let answer = Answer::of(&program, &directory, &record.machine, record.ails)?;
        Ok(Outcome::new(family, number, &record, answer))
    };
    let mut outcomes = in_parallel(&cases, answered)?;
    outcomes.extend(recorded::answer(&program)?);
    Ok(outcomes)
}

/// Draws a snapshot and writes it with its label below the directory, into one of its own, which is returned
/// with it.
pub(crate) fn written(
    family: &Family,
    number: u64,
    below: &Path,
) -> Result<(Record, PathBuf), DiagnosisError> {
    let record = record(&family.name, number, family.faults.clone());
    let directory = below.join(&family.name).join(number.to_string());
    let cannot = |source| DiagnosisError::Io { path: directory.clone(), source };
    record.write(&directory).map_err(cannot)?;
    let label = record.label(family);
    let text = serde_json::to_vec_pretty(&label)
        .map_err(|source| DiagnosisError::Document { path: directory.clone(), source })?;
    fs::write(directory.join("label.json"), text).map_err(cannot)?;
    Ok((record, directory))
}

/// The result of each item, in their order, from a few threads at once.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    answer: impl Fn(&T) -> Result<R, DiagnosisError> + Sync,
) -> Result<Vec<R>, DiagnosisError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, item)) = take(items, &next) {
            done.push((at, answer(item)?));
        }
        Ok(done)
    };
    let parts: Vec<Result<Vec<(usize, R)>, DiagnosisError>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    let mut all = Vec::with_capacity(items.len());
    for part in parts {
        all.extend(part?);
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

fn take<'i, T>(items: &'i [T], next: &AtomicUsize) -> Option<(usize, &'i T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, items.get(at)?))
}
