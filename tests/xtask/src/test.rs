//! `cargo xtask test`: installs what the tests need and runs them all.

use crate::{
    ci_tools, command,
    stage::{self, Profile},
    workspace::Workspace,
};

/// Runs all tests of the workspace on a staged debug build.
pub(crate) fn test(workspace: &Workspace, nextest: &[String]) -> anyhow::Result<()> {
    let lab = prepare_lab();
    let libvirt = prepare_libvirt();
    let debian = prepare_debian();
    let browser = prepare_browser();
    let mut all = ci_tools::nextest(workspace)?;
    let prefix = stage::stage(workspace, Profile::Debug)?;
    all.env("VMKIT_STAGE", &prefix);
    // Nothing else builds the libraries that only tests load.
    let libraries = workspace.test_plugins();
    let libraries = libraries.iter().flat_map(|library| ["--package", &library.package]);
    command::run(workspace.cargo().args(["build", "--locked"]).args(libraries))?;
    let mut examples = workspace.cargo();
    examples.env("VMKIT_STAGE", &prefix).args(["test", "--quiet", "--doc", "--workspace"]);
    command::run(&mut examples)?;
    command::run(all.args(["run", "--workspace"]).args(nextest))?;
    if let Err(why) = lab {
        println!("\n!!! tests on real guests did NOT run: {why:#}\n");
    } else if let Err(why) = libvirt {
        println!("\n!!! tests on a real libvirt did NOT run: {why:#}\n");
    } else if let Err(why) = debian {
        println!("\n!!! tests on a real Debian did NOT run: {why:#}\n");
    }
    if let Err(why) = browser {
        println!("\n!!! tests in a real browser did NOT run: {why:#}\n");
    }
    Ok(())
}

/// Installs what the tests on real guests need, or says why they cannot run.
#[cfg(target_os = "linux")]
pub(crate) fn prepare_lab() -> anyhow::Result<()> {
    use std::process::Command;

    use anyhow::{Context, bail};

    crate::packages::get(vmkit_lab::REQUIREMENTS)?;
    if !rustix::process::geteuid().is_root() {
        bail!("network namespaces need root");
    }
    // A new computer has no package lists to find the kernel in.
    if vmkit_lab::guest_kernel().is_err() {
        command::run(Command::new("apt-get").args(["update", "-qq"]))?;
    }
    vmkit_lab::guest_kernel().context("no kernel for the guests").map(drop)
}

/// Installs what the tests on a real libvirt need, or says why they cannot run.
#[cfg(target_os = "linux")]
fn prepare_libvirt() -> anyhow::Result<()> {
    crate::packages::get(vmkit_lab::LIBVIRT_REQUIREMENTS)
}

/// Installs what makes the image of a real Debian, or says why it cannot be made.
#[cfg(target_os = "linux")]
pub(crate) fn prepare_debian() -> anyhow::Result<()> {
    crate::packages::get(vmkit_lab::DEBIAN_REQUIREMENTS)
}

/// Installs what makes the image of a real Debian, or says why it cannot be made.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare_debian() -> anyhow::Result<()> {
    anyhow::bail!("a guest's Debian needs Linux")
}

/// Installs what the tests on a real libvirt need, or says why they cannot run.
#[cfg(not(target_os = "linux"))]
fn prepare_libvirt() -> anyhow::Result<()> {
    anyhow::bail!("libvirt needs Linux")
}

/// Installs what the tests on real guests need, or says why they cannot run.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare_lab() -> anyhow::Result<()> {
    anyhow::bail!("network namespaces need Linux")
}

/// Installs the browser that opens the doctor's page, or says why it cannot be had.
#[cfg(target_os = "linux")]
fn prepare_browser() -> anyhow::Result<()> {
    crate::packages::get(vmkit_lab::BROWSER_REQUIREMENTS)
}

/// Installs the browser that opens the doctor's page, or says why it cannot be had.
#[cfg(not(target_os = "linux"))]
fn prepare_browser() -> anyhow::Result<()> {
    anyhow::bail!("the browser's packages are Debian's")
}
