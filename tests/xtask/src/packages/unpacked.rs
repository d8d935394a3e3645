//! Unpacks packages into vmkit's own folder without installing them.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::ErrorKind,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use super::apt::Blocked;
use crate::command;

/// Unpacks the package with its missing dependencies, and returns the folder of its program.
pub(super) fn unpack(blocked: &Blocked) -> anyhow::Result<PathBuf> {
    let package = blocked.requirement.debian;
    let folder = cache().join("unpacked").join(folder_name(package, &blocked.plan.installs));
    let others = match blocked.plan.removes.as_slice() {
        // It conflicts with another package that is about to be installed.
        [] => "the other packages".to_owned(),
        removes => removes.join(", "),
    };
    println!(
        "{package} cannot be installed beside {others}: it is unpacked into {}, and nothing is \
         removed",
        folder.display()
    );
    if !folder.is_dir() {
        fetch(blocked, &folder).with_context(|| format!("cannot unpack {package}"))?;
    }
    link(&folder.join("bin"), blocked.requirement.program);
    Ok(folder.join("bin"))
}

/// Lets programs with an environment of their own, such as `vm` under sudo, find the unpacked one too.
fn link(bin: &Path, program: &str) {
    let place = Path::new("/usr/local/bin").join(program);
    let is_ours = || fs::read_link(&place).is_ok_and(|target| target.starts_with(cache()));
    if is_ours() {
        // Of an earlier version, which may be gone.
        fs::remove_file(&place).ok();
    }
    match std::os::unix::fs::symlink(bin.join(program), &place) {
        Ok(()) => println!("{} is a link to it", place.display()),
        // Another program of this name is there, or only root can make one: `PATH` has it.
        Err(error) => println!("{} is not made a link to it: {error}", place.display()),
    }
}

/// The folder's name for these packages in these versions: programs that were unpacked before an
/// upgrade of the system may not run after it.
fn folder_name(package: &str, installs: &[String]) -> String {
    let mut versions = DefaultHasher::new();
    installs.hash(&mut versions);
    format!("{package}-{:016x}", versions.finish())
}

/// Makes the folder atomically.
fn fetch(blocked: &Blocked, folder: &Path) -> anyhow::Result<()> {
    let making = folder.with_extension("making");
    match fs::remove_dir_all(&making) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed.with_context(|| format!("cannot remove {}", making.display()))?,
    }
    let archives = making.join("archives");
    fs::create_dir_all(&archives).with_context(|| format!("cannot make {}", archives.display()))?;
    let mut download = Command::new("apt-get");
    // As root, since apt's own user cannot write here.
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
    // Packages from before the merged /usr have files here.
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

/// The folder for files that later runs use again.
fn cache() -> PathBuf {
    env::var_os("VMKIT_CACHE")
        .map_or_else(|| Path::new("/var/cache/vmkit").to_owned(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::folder_name;

    #[test]
    fn other_versions_are_unpacked_into_another_folder() {
        let name = |versions: &[&str]| {
            folder_name("qemu-utils", &versions.iter().map(|&it| it.into()).collect::<Vec<_>>())
        };
        let before = name(&["qemu-utils=1:7.2", "libpng16-16=1.6.39"]);
        assert_eq!(before, name(&["qemu-utils=1:7.2", "libpng16-16=1.6.39"]));
        assert_ne!(before, name(&["qemu-utils=1:10.0", "libpng16-16=1.6.39"]));
        assert_ne!(before, name(&["qemu-utils=1:7.2", "libpng16-16=1.6.48"]));
        assert!(before.starts_with("qemu-utils-"), "{before}");
    }
}
