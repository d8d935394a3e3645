//! Lays out a build as an installation: `bin/vm`, `lib/vmkit/` with `vm-worker`, `vm-broker` and
//! `plugins/`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use vmkit_host::Pins;

use crate::{
    command, stage_folder,
    workspace::{Plugin, Workspace},
};

/// The build profile.
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

/// Builds and lays out a tree that every user can run, linked from `target/stage/PROFILE`. Returns
/// the tree's root.
pub(crate) fn stage(workspace: &Workspace, profile: Profile) -> anyhow::Result<PathBuf> {
    let prefix = stage_folder::choose(workspace)?.join(profile.folder());
    let plugins = lay_out(workspace, profile, &prefix, None)?;
    remove_others(&prefix.join("lib/vmkit/plugins"), &plugins)?;
    stage_folder::link(workspace, profile.folder(), &prefix)?;
    Ok(prefix)
}

/// Builds a release and installs it beside plugins of others.
pub(crate) fn install(
    workspace: &Workspace,
    prefix: &Path,
    capture_group: Option<&str>,
) -> anyhow::Result<()> {
    lay_out(workspace, Profile::Release, prefix, capture_group)?;
    println!("installed {}", prefix.join("bin/vm").display());
    Ok(())
}

/// Lets the members of this group, and nobody else, start the broker with rights over the network.
fn allow_captures(broker: &Path, group: &str) -> anyhow::Result<()> {
    let run = |program: &str, what: &str| {
        command::run(std::process::Command::new(program).arg(what).arg(broker))
    };
    run("chgrp", group)?;
    // Before the capabilities, so that nobody else ever has them; a change of mode keeps them.
    run("chmod", "0750")?;
    run("setcap", "cap_net_raw,cap_net_admin=ep")
}

/// Returns the file names of the plugins.
fn lay_out(
    workspace: &Workspace,
    profile: Profile,
    prefix: &Path,
    capture_group: Option<&str>,
) -> anyhow::Result<Vec<String>> {
    let plugins = workspace.plugins();
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--locked", "--package", "vmkit", "--package", "vm-worker"]);
    cargo.args(["--package", "vm-broker"]);
    cargo.args(plugins.iter().flat_map(|plugin| ["--package", &plugin.package]));
    if matches!(profile, Profile::Release) {
        cargo.arg("--release");
    }
    command::run(&mut cargo)?;

    let built = workspace.target().join(profile.folder());
    let (programs, library) = (prefix.join("bin"), prefix.join("lib/vmkit"));
    put(&built.join("vm"), &programs)?;
    put(&built.join("vm-worker"), &library)?;
    put(&built.join("vm-broker"), &library)?;
    for plugin in &plugins {
        put(&built.join(&plugin.file_name), &library.join("plugins"))?;
    }
    // Before it is pinned: a file whose rights have changed since is hashed at each start.
    if let Some(group) = capture_group {
        allow_captures(&library.join("vm-broker"), group)?;
    }
    pin(&library, &plugins)?;
    Ok(plugins.into_iter().map(|plugin| plugin.file_name).collect())
}

/// Writes down what the installed files hold: `vm` runs no others in their places.
fn pin(library: &Path, plugins: &[Plugin]) -> anyhow::Result<()> {
    let plugins = plugins.iter().map(|plugin| format!("plugins/{}", plugin.file_name));
    let programs = ["vm-worker", "vm-broker"].map(str::to_owned);
    let names: Vec<String> = programs.into_iter().chain(plugins).collect();
    let placed = library.join(Pins::FILE);
    let doing = || format!("cannot write {}", placed.display());
    let pins = Pins::of_files(library, &names).with_context(doing)?;
    let new = tempfile::NamedTempFile::new_in(library).with_context(doing)?;
    fs::write(new.path(), pins.to_text()).with_context(doing)?;
    fs::set_permissions(new.path(), fs::Permissions::from_mode(0o644)).with_context(doing)?;
    new.persist(&placed).with_context(doing)?;
    Ok(())
}

/// Copies a file into a folder atomically, so that running and starting programs see the old or the
/// new file.
fn put(file: &Path, folder: &Path) -> anyhow::Result<()> {
    stage_folder::make_folder(folder)?;
    let name = file.file_name().context("a built file has a name")?;
    let placed = folder.join(name);
    let doing = || format!("cannot copy {} to {}", file.display(), placed.display());
    let new = tempfile::NamedTempFile::new_in(folder).with_context(doing)?;
    fs::copy(file, new.path()).with_context(doing)?;
    // Independent of the umask, since vm refuses files that others can write.
    fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755)).with_context(doing)?;
    // Close the descriptor first: a program that is open for writing cannot be started.
    new.into_temp_path().persist(&placed).with_context(doing)?;
    Ok(())
}

/// Removes files of earlier builds, so that a renamed plugin is not loaded twice.
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
