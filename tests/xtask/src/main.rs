//! `cargo xtask`: development tasks. The README mentions `demo` and `test`.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "what these commands print is for the person at the terminal"
)]

mod accuracy;
mod bench;
mod book;
mod ci_tools;
mod command;
mod demo;
mod fuzz;
mod index;
mod macos;
mod package;
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
    /// Show `vm` on real guests in a network of namespaces (as root on Linux), or on a bundled data
    /// directory.
    Demo {
        /// The guests are a real Debian with cloud-init, which is made first and boots for a minute.
        #[arg(long)]
        full: bool,
    },
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
    /// Package the crates of the SDK, and build projects of each kind with what was packaged.
    Package,
    /// Build a release and write an index of its plugins: entries, libraries and one JSON of all.
    Index {
        /// The folder to write into.
        folder: PathBuf,
    },
    /// Check the programs and plugins that tests/macos-link.sh has linked.
    Macos {
        /// Cargo's target folder.
        built: PathBuf,
        /// The SDK that was linked against: its `.tbd` files say what macOS has.
        #[arg(long)]
        sdk: PathBuf,
        /// Cargo's folder of the profile.
        #[arg(long, default_value = "release")]
        profile: String,
        /// The beginning of paths that no file may show, of the computer that built it. Can be repeated.
        #[arg(long)]
        builder: Vec<String>,
    },
    /// Build all of docs as one book into target/book.
    Book,
    /// Install the pinned tools for .ci/run into target/tools.
    CiTools,
}

fn main() -> anyhow::Result<()> {
    let workspace = workspace::Workspace::load()?;
    match Arguments::parse().task {
        Task::Demo { full } => demo::demo(&workspace, full),
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
        Task::Package => package::package(&workspace),
        Task::Index { folder } => index::index(&workspace, &folder),
        Task::Macos { built, sdk, profile, builder } => {
            macos::check(&workspace, &macos::Request { built, profile, sdk, builder })
        }
        Task::Book => book::book(&workspace),
        Task::CiTools => ci_tools::get(&workspace),
    }
}
