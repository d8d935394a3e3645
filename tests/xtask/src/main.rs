//! `cargo xtask`: development tasks. The README mentions `demo` and `test`.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "what these commands print is for the person at the terminal"
)]

mod accuracy;
mod bench;
mod ci_tools;
mod command;
mod demo;
mod fuzz;
#[cfg(target_os = "linux")]
mod packages;
mod stage;
mod stage_folder;
mod test;
mod workspace;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Development tasks of vmkit.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Show `vm status` on a real guest in a network of namespaces (as root on Linux), or on a
    /// bundled data directory.
    Demo,
    /// Install what the tests need and run them all.
    Test {
        /// Arguments for `cargo nextest run`.
        #[arg(last = true)]
        nextest: Vec<String>,
    },
    /// Measure whole `vm` processes against their limits.
    Bench,
    /// Search for inputs that a parser fails on.
    Fuzz {
        /// Seconds for all targets together, without building them.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Only this target: a file of `tests/fuzz/fuzz_targets`.
        #[arg(long)]
        target: Option<String>,
    },
    /// Answer the labelled corpus and count right picks.
    Accuracy {
        /// Arguments for the program, such as `--cases 100`.
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// Fit the table of weights to the corpus and show the gain.
    Calibrate {
        /// Arguments for the program, such as `--write`.
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// Build vm, its worker and all plugins, and lay them out as an installation that every user can
    /// run, linked from `target/stage`.
    Stage {
        /// Build with optimisation, as for users.
        #[arg(long)]
        release: bool,
    },
    /// Build a release and install it under PREFIX/bin and PREFIX/lib/vmkit.
    Install {
        /// Where to install, for example /usr/local.
        #[arg(long)]
        prefix: PathBuf,
        /// A group whose members may capture and test without sudo: its members alone may start
        /// vm-broker, which gets the two capabilities for the network (Linux, as root).
        #[arg(long)]
        capture_group: Option<String>,
    },
    /// Install the pinned tools for .ci/run into target/tools.
    CiTools,
}

fn main() -> anyhow::Result<()> {
    let workspace = workspace::Workspace::load()?;
    match Arguments::parse().task {
        Task::Demo => demo::demo(&workspace),
        Task::Test { nextest } => test::test(&workspace, &nextest),
        Task::Bench => bench::bench(&workspace),
        Task::Fuzz { seconds, target } => {
            fuzz::fuzz(&workspace, &fuzz::Request { seconds, target })
        }
        Task::Accuracy { more } => accuracy::accuracy(&workspace, &more),
        Task::Calibrate { more } => accuracy::calibrate(&workspace, &more),
        Task::Stage { release } => {
            let stage = stage::stage(&workspace, stage::Profile::from_release(release))?;
            println!("staged {}", stage.display());
            Ok(())
        }
        Task::Install { prefix, capture_group } => {
            stage::install(&workspace, &prefix, capture_group.as_deref())
        }
        Task::CiTools => ci_tools::get(&workspace),
    }
}
