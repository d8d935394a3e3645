//! Installs the programs that the tests and the demo run.

mod apt;
mod family;
mod unpacked;

use std::{env, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

use anyhow::{Context, bail};
use vmkit_lab::Requirement;

use self::family::Family;

/// Installs the missing programs as root on Debian or Ubuntu; elsewhere names their packages.
///
/// Installed packages are neither removed nor downgraded. A package that conflicts with them is
/// unpacked into vmkit's own folder, and this program starts again with that folder in its `PATH`.
///
/// # Errors
/// Names the missing programs and why they cannot be installed.
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

/// Starts this program again with these folders first in `PATH`.
fn start_again_with(folders: &[PathBuf]) -> anyhow::Result<()> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut all = folders.to_vec();
    all.extend(env::split_paths(&path));
    // Prevents an endless loop if an unpacked program is still missing.
    if let Some(folder) = folders.iter().find(|folder| all[folders.len()..].contains(*folder)) {
        bail!("{} is in PATH and lacks a program", folder.display());
    }
    let path = env::join_paths(all).context("a folder of programs has a colon in its name")?;
    let own = env::current_exe().context("cannot tell where this program is")?;
    let error = Command::new(&own).args(env::args_os().skip(1)).env("PATH", path).exec();
    Err(error).with_context(|| format!("cannot start {} again", own.display()))
}
