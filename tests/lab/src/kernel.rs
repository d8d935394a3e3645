//! The guests' kernel: Debian's cloud kernel, unpacked into a cache without installing it.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{LabError, command::run, error::file_error};

/// Depends on the current version's package.
const META_PACKAGE: &str = "linux-image-cloud-amd64";

/// A kernel with its modules.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The image that QEMU boots.
    pub(crate) image: PathBuf,
    /// `lib/modules/VERSION`, with `modules.dep`.
    pub(crate) modules: PathBuf,
}

/// The kernel in the cache (`VMKIT_CACHE` or `/var/cache/vmkit`), downloaded if missing.
///
/// # Errors
/// Debian's package cannot be downloaded or unpacked.
pub fn guest_kernel() -> Result<Kernel, LabError> {
    let folder = kernel_cache().join("guest-kernel");
    if !folder.is_dir() {
        let making = folder.with_extension(format!("making-{}", std::process::id()));
        fs::create_dir_all(&making).map_err(file_error("make", &making))?;
        if let Err(error) = fetch(&making, &folder) {
            // Best effort: the error to report is the download's.
            drop(fs::remove_dir_all(&making));
            return Err(error);
        }
    }
    let modules = only_entry(&folder.join("lib/modules"), "")?;
    Ok(Kernel { image: only_entry(&folder.join("boot"), "vmlinuz-")?, modules })
}

/// Where the kernel is kept for later runs.
pub(crate) fn kernel_cache() -> PathBuf {
    env::var_os("VMKIT_CACHE").map_or("/var/cache/vmkit".into(), PathBuf::from)
}

/// Makes the folder atomically.
fn fetch(making: &Path, folder: &Path) -> Result<(), LabError> {
    let package = package()?;
    // As root, since apt's own user cannot write here.
    let download = ["-o", "APT::Sandbox::User=root", "download", &package];
    run(Command::new("apt-get").args(download).current_dir(making))?;
    let archive = only_entry(making, &package)?;
    run(Command::new("dpkg-deb").arg("-x").args([archive.as_path(), making]))?;
    fs::remove_file(&archive).map_err(file_error("remove", &archive))?;
    let lib = making.join("lib");
    if !lib.exists() {
        // Since Debian 13 the modules are in /usr/lib, which /lib links to on an installed system.
        symlink("usr/lib", &lib).map_err(file_error("make", &lib))?;
    }
    let modules = only_entry(&making.join("lib/modules"), "")?;
    let version = modules.file_name().unwrap_or_default();
    run(Command::new("depmod").arg("-b").arg(making).arg(version))?;
    match fs::rename(making, folder) {
        // Another process was faster and made the same.
        Err(_) if folder.is_dir() => {
            fs::remove_dir_all(making).map_err(file_error("remove", making))
        }
        renamed => renamed.map_err(file_error("make", folder)),
    }
}

/// The real package behind the meta package.
fn package() -> Result<String, LabError> {
    let depends = run(Command::new("apt-cache").args(["depends", META_PACKAGE]))?;
    let mut names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    match names.find(|name| name.starts_with("linux-image-")) {
        Some(name) => Ok(name.to_owned()),
        None => Err(LabError::Missing(format!("Debian's {META_PACKAGE}; try `apt-get update`"))),
    }
}

/// The only entry with this beginning in a folder.
pub(crate) fn only_entry(folder: &Path, start: &str) -> Result<PathBuf, LabError> {
    let entries = fs::read_dir(folder).map_err(file_error("list", folder))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let named = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
    };
    match paths.find(named) {
        Some(path) => Ok(path),
        None => Err(LabError::Missing(format!("{start}* in {}", folder.display()))),
    }
}
