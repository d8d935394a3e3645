//! Installs Debian packages without removing others.

use std::process::Command;

use anyhow::{Context, bail};
use vmkit_lab::Requirement;

use crate::command;

/// A package that apt can only install by removing another.
#[derive(Clone, Debug)]
pub(super) struct Blocked {
    /// The program to install.
    pub(super) requirement: Requirement,
    /// What apt would do if it could remove packages.
    pub(super) plan: Plan,
}

/// What `apt-get install` would do, from `--simulate`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Packages to install, as `name=version`.
    pub(super) installs: Vec<String>,
    /// Packages to remove, as `name version`.
    pub(super) removes: Vec<String>,
}

impl Plan {
    /// From lines such as `Inst seabios (1.16.2-1 Debian:12.15/oldstable [all])` and
    /// `Remv qemu-utils [1:10.0.2+ds-2]`.
    pub(super) fn from_simulation(text: &str) -> Self {
        let mut plan = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some(action), Some(name)) = (words.next(), words.next()) else { continue };
            match action {
                "Inst" => {
                    if let Some(version) = words.find_map(|word| word.strip_prefix('(')) {
                        plan.installs.push(format!("{name}={version}"));
                    }
                }
                "Remv" => {
                    let version = words.next().unwrap_or_default().trim_matches(['[', ']']);
                    plan.removes.push(format!("{name} {version}").trim_end().to_owned());
                }
                _ => {}
            }
        }
        plan
    }
}

/// Installs the packages of these programs, except those that would remove other packages, which it
/// returns.
pub(super) fn install(
    all: &[Requirement],
    missing: &[Requirement],
) -> anyhow::Result<Vec<Blocked>> {
    // A new computer has no package lists.
    command::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let whole = installation(all, missing);
    if simulate(&["--no-remove"], &whole).is_some() {
        apt_get(&whole)?;
        return Ok(Vec::new());
    }
    let mut possible = Vec::new();
    let mut blocked = Vec::new();
    for requirement in missing {
        if simulate(&["--no-remove"], &[requirement.debian]).is_some() {
            possible.push(*requirement);
            continue;
        }
        let Some(plan) = simulate(&[], &[requirement.debian]) else {
            bail!("apt cannot install {} on this machine", requirement.debian);
        };
        blocked.push(Blocked { requirement: *requirement, plan });
    }
    if !possible.is_empty() {
        apt_get(&installation(all, &possible))?;
    }
    Ok(blocked)
}

/// The packages of the missing programs and the installed ones of the set, so that apt keeps those.
fn installation(all: &[Requirement], missing: &[Requirement]) -> Vec<&'static str> {
    let named = |requirement: &&Requirement| {
        missing.iter().any(|other| other.program == requirement.program)
            || is_installed(requirement.debian)
    };
    all.iter().filter(named).map(|requirement| requirement.debian).collect()
}

fn apt_get(packages: &[&str]) -> anyhow::Result<()> {
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "-y", "-qq", "--no-install-recommends", "--no-remove"]).args(packages);
    command::run(&mut install).with_context(|| format!("cannot install {}", packages.join(" ")))
}

/// What apt would do. `None`: it refuses.
fn simulate(options: &[&str], packages: &[&str]) -> Option<Plan> {
    let mut simulation = Command::new("apt-get");
    simulation.args(["install", "--simulate", "--no-install-recommends"]).env("LC_ALL", "C");
    let output = simulation.args(options).args(packages).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| Plan::from_simulation(&text))
}

fn is_installed(package: &str) -> bool {
    let query = ["-W", "-f", "${db:Status-Status}", package];
    let output = Command::new("dpkg-query").args(query).output();
    output.is_ok_and(|output| output.stdout == b"installed")
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn reads_what_apt_would_do() {
        let text = "Reading package lists...\n\
            Remv qemu-utils [1:10.0.2+ds-2+deb13u1~bpo12+1]\n\
            Inst libpng16-16 (1.6.39-2+deb12u1 Debian:12.15/oldstable [amd64])\n\
            Inst openssh-client [1:9.2p1-2+deb12u6] (1:9.2p1-2+deb12u10 Debian:12.15/oldstable [amd64])\n\
            Conf libpng16-16 (1.6.39-2+deb12u1 Debian:12.15/oldstable [amd64])\n";
        let plan = Plan::from_simulation(text);
        assert_eq!(plan.removes, ["qemu-utils 1:10.0.2+ds-2+deb13u1~bpo12+1"]);
        let installs = ["libpng16-16=1.6.39-2+deb12u1", "openssh-client=1:9.2p1-2+deb12u10"];
        assert_eq!(plan.installs, installs);
    }
}
