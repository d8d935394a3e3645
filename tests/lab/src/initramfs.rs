//! Builds the guests' system: busybox, the network driver and a script.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{LabError, command::run, error::file_error, kernel::Kernel};

/// The guest's init. Reads `guest=NAME`, `nodhcp`, `nossh`, `linklocal` and `fault=WHAT` from the
/// kernel's command line.
const INIT: &str = include_str!("guest/init.sh");
/// Applies udhcpc's lease.
const UDHCPC_SCRIPT: &str = include_str!("guest/udhcpc.sh");
/// The server on port 22.
const BANNER: &str = include_str!("guest/banner.sh");
/// Prints the guest's interfaces like cloud-init.
const NET_INFO: &str = include_str!("guest/net-info.sh");
/// Drivers for QEMU's network device.
const MODULES: &[&str] = &["virtio_pci", "virtio_net"];
/// Drivers for Docker's bridge and the guest agent's channel.
const CONTAINER_MODULES: &[&str] = &["bridge", "virtio_console"];
/// The guests' programs.
pub(crate) const BUSYBOX: &str = "/bin/busybox";
/// QEMU's guest agent on Debian.
const AGENT: &str = "/usr/sbin/qemu-ga";

/// What a guest's system is made of, beside busybox and the kernel's modules.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The guest's first program.
    pub(crate) init: &'static str,
    /// Other scripts, each with its path.
    pub(crate) scripts: Vec<(&'static str, &'static str)>,
    /// Kernel modules, by name.
    pub(crate) modules: Vec<&'static str>,
    /// Programs of this computer.
    pub(crate) programs: Vec<&'static str>,
}

/// Applies a lease, and follows the cable: parts of every guest.
pub(crate) const NETWORK_SCRIPTS: [(&str, &str); 2] =
    [("etc/udhcpc.sh", UDHCPC_SCRIPT), ("etc/carrier.sh", include_str!("guest/carrier.sh"))];

/// Builds the initramfs in `folder` and returns its path.
pub(crate) fn build(kernel: &Kernel, folder: &Path, containers: bool) -> Result<PathBuf, LabError> {
    let mut parts = Parts {
        init: INIT,
        scripts: [&NETWORK_SCRIPTS[..], &[("etc/banner.sh", BANNER)]].concat(),
        modules: MODULES.to_vec(),
        programs: Vec::new(),
    };
    if containers {
        parts.scripts.push(("etc/net-info.sh", NET_INFO));
        parts.modules.extend(CONTAINER_MODULES);
        parts.programs.push(AGENT);
    }
    pack(kernel, folder, &parts)
}

/// Packs these parts as an initramfs in `folder` and returns its path.
pub(crate) fn pack(kernel: &Kernel, folder: &Path, parts: &Parts) -> Result<PathBuf, LabError> {
    let root = folder.join("initramfs");
    let made = |path: &str| {
        let path = root.join(path);
        fs::create_dir_all(&path).map_err(file_error("make", path))
    };
    ["bin", "dev", "proc", "sys", "tmp", "etc"].into_iter().try_for_each(made)?;
    copy(Path::new(BUSYBOX), &root.join("bin/busybox"))?;
    script(&root.join("init"), parts.init)?;
    for (path, text) in &parts.scripts {
        script(&root.join(path), text)?;
    }
    copy_modules(kernel, &root, &parts.modules)?;
    for program in &parts.programs {
        copy_with_libraries(Path::new(program), &root)?;
    }

    let archive = folder.join("initramfs.cpio");
    let pack = format!("find . | cpio --quiet -o -H newc > '{}'", archive.display());
    run(Command::new("sh").args(["-c", &pack]).current_dir(&root))?;
    Ok(archive)
}

/// The udhcpc script of a namespace guest.
pub(crate) fn udhcpc_script(folder: &Path) -> Result<PathBuf, LabError> {
    let path = folder.join("udhcpc.sh");
    script(&path, UDHCPC_SCRIPT)?;
    Ok(path)
}

