//! The commands that fit numbers to labelled cases.

use std::{fs, path::Path, time::Instant};

use anyhow::Context;
use vmkit_accuracy::{
    calibrate::{
        Table,
        doctor::{self, Case, Half},
        fit,
    },
    families::Set,
    run::{CASES, answer, cases_of},
    table,
};
use vmkit_diagnose::Catalogue;

/// Fits the table of weights at this path.
pub(crate) fn weights(cases: u64, path: &Path, only: &[String], write: bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the table {}", path.display()))?;
    let start = Table::parse(&text)?;
    let fitted = fit(&start, &cases_of(Set::Fit, cases), only)?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "fitted on {cases} cases of each fit family, {} rounds, {seconds:.0} s\n",
        fitted.rounds
    );
    println!("{:<24}{:>10}{:>10}", "number", "before", "after");
    for (name, before, after) in &fitted.moved {
        println!("{name:<24}{before:>10}{after:>10}");
    }
    for (name, table) in [("before", &start), ("after", &fitted.table)] {
        println!("\n{name}, on {CASES} cases of each family\n");
        print!("{}", table::asked(&answer(CASES, &table.weights()?)));
    }
    if write {
        let id = format!("corpus-{:08x}", vmkit_accuracy::random::hash(&fitted.table.text()) >> 32);
        fs::write(path, fitted.table.named(&id).text())
            .with_context(|| format!("cannot write the table {}", path.display()))?;
        println!("\nwritten as {id}: the tests that state probabilities need a look");
    } else {
        println!("\nnothing was written; --write does");
    }
    Ok(())
}

/// Fits the catalogue of faults in this folder.
pub(crate) fn doctor(
    cases: u64,
    folder: &Path,
    seen: Option<&Path>,
    write: bool,
) -> anyhow::Result<()> {
    let catalogue = Catalogue::builtin()?;
    let [used, others] = halves(&catalogue, cases, seen)?;
    let begun = Instant::now();
    let fitted = doctor::fit(&catalogue, &used);
    let seconds = begun.elapsed().as_secs_f64();
    println!("fitted on {} cases in {seconds:.0} s\n", used.len());
    println!("{:<64}{:>9}{:>9}", "number", "before", "after");
    for (number, after) in &fitted.moved {
        let table = number.table.map(|table| format!(" [{table}]")).unwrap_or_default();
        let name = format!("{}{table} {}", number.file, number.key);
        println!("{name:<64}{:>9}{after:>9}", number.value);
    }
    println!(
        "\n{:<24}{:>12}{:>12}{:>16}{:>12}{:>12}",
        "", "cases", "mean -ln p", "likeliest true", "Brier", "error"
    );
    let sets: [(&str, &[Case]); 2] = [("fitted half", &used), ("held-out half", &others)];
    for (name, cases) in sets {
        for (when, catalogue) in [("before", &catalogue), ("after", &fitted.catalogue)] {
            let figures = doctor::figures(catalogue, cases);
            println!(
                "{:<24}{:>12}{:>12.3}{:>14.1} %{:>12.4}{:>12.3}",
                format!("{name}, {when}"),
                cases.len(),
                figures.loss,
                figures.right * 100.0,
                figures.brier,
                figures.error
            );
        }
    }
    if write {
        doctor::write(folder, &fitted.moved)?;
        println!("\nwritten: the tests that state probabilities need a look");
    } else {
        println!("\nnothing was written; --write does");
    }
    Ok(())
}

/// The cases of both halves: those of the file if it is there, else newly drawn ones, which it then keeps.
fn halves(
    catalogue: &Catalogue,
    cases: u64,
    seen: Option<&Path>,
) -> anyhow::Result<[Vec<Case>; 2]> {
    if let Some(path) = seen
        && let Some(halves) = doctor::kept(catalogue, path)
            .with_context(|| format!("cannot read {}", path.display()))?
    {
        return Ok(halves);
    }
    let begun = Instant::now();
    let temporary = tempfile::tempdir().context("cannot make a directory for snapshots")?;
    let draw = |half| doctor::draw(catalogue, half, cases, temporary.path());
    let halves = [draw(Half::Fit)?, draw(Half::HeldOut)?];
    println!("drawn and looked at in {:.0} s", begun.elapsed().as_secs_f64());
    if let Some(path) = seen {
        doctor::keep(catalogue, path, &halves)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(halves)
}
