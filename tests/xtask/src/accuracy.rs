//! `cargo xtask accuracy` and `cargo xtask calibrate`: answers the labelled corpus and fits to it.

use std::process::Command;

use crate::{command, workspace::Workspace};

/// Answers the corpus and prints how often the pick is right, beside the requirements. Writes the
/// figures and a reliability diagram to target/accuracy.
pub(crate) fn accuracy(workspace: &Workspace, more: &[String]) -> anyhow::Result<()> {
    let output = workspace.target().join("accuracy");
    command::run(program(workspace, "accuracy").arg("--output").arg(output).args(more))
}

/// Fits the table of weights to the corpus, or with `doctor` first the catalogue of faults. Writes only with
/// `--write`.
pub(crate) fn calibrate(workspace: &Workspace, more: &[String]) -> anyhow::Result<()> {
    if let [what, more @ ..] = more
        && what == "doctor"
    {
        let mut fit = program(workspace, "calibrate-doctor");
        return command::run(fit.args(["--catalogue", "core/diagnose"]).args(more));
    }
    let weights = "core/scoring/weights.toml";
    command::run(program(workspace, "calibrate").args(["--weights", weights]).args(more))
}

/// An optimised build, since the corpus has tens of thousands of cases.
fn program(workspace: &Workspace, task: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "--release", "--package", "vmkit-accuracy", "--", task]);
    cargo
}