/// The program behind port 22 of a namespace guest.
pub(crate) fn banner_script(folder: &Path) -> Result<PathBuf, LabError> {
    let path = folder.join("banner.sh");
    script(&path, BANNER)?;
    Ok(path)
}

/// Copies the drivers and their dependencies from modules.dep.
fn copy_modules(kernel: &Kernel, root: &Path, modules: &[&str]) -> Result<(), LabError> {
    let version = kernel.modules.file_name().unwrap_or_default();
    let target = root.join("lib/modules").join(version);
    let list = kernel.modules.join("modules.dep");
    let dependencies = fs::read_to_string(&list).map_err(file_error("read", &list))?;
    fs::create_dir_all(&target).map_err(file_error("make", &target))?;
    for file in modules.iter().flat_map(|module| module_files(&dependencies, module)) {
        let placed = target.join(file);
        let parent = placed.parent().unwrap_or(&target);
        fs::create_dir_all(parent).map_err(file_error("make", parent))?;
        copy(&kernel.modules.join(file), &placed)?;
        if placed.extension().is_some_and(|suffix| suffix == "xz") {
            // The guest's modprobe cannot read compressed files.
            run(Command::new("xz").args(["--decompress", "--force"]).arg(&placed))?;
        }
    }
    run(Command::new("depmod").arg("-b").arg(root).arg(version))?;
    Ok(())
}

/// Copies a program of this computer and its libraries to their paths.
fn copy_with_libraries(program: &Path, root: &Path) -> Result<(), LabError> {
    let listed = run(Command::new("ldd").arg(program))?;
    let libraries = listed.split_whitespace().filter(|word| word.starts_with('/')).map(Path::new);
    for file in libraries.chain([program]) {
        let placed = root.join(file.strip_prefix("/").unwrap_or(file));
        let parent = placed.parent().unwrap_or(root);
        fs::create_dir_all(parent).map_err(file_error("make", parent))?;
        copy(file, &placed)?;
    }
    Ok(())
}

/// The files of a module and its dependencies, from a line `path/module.ko: path/other.ko …`. Since
/// Debian 13 the names end with `.ko.xz`.
fn module_files<'a>(dependencies: &'a str, module: &str) -> Vec<&'a str> {
    let file_name = format!("/{module}.ko");
    let line = dependencies.lines().find_map(|line| {
        let (own, others) = line.split_once(':')?;
        own.trim_end_matches(".xz").ends_with(&file_name).then_some((own, others))
    });
    let files = line.map(|(own, others)| std::iter::once(own).chain(others.split_whitespace()));
    files.into_iter().flatten().collect()
}

/// Writes a program that a shell runs.
pub(crate) fn script(path: &Path, text: &str) -> Result<(), LabError> {
    fs::write(path, text).map_err(file_error("write", path))?;
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, executable).map_err(file_error("make executable", path))
}

fn copy(from: &Path, to: &Path) -> Result<(), LabError> {
    fs::copy(from, to).map(drop).map_err(file_error("copy", from))
}

#[cfg(test)]
mod tests {
    use super::module_files;

    #[test]
    fn finds_a_compressed_module() {
        let text = "kernel/drivers/net/virtio_net.ko.xz: kernel/net/core/failover.ko.xz\n";
        let files = module_files(text, "virtio_net");
        assert_eq!(
            files,
            ["kernel/drivers/net/virtio_net.ko.xz", "kernel/net/core/failover.ko.xz"]
        );
    }

    #[test]
    fn finds_a_modules_dependencies() {
        let text = "kernel/net/other.ko:\nkernel/drivers/net/virtio_net.ko: \
                    kernel/net/core/failover.ko kernel/drivers/virtio/virtio.ko\n";
        let files = module_files(text, "virtio_net");
        assert_eq!(
            files,
            [
                "kernel/drivers/net/virtio_net.ko",
                "kernel/net/core/failover.ko",
                "kernel/drivers/virtio/virtio.ko"
            ]
        );
        assert!(module_files(text, "net").is_empty());
    }
}
