//! Packages whose programs the tests and the demo run.

mod apt;
mod family;
mod unpacked;

use std::{
    env,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use vmkit_lab::Requirement;

use self::family::Family;

/// Gets every program of these that is missing: as root on Debian or Ubuntu from packages, else
/// names the packages.
///
/// Nothing that is installed is removed or replaced by an older version. A package that cannot be
/// installed beside what is there is unpacked into a folder of vmkit's own, and this program then
/// starts again with that folder in its `PATH`.
///
/// # Errors
/// Names the programs that are missing and what stands in the way of getting them.
pub(crate) fn get(requirements: &[Requirement]) -> anyhow::Result<()> {
    let missing = missing(requirements);
    if missing.is_empty() {
        return Ok(());
    }
    let family = Family::of_this_machine();
    if family != Family::Debian {
        bail!("{}", family.advice(&missing));
    }
    if !rustix::process::geteuid().is_root() {
        bail!("{}; only root can install packages", family.advice(&missing));
    }
    let blocked = apt::install(requirements, &missing)?;
    let folders = blocked.iter().map(unpacked::unpack).collect::<anyhow::Result<Vec<_>>>()?;
    if !folders.is_empty() {
        start_again_with(&folders)?;
    }
    let left = self::missing(requirements);
    if left.is_empty() {
        return Ok(());
    }
    let programs: Vec<_> = left.iter().map(|requirement| requirement.program).collect();
    bail!("still missing after installing their packages: {}", programs.join(", "))
}

fn missing(requirements: &[Requirement]) -> Vec<Requirement> {
    requirements.iter().filter(|requirement| !requirement.is_met()).copied().collect()
}

/// Replaces this process by itself, with these folders of programs before all others.
fn start_again_with(folders: &[PathBuf]) -> anyhow::Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut all = folders.to_vec();
    all.extend(env::split_paths(&path));
    // Unpacked programs that are still missing would start this program for ever.
    if let Some(folder) = folders.iter().find(|folder| all[folders.len()..].contains(*folder)) {
        bail!("{} is in PATH and lacks a program", folder.display());
    }
    let path = env::join_paths(all).context("a folder of programs has a colon in its name")?;
    let own = env::current_exe().context("cannot tell where this program is")?;
    let error = Command::new(&own).args(env::args_os().skip(1)).env("PATH", path).exec();
    Err(error).with_context(|| format!("cannot start {} again", own.display()))
}

/// Where things are kept that later runs use again.
fn cache() -> PathBuf {
    env::var_os("VMKIT_CACHE")
        .map_or_else(|| Path::new("/var/cache/vmkit").to_owned(), PathBuf::from)
}
