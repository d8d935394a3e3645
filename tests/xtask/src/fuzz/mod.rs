//! `cargo xtask fuzz`: runs every parser of foreign input under libFuzzer.

mod outcome;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context, bail, ensure};

use self::outcome::Outcome;
use crate::{ci_tools, command, workspace::Workspace};

/// The package of the targets, below the workspace's root.
const PACKAGE: &str = "tests/fuzz";

/// Shortest time of a target; libFuzzer needs it to read the corpus.
const MIN_TIME: Duration = Duration::from_secs(2);

/// Time limit of one input in seconds. The largest one, 1 MiB, takes tens of milliseconds in linear
/// time, so this is enough on a busy computer.
const INPUT_SECONDS: u32 = 20;

/// Longest input that libFuzzer makes, in bytes. The targets grow some further.
const LONGEST_INPUT: u32 = 64 << 10;

/// Where targets keep temporary files, if it is there: on a busy disk, an inventory's tree takes several
/// times as long as reading it.
const IN_MEMORY: &str = "/dev/shm";

/// Memory limit of a target, in MiB.
const MEMORY_MIB: u32 = 1024;

/// The options of a run.
pub(crate) struct Request {
    /// Seconds for all targets together, without building them.
    pub(crate) seconds: u64,
    /// Only this target.
    pub(crate) target: Option<String>,
}

/// Builds and runs the targets, or prints why this computer cannot.
pub(crate) fn fuzz(workspace: &Workspace, request: &Request) -> anyhow::Result<()> {
    let cargo_fuzz = match prepare(workspace) {
        Ok(cargo_fuzz) => cargo_fuzz,
        Err(why) => {
            println!("\n!!! fuzzing did NOT run: {why:#}\n");
            return Ok(());
        }
    };
    let targets = targets(workspace, request.target.as_deref())?;
    let programs = build(workspace, &cargo_fuzz, request.target.as_deref())?;
    let outcomes = run(workspace, &programs, &targets, request.seconds)?;
    println!("{}", outcome::table(&outcomes));
    let failed: Vec<_> = outcomes.iter().filter(|outcome| outcome.failed).collect();
    for outcome in &failed {
        println!("{}", outcome.finding());
    }
    ensure!(failed.is_empty(), "{} of {} targets found something", failed.len(), outcomes.len());
    Ok(())
}

/// Gets cargo-fuzz. Safe code needs no sanitizer, so the stable compiler can instrument it.
fn prepare(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    if !command::succeeds(Command::new(compiler).arg("--version")) {
        bail!("no C++ compiler, which libFuzzer needs");
    }
    ci_tools::cargo_fuzz(workspace).context("cannot get cargo-fuzz")
}

/// The names of the targets, in order.
fn targets(workspace: &Workspace, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let folder = workspace.root().join(PACKAGE).join("fuzz_targets");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()));
    let mut names: Vec<_> = entries?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| only.is_none_or(|only| only == name))
        .collect();
    ensure!(!names.is_empty(), "no such target in {}", folder.display());
    names.sort();
    Ok(names)
}

/// Builds with coverage counters, debug assertions and overflow checks. Returns the programs' folder.
fn build(workspace: &Workspace, cargo_fuzz: &Path, only: Option<&str>) -> anyhow::Result<PathBuf> {
    let target_directory = workspace.target().join("fuzz");
    let system = if cfg!(target_os = "macos") { "apple-darwin" } else { "unknown-linux-gnu" };
    let platform = format!("{}-{system}", std::env::consts::ARCH);
    let mut build = Command::new(cargo_fuzz);
    build.args(["fuzz", "build", "--fuzz-dir", PACKAGE, "--sanitizer", "none"]);
    build.args(["--codegen-units", "16", "--target", &platform, "--target-dir"]);
    build.arg(&target_directory).args(only).current_dir(workspace.root());
    // Prefer a short build, since the programs run for a minute.
    build.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    command::run(&mut build)?;
    Ok(target_directory.join(platform).join("release"))
}

/// Runs all targets, one per processor at a time.
fn run(
    workspace: &Workspace,
    programs: &Path,
    targets: &[String],
    seconds: u64,
) -> anyhow::Result<Vec<Outcome>> {
    let lanes = thread::available_parallelism().map_or(1, usize::from).min(targets.len());
    let rounds = u32::try_from(targets.len().div_ceil(lanes)).unwrap_or(u32::MAX);
    let each = (Duration::from_secs(seconds) / rounds).max(MIN_TIME);
    println!("{} targets, {lanes} at once, {} s each", targets.len(), each.as_secs());
    let waiting = Mutex::new(targets.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let lane = || -> anyhow::Result<Vec<Outcome>> {
        std::iter::from_fn(next).map(|target| run_one(workspace, programs, target, each)).collect()
    };
    let mut outcomes = thread::scope(|scope| {
        let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        let join = |lane: thread::ScopedJoinHandle<'_, _>| {
            lane.join().unwrap_or_else(|_| bail!("a thread of this program panicked"))
        };
        lanes.into_iter().map(join).collect::<anyhow::Result<Vec<_>>>()
    })?
    .concat();
    outcomes.sort_by(|one, other| one.target.cmp(&other.target));
    Ok(outcomes)
}

fn run_one(
    workspace: &Workspace,
    programs: &Path,
    target: &str,
    time: Duration,
) -> anyhow::Result<Outcome> {
    let folder = |name: &str| {
        let folder = workspace.target().join("fuzz").join(name).join(target);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok::<_, anyhow::Error>(folder)
    };
    let (found, artifacts) = (folder("corpus")?, folder("artifacts")?);
    let mut program = Command::new(programs.join(target));
    if Path::new(IN_MEMORY).is_dir() {
        program.env("TMPDIR", IN_MEMORY);
    }
    program.arg(format!("-max_total_time={}", time.as_secs()));
    program.arg(format!("-timeout={INPUT_SECONDS}")).arg(format!("-max_len={LONGEST_INPUT}"));
    program.arg(format!("-rss_limit_mb={MEMORY_MIB}")).arg("-print_final_stats=1");
    program.arg(format!("-artifact_prefix={}/", artifacts.display()));
    // libFuzzer writes new inputs to the first folder only.
    program.arg(found).arg(workspace.root().join(PACKAGE).join("corpus").join(target));
    let output = program.output().with_context(|| format!("cannot start target {target}"))?;
    Ok(Outcome::of(target, output.status.success(), &String::from_utf8_lossy(&output.stderr)))
}
