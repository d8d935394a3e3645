//! Laying out a build as it is installed: `bin/vm`, `lib/vmkit/vm-worker`, `lib/vmkit/plugins/`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{command, stage_folder, workspace::Workspace};

/// How the binaries are compiled.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Profile {
    pub(crate) fn from_release(release: bool) -> Self {
        if release { Self::Release } else { Self::Debug }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// Builds and lays out where every user can run it; tells the tree's root. The name
/// `target/stage/PROFILE` leads there.
pub(crate) fn stage(workspace: &Workspace, profile: Profile) -> anyhow::Result<PathBuf> {
    let prefix = stage_folder::choose(workspace)?.join(profile.folder());
    let plugins = lay_out(workspace, profile, &prefix)?;
    remove_others(&prefix.join("lib/vmkit/plugins"), &plugins)?;
    stage_folder::link(workspace, profile.folder(), &prefix)?;
    Ok(prefix)
}

/// Builds a release and installs it; plugins that are there already, of others, stay.
pub(crate) fn install(workspace: &Workspace, prefix: &Path) -> anyhow::Result<()> {
    lay_out(workspace, Profile::Release, prefix)?;
    println!("installed {}", prefix.join("bin/vm").display());
    Ok(())
}

/// Tells the file names of the plugins that it laid out.
fn lay_out(workspace: &Workspace, profile: Profile, prefix: &Path) -> anyhow::Result<Vec<String>> {
    let plugins = workspace.plugins();
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--locked", "--package", "vmkit", "--package", "vm-worker"]);
    cargo.args(plugins.iter().flat_map(|plugin| ["--package", &plugin.package]));
    if matches!(profile, Profile::Release) {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;

    let built = workspace.target().join(profile.folder());
    let (programs, library) = (prefix.join("bin"), prefix.join("lib/vmkit"));
    put(&built.join("vm"), &programs)?;
    put(&built.join("vm-worker"), &library)?;
    for plugin in &plugins {
        put(&built.join(&plugin.file_name), &library.join("plugins"))?;
    }
    Ok(plugins.into_iter().map(|plugin| plugin.file_name).collect())
}

/// Copies a file into a folder so that a program that runs from there, or starts at this moment,
/// sees the old file or the new one, whole.
fn put(file: &Path, folder: &Path) -> anyhow::Result<()> {
    make_folder(folder)?;
    let name = file.file_name().context("a built file has a name")?;
    let placed = folder.join(name);
    let doing = || format!("cannot copy {} to {}", file.display(), placed.display());
    let new = tempfile::NamedTempFile::new_in(folder).with_context(doing)?;
    fs::copy(file, new.path()).with_context(doing)?;
    // vm refuses what others than its owner can write, whatever the umask of this shell is.
    fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755)).with_context(doing)?;
    // The open descriptor for writing is closed before the file gets its name: a program that is
    // open for writing cannot be started.
    new.into_temp_path().persist(&placed).with_context(doing)?;
    Ok(())
}

/// Makes the folder and the missing ones above it, each with mode 0755.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent)?;
    }
    let doing = || format!("cannot make {}", folder.display());
    fs::create_dir(folder).with_context(doing)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).with_context(doing)
}

/// Removes what an earlier build left: a plugin that was renamed must not be loaded beside itself.
fn remove_others(folder: &Path, keep: &[String]) -> anyhow::Result<()> {
    let doing = || format!("cannot tidy {}", folder.display());
    for entry in fs::read_dir(folder).with_context(doing)? {
        let entry = entry.with_context(doing)?;
        if !keep.iter().any(|name| entry.file_name() == name.as_str()) {
            fs::remove_file(entry.path()).with_context(doing)?;
        }
    }
    Ok(())
}
