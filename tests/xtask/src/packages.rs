//! Debian packages that the tests and the demo run.

use std::process::Command;

use anyhow::{Context, bail};

use crate::command;

/// Installs the packages that are missing, as root on Debian; else names them.
pub(crate) fn get(packages: &[&str]) -> anyhow::Result<()> {
    let missing: Vec<_> = packages.iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|package| **package).collect::<Vec<_>>().join(" ");
    if !is_root() || !command::succeeds(Command::new("apt-get").arg("--version")) {
        bail!("these Debian packages are missing, and only root can install them: {names}");
    }
    // A machine that is new has no package lists.
    command::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(missing);
    command::run(&mut install).with_context(|| format!("cannot install {names}"))
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn is_installed(package: &str) -> bool {
    let query = ["-W", "-f", "${db:Status-Status}", package];
    let output = Command::new("dpkg-query").args(query).output();
    output.is_ok_and(|output| output.stdout == b"installed")
}
