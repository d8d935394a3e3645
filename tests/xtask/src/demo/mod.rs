//! `cargo xtask demo`: a machine without an address, the cause, and the ways out.

mod show;
#[cfg(target_os = "linux")]
mod story;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use self::show::show;
use crate::{
    command, stage,
    stage::Profile,
    test::{prepare_debian, prepare_lab},
    workspace::Workspace,
};

/// The commands to show if no guest can run.
const COMMANDS: &[&[&str]] = &[&["status"], &["status", "--explain"], &["status", "--json"]];

/// Shows the commands on real guests, or on the bundled data directory. `full`: the guests are a real
/// Debian.
pub(crate) fn demo(workspace: &Workspace, full: bool) -> anyhow::Result<()> {
    let prefix = stage::stage(workspace, Profile::Debug)?;
    let prepared = prepare_lab().and_then(|()| if full { prepare_debian() } else { Ok(()) });
    match prepared {
        Ok(()) => on_real_guest(prefix, full),
        Err(why) => {
            println!("\n!!! no real guest here: {why:#}");
            println!("!!! showing a bundled data directory without running VMs instead");
            on_bundled_directory(workspace, &prefix)
        }
    }
}

#[cfg(target_os = "linux")]
fn on_real_guest(prefix: PathBuf, full: bool) -> anyhow::Result<()> {
    story::tell(prefix, full)
}

#[cfg(not(target_os = "linux"))]
fn on_real_guest(_: PathBuf, _: bool) -> anyhow::Result<()> {
    anyhow::bail!("network namespaces need Linux")
}

fn on_bundled_directory(workspace: &Workspace, prefix: &Path) -> anyhow::Result<()> {
    let directory = lay_out_bundle(&workspace.target().join("demo"))?;
    for arguments in COMMANDS {
        let mut vm = Command::new(prefix.join("bin/vm"));
        show(arguments, vm.arg("--data-dir").arg(&directory).args(*arguments))?;
    }
    Ok(())
}

/// Copies the bundled directory, since its registry names folders by absolute path.
fn lay_out_bundle(to: &Path) -> anyhow::Result<PathBuf> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo-data");
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    command::run(Command::new("cp").arg("-R").arg(from.join(".")).arg(to))?;
    let registry = to.join(".vm-registry.json");
    let text =
        fs::read_to_string(from.join("registry.json")).context("cannot read the registry")?;
    let text = text.replace("@DATA_DIR@", &to.to_string_lossy());
    fs::write(&registry, text).with_context(|| format!("cannot write {}", registry.display()))?;
    Ok(to.to_owned())
}
