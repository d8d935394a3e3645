//! `cargo xtask accuracy` and `cargo xtask calibrate`: how often the picked address is right, and
//! what weights the corpus speaks for.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "what these commands print is what they are for")]

mod fitting;

use std::{fs, path::PathBuf, time::Instant};

use anyhow::Context;
use clap::{Parser, Subcommand};
use serde_json::json;
use vmkit_accuracy::{
    diagnosis, diagram,
    families::{Set, families},
    recorded, rules,
    run::{Answered, CASES, Of, answer, total},
    show, table, written,
};
use vmkit_scoring::Weights;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Answer the corpus; write the figures and the diagram to a directory.
    Accuracy {
        /// Cases of each family.
        #[arg(long, default_value_t = CASES)]
        cases: u64,
        /// Print wrongly answered cases of this family instead.
        #[arg(long)]
        show: Option<String>,
        /// Snapshots of each family of faults that the doctor is asked about.
        #[arg(long, default_value_t = diagnosis::RECORDS)]
        records: u64,
        /// Print every wrong answer of the doctor, but those of held-out families.
        #[arg(long)]
        show_diagnosis: bool,
        /// Keep the doctor's snapshots in this directory.
        #[arg(long)]
        keep: Option<PathBuf>,
        /// Where figures.json and reliability.svg are written.
        #[arg(long)]
        output: PathBuf,
    },
    /// Fit the table of weights to the fit families; print the held-out figures before and after.
    Calibrate {
        /// Cases of each family.
        #[arg(long, default_value_t = CASES / 5)]
        cases: u64,
        /// The table.
        #[arg(long)]
        weights: PathBuf,
        /// Fit the numbers of these kinds alone.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Write the fitted table.
        #[arg(long)]
        write: bool,
    },
    /// Fit the doctor's catalogue to drawn faults; print the figures of the other half before and after.
    CalibrateDoctor {
        /// Cases of each family and half.
        #[arg(long, default_value_t = 4)]
        cases: u64,
        /// A file of what the doctor saw: read if it is there, else written.
        #[arg(long)]
        seen: Option<PathBuf>,
        /// The folder of the catalogue.
        #[arg(long)]
        catalogue: PathBuf,
        /// Write the fitted numbers.
        #[arg(long)]
        write: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Accuracy { cases, show: Some(name), .. } => {
            let weights = Weights::builtin()?;
            let family = families().find(|family| family.name == name);
            let family = family.with_context(|| format!("no family is called {name}"))?;
            println!("{}", show::wrong(family, cases, &weights));
            Ok(())
        }
        Task::Accuracy { records, show_diagnosis: true, keep, .. } => {
            let outcomes = measure_diagnosis(records, keep.as_deref())?;
            let looked_at = outcomes.iter().filter(|outcome| !outcome.held_out);
            for outcome in looked_at.filter(|outcome| outcome.is_missed()) {
                println!("{}", outcome.line());
            }
            Ok(())
        }
        Task::Accuracy { cases, records, keep, output, .. } => {
            accuracy(cases, records, keep.as_deref(), &output)
        }
        Task::Calibrate { cases, weights, only, write } => {
            fitting::weights(cases, &weights, &only, write)
        }
        Task::CalibrateDoctor { cases, catalogue, seen, write } => {
            fitting::doctor(cases, &catalogue, seen.as_deref(), write)
        }
    }
}

fn measure_diagnosis(
    records: u64,
    keep: Option<&std::path::Path>,
) -> anyhow::Result<Vec<diagnosis::Outcome>> {
    let temporary = tempfile::tempdir().context("cannot make a directory for snapshots")?;
    Ok(diagnosis::measure(records, keep.unwrap_or(temporary.path()))?)
}

fn accuracy(
    cases: u64,
    records: u64,
    keep: Option<&std::path::Path>,
    output: &std::path::Path,
) -> anyhow::Result<()> {
    let start = Instant::now();
    let weights = Weights::builtin()?;
    let answered = answer(cases, &weights);
    let hand_written = written::all()?;
    let wrong = hand_written.iter().filter_map(|case| case.check(&weights).err());
    let wrong: Vec<String> = wrong.collect();
    println!("table of weights {}, {} families × {cases} cases\n", weights.id(), answered.len());
    print!("{}", table::render(&answered));
    println!(
        "\n{} of {} hand-written cases have the expected answer",
        hand_written.len() - wrong.len(),
        hand_written.len()
    );
    for why in &wrong {
        println!("WRONG {why}");
    }
    let recorded = match recorded::answer() {
        Ok(answers) => {
            print!("\n{}", answers.text());
            Some(answers)
        }
        Err(error) => {
            println!("\nfamily lab: not answered: {error}");
            None
        }
    };
    let diagnosed = measure_diagnosis(records, keep);
    match &diagnosed {
        Ok(outcomes) => print!("\n{}", diagnosis::render(outcomes)),
        Err(error) => println!("\ndiagnosis: not answered: {error:#}"),
    }
    if let Ok(outcomes) = &diagnosed {
        let bins = diagnosis::Sums::of(outcomes.iter()).bins();
        let svg = diagram::svg(&bins.points(), bins.error());
        let path = output.join("reliability-doctor.svg");
        fs::create_dir_all(output)
            .and_then(|()| fs::write(&path, svg))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let diagnosed = diagnosed.ok().map(|outcomes| {
        let of = |keep: fn(&&diagnosis::Outcome) -> bool| {
            diagnosis::Sums::of(outcomes.iter().filter(keep))
        };
        json!({
            "held_out": of(|outcome| !outcome.recorded && outcome.held_out),
            "others": of(|outcome| !outcome.recorded && !outcome.held_out && !outcome.newest),
            "newest": of(|outcome| outcome.newest),
            "linux": of(|outcome| !outcome.recorded && outcome.system == "linux"),
            "macos": of(|outcome| !outcome.recorded && outcome.system == "macos"),
            "lab": of(|outcome| outcome.recorded),
        })
    });
    write_figures(&answered, recorded.as_ref(), diagnosed.as_ref(), weights.id(), output)?;
    println!(
        "\n{:.1} s; figures.json and the diagrams are in {}",
        start.elapsed().as_secs_f64(),
        output.display()
    );
    Ok(())
}

fn write_figures(
    answered: &[Answered],
    recorded: Option<&recorded::Answers>,
    diagnosed: Option<&serde_json::Value>,
    id: &str,
    output: &std::path::Path,
) -> anyhow::Result<()> {
    let all = total(answered, Of::All).figures();
    let of_family = |each: &Answered| {
        json!({
            "name": each.family.name, "what": each.family.what,
            "held_out": each.family.set() == Set::HeldOut, "figures": each.sums.figures(),
        })
    };
    let document = json!({
        "schema": "vmkit.accuracy/1",
        "weights": id,
        "rules": rules::RULES.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "all": all,
        "held_out": total(answered, Of::Set(Set::HeldOut)).figures(),
        "fit": total(answered, Of::Set(Set::Fit)).figures(),
        "linux": total(answered, Of::Linux).figures(),
        "macos": total(answered, Of::MacOs).figures(),
        "lab": recorded,
        "diagnosis": diagnosed,
        "families": answered.iter().map(of_family).collect::<Vec<_>>(),
    });
    let cannot = || format!("cannot write to {}", output.display());
    fs::create_dir_all(output).with_context(cannot)?;
    let text = serde_json::to_string_pretty(&document)?;
    fs::write(output.join("figures.json"), text + "\n").with_context(cannot)?;
    let svg = diagram::svg(&all.reliability, all.calibration_error);
    fs::write(output.join("reliability.svg"), svg).with_context(cannot)
}
