//! Installs Debian packages without removing others.

use std::process::Command;

use anyhow::{Context, anyhow};
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
    let (possible, blocked) = split(all, missing, is_installed, simulate)?;
    if !possible.is_empty() {
        apt_get(&installation(all, &possible, is_installed))?;
    }
    Ok(blocked)
}

/// The programs whose packages can be installed together without removing any, and the others.
/// Packages that can be installed one by one may conflict with each other, so each joins the set
/// only while apt would install all of it.
fn split(
    all: &[Requirement],
    missing: &[Requirement],
    is_installed: impl Fn(&str) -> bool,
    simulate: impl Fn(&[&str], &[&str]) -> Result<Plan, String>,
) -> anyhow::Result<(Vec<Requirement>, Vec<Blocked>)> {
    if simulate(&["--no-remove"], &installation(all, missing, &is_installed)).is_ok() {
        return Ok((missing.to_vec(), Vec::new()));
    }
    let (mut possible, mut blocked) = (Vec::new(), Vec::new());
    for requirement in missing {
        possible.push(*requirement);
        if simulate(&["--no-remove"], &installation(all, &possible, &is_installed)).is_ok() {
            continue;
        }
        possible.pop();
        let package = requirement.debian;
        let plan = simulate(&[], &[package])
            .map_err(|why| anyhow!("apt cannot install {package} on this machine: {why}"))?;
        blocked.push(Blocked { requirement: *requirement, plan });
    }
    Ok((possible, blocked))
}

/// The packages of the missing programs and the installed ones of the set, so that apt keeps those.
fn installation(
    all: &[Requirement],
    missing: &[Requirement],
    is_installed: impl Fn(&str) -> bool,
) -> Vec<&'static str> {
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

/// What apt would do, or its own words on why it would not.
fn simulate(options: &[&str], packages: &[&str]) -> Result<Plan, String> {
    let mut simulation = Command::new("apt-get");
    simulation.args(["install", "--simulate", "--no-install-recommends"]).env("LC_ALL", "C");
    let output = simulation.args(options).args(packages).output();
    let output = output.map_err(|error| format!("cannot start apt-get: {error}"))?;
    if output.status.success() {
        return Ok(Plan::from_simulation(&String::from_utf8_lossy(&output.stdout)));
    }
    Err(complaint(&String::from_utf8_lossy(&output.stderr)))
}

/// apt's errors in one line, from lines such as `E: Unable to locate package udhcpc`.
fn complaint(text: &str) -> String {
    let errors: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("E: ")).collect();
    if errors.is_empty() { text.trim().to_owned() } else { errors.join("; ") }
}

fn is_installed(package: &str) -> bool {
    let query = ["-W", "-f", "${db:Status-Status}", package];
    let output = Command::new("dpkg-query").args(query).output();
    output.is_ok_and(|output| output.stdout == b"installed")
}

#[cfg(test)]
mod tests {
    use vmkit_lab::{REQUIREMENTS, Requirement};

    use super::{Plan, complaint, split};

    fn of(program: &str) -> Requirement {
        *REQUIREMENTS.iter().find(|each| each.program == program).expect("a requirement")
    }

    /// Packages that apt refuses to install beside each other; what is installed; what is blocked.
    type Row<'a> = (&'a [[&'a str; 2]], &'a [&'a str], &'a [&'a str]);

    #[test]
    fn installs_together_only_what_can_be_installed_together() {
        let missing = [of("qemu-system-x86_64"), of("udhcpc"), of("dnsmasq")];
        let [qemu, udhcpc, dnsmasq] = missing.map(|each| each.debian);
        let rows: [Row<'_>; 3] = [
            (&[], &[qemu, udhcpc, dnsmasq], &[]),
            (&[[qemu, udhcpc]], &[qemu, dnsmasq], &[udhcpc]),
            (&[[qemu, udhcpc], [qemu, dnsmasq]], &[qemu], &[udhcpc, dnsmasq]),
        ];
        for (conflicts, installed, blocked) in rows {
            let simulate = |_: &[&str], packages: &[&str]| {
                let holds = |pair: &[&str; 2]| pair.iter().all(|one| packages.contains(one));
                let refused = conflicts.iter().any(holds);
                if refused { Err("held".to_owned()) } else { Ok(Plan::default()) }
            };
            let (possible, left) =
                split(&missing, &missing, |_| false, simulate).expect("each can be installed");
            let possible: Vec<_> = possible.iter().map(|each| each.debian).collect();
            let left: Vec<_> = left.iter().map(|each| each.requirement.debian).collect();
            assert_eq!((possible.as_slice(), left.as_slice()), (installed, blocked));
        }
    }

    #[test]
    fn an_error_has_the_words_of_apt() {
        let missing = [of("udhcpc")];
        let refused = |_: &[&str], _: &[&str]| Err(complaint("W: old\nE: Unable to locate it\n"));
        let error = split(&missing, &missing, |_| false, refused).expect_err("no such package");
        let expected = "apt cannot install udhcpc on this machine: Unable to locate it";
        assert_eq!(error.to_string(), expected);
    }

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
