//! Packages the crates of the SDK, and builds a project of somebody else's with what was packaged.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use vmkit_authoring::{Language, Project, ProjectKind, Sdk};

use crate::{command, workspace::Workspace};

/// Files that every package has beside its code.
const WITH_EACH: [&str; 3] = ["LICENSE-MIT", "LICENSE-APACHE", "README.md"];

/// Packages them and builds with them. Fetches nothing.
pub(crate) fn package(workspace: &Workspace) -> anyhow::Result<()> {
    let crates = workspace.published();
    let mut cargo = workspace.cargo();
    // Verifying builds each crate alone, and so the same dependencies five times; the project below
    // builds all of them once.
    cargo.args(["package", "--offline", "--locked", "--allow-dirty", "--no-verify", "--quiet"]);
    cargo.args(crates.iter().flat_map(|(name, _)| ["--package", name]));
    command::run(&mut cargo)?;
    let folder = tempfile::tempdir().context("cannot make a directory")?;
    let sdk = folder.path().join("sdk");
    for (name, version) in &crates {
        let archive = workspace.target().join(format!("package/{name}-{version}.crate"));
        unpack(&archive, &sdk, &format!("{name}-{version}"), name)?;
    }
    for kind in ProjectKind::ALL {
        build(workspace, folder.path(), &sdk, kind)?;
    }
    println!("packaged {} crates; projects of each kind build with them", crates.len());
    Ok(())
}

/// Unpacks a crate into the folder that a checkout has for it.
fn unpack(archive: &Path, sdk: &Path, unpacked: &str, name: &str) -> anyhow::Result<()> {
    fs::create_dir_all(sdk).with_context(|| format!("cannot make {}", sdk.display()))?;
    command::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(sdk))?;
    let (from, to) = (sdk.join(unpacked), sdk.join(name.trim_start_matches("vmkit-")));
    fs::rename(&from, &to).with_context(|| format!("cannot move {}", from.display()))?;
    match WITH_EACH.iter().find(|file| !to.join(file).is_file()) {
        Some(missing) => bail!("the package of {name} has no {missing}"),
        None => Ok(()),
    }
}

/// Writes a project as `vm plugin new` does, builds it and runs its test.
fn build(
    workspace: &Workspace,
    folder: &Path,
    sdk: &Path,
    kind: ProjectKind,
) -> anyhow::Result<()> {
    let name = format!("outside-{}", kind.code()).parse()?;
    let project = Project { name, kind, language: Language::Rust, sdk: Sdk::at(sdk)? };
    let directory: PathBuf = folder.join(kind.code());
    project.write(&directory)?;
    // The same versions of other crates as here, which are there already.
    fs::copy(workspace.root().join("Cargo.lock"), directory.join("Cargo.lock"))
        .context("cannot copy Cargo.lock")?;
    let mut cargo = workspace.cargo();
    cargo.current_dir(&directory).env("CARGO_TARGET_DIR", workspace.target().join("outside"));
    command::run(cargo.args(["test", "--offline", "--quiet"]))
}
