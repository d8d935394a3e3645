//! The folder of the staged tree, which several users must be able to run in tests.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::{command, workspace::Workspace};

/// Folders that only root can write and everybody can run programs from. The first may be mounted
/// `noexec`, as by Debian's initramfs.
const ROOT_FOLDERS: [&str; 2] = ["/run/vmkit-stage", "/var/cache/vmkit-stage"];

/// The folder for the trees of this checkout: below /run for root, otherwise in the build directory.
pub(crate) fn choose(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let target = workspace.target();
    fs::create_dir_all(target).with_context(|| format!("cannot make {}", target.display()))?;
    let status =
        target.metadata().with_context(|| format!("cannot look at {}", target.display()))?;
    if !rustix::process::geteuid().is_root() {
        return Ok(target.join("stage-of-user"));
    }
    // Identifies the build directory independent of its path.
    let own = format!("{:x}-{:x}", status.dev(), status.ino());
    for folder in ROOT_FOLDERS.map(Path::new) {
        make_folder(folder)?;
        if runs_programs(folder)? {
            return Ok(folder.join(own));
        }
    }
    bail!("no program can be run from {}: is it mounted noexec?", ROOT_FOLDERS.join(" or "))
}

/// Links `target/stage/NAME` to the tree, for tests without `cargo xtask test`.
pub(crate) fn link(workspace: &Workspace, name: &str, tree: &Path) -> anyhow::Result<()> {
    let folder = workspace.target().join("stage");
    let link = folder.join(name);
    let doing = || format!("cannot link {} to {}", link.display(), tree.display());
    fs::create_dir_all(&folder).with_context(doing)?;
    match link.symlink_metadata() {
        Ok(status) if status.is_dir() => fs::remove_dir_all(&link).with_context(doing)?,
        Ok(_) => fs::remove_file(&link).with_context(doing)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(doing),
    }
    symlink(tree, &link).with_context(doing)
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

/// Whether the folder's file system lets programs run.
fn runs_programs(folder: &Path) -> anyhow::Result<bool> {
    let doing = || format!("cannot write in {}", folder.display());
    let program = tempfile::NamedTempFile::new_in(folder).with_context(doing)?;
    fs::write(program.path(), "#!/bin/sh\n").with_context(doing)?;
    fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).with_context(doing)?;
    // Close the descriptor first: a program that is open for writing cannot be started.
    let program = program.into_temp_path();
    Ok(command::succeeds(&mut std::process::Command::new(&program)))
}
