//! Packages that are unpacked into a folder of vmkit's own, and not installed.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::{apt::Blocked, cache};
use crate::command;

/// Unpacks the package with all that it needs and this machine lacks; tells the folder that has
/// its program.
pub(super) fn unpack(blocked: &Blocked) -> anyhow::Result<PathBuf> {
    let package = blocked.requirement.debian;
    let folder = cache().join("unpacked").join(package);
    println!(
        "{package} cannot be installed beside {}: it is unpacked into {}, and nothing is removed",
        blocked.plan.removes.join(", "),
        folder.display()
    );
    if !folder.is_dir() {
        fetch(blocked, &folder).with_context(|| format!("cannot unpack {package}"))?;
    }
    Ok(folder.join("bin"))
}

/// Makes the folder at once, so that no half of it is ever found.
fn fetch(blocked: &Blocked, folder: &Path) -> anyhow::Result<()> {
    let making = folder.with_extension("making");
    match fs::remove_dir_all(&making) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed.with_context(|| format!("cannot remove {}", making.display()))?,
    }
    let archives = making.join("archives");
    fs::create_dir_all(&archives).with_context(|| format!("cannot make {}", archives.display()))?;
    let mut download = Command::new("apt-get");
    // As root, without apt's own user, who cannot write here.
    download.args(["-qq", "-o", "APT::Sandbox::User=root", "download"]);
    command::run(download.args(&blocked.plan.installs).current_dir(&archives))?;
    let listing = || format!("cannot list {}", archives.display());
    for archive in fs::read_dir(&archives).with_context(listing)? {
        let archive = archive.with_context(listing)?.path();
        command::run_quietly(Command::new("dpkg-deb").arg("-x").args([&archive, &making]))?;
    }
    fs::remove_dir_all(&archives)
        .with_context(|| format!("cannot remove {}", archives.display()))?;
    let bin = making.join("bin");
    // A package of a system whose /bin was no link yet has files here.
    fs::create_dir_all(&bin).with_context(|| format!("cannot make {}", bin.display()))?;
    wrap(blocked.requirement.program, &bin, folder)?;
    fs::rename(&making, folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Writes a script that starts the unpacked program with the unpacked libraries.
fn wrap(program: &str, bin: &Path, folder: &Path) -> anyhow::Result<()> {
    let folder = folder.display();
    let script = format!(
        "#!/bin/bash\nfor libraries in '{folder}'/usr/lib/*-linux-gnu* '{folder}'/lib/*-linux-gnu*; do\n\
         LD_LIBRARY_PATH=${{LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}}$libraries\ndone\n\
         export LD_LIBRARY_PATH\nexec -a '{program}' '{folder}/usr/bin/{program}' \"$@\"\n"
    );
    let file = bin.join(program);
    let doing = || format!("cannot write {}", file.display());
    fs::write(&file, script).with_context(doing)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).with_context(doing)
}
