//! A real Debian with systemd, netplan, cloud-init and OpenSSH, made from Debian's packages.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::disk::{self, Boot};
use crate::{
    LabError,
    command::run,
    initramfs::script,
    kernel::only_entry,
    requirements::{DEBIAN_REQUIREMENTS, require},
};

const SUITE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
/// What Debian's own image for clouds has of these.
const PACKAGES: &str = "linux-image-cloud-amd64,cloud-init,openssh-server,systemd-sysv,\
    systemd-resolved,netplan.io,dbus,udev,iproute2,sudo,libpam-systemd";
/// Files that no test reads.
const UNREAD: &[&str] = &["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"];
const FINISH: &str = include_str!("../guest/debian.sh");
const WORDS: &str = "root=LABEL=root ro console=ttyS0 no_timer_check";
/// Enough for the kernel and its initramfs.
const BOOT_MIB: u32 = 96;
/// Enough for a system of 0.4 GB and its logs.
const ROOT_MIB: u32 = 1500;

/// What the image is made of, but for the versions of the packages.
pub(super) fn inputs() -> Vec<Vec<u8>> {
    let texts = [SUITE, PACKAGES, FINISH, WORDS].into_iter().chain(UNREAD.iter().copied());
    let sizes = [BOOT_MIB, ROOT_MIB].map(|size| size.to_le_bytes().to_vec());
    texts.map(Into::into).chain(sizes).collect()
}

/// Makes the raw disk in this folder.
pub(super) fn make(folder: &Path) -> Result<PathBuf, LabError> {
    require(DEBIAN_REQUIREMENTS)?;
    let system = folder.join("root");
    install(folder, &system)?;
    let kernel = only_entry(&system.join("boot"), "vmlinuz-")?;
    let initramfs = only_entry(&system.join("boot"), "initrd.img-")?;
    let boot = Boot { kernel: &kernel, initramfs: &initramfs, words: WORDS, size_mib: BOOT_MIB };
    let (disk, room) = disk::write(folder, &boot, Some(ROOT_MIB))?;
    let mut format = Command::new("mkfs.ext4");
    format.args(["-q", "-L", "root", "-E", &format!("offset={room}"), "-d"]);
    run(format.args([&system, &disk]).arg(format!("{ROOT_MIB}m")))?;
    Ok(disk)
}

/// Installs the packages into this folder.
fn install(folder: &Path, system: &Path) -> Result<(), LabError> {
    let finish = folder.join("finish.sh");
    script(&finish, FINISH)?;
    let mirror = env::var("VMKIT_DEBIAN_MIRROR").unwrap_or_else(|_| MIRROR.to_owned());
    // It mounts parts of this computer in the folder. If it is killed, they end with their namespace.
    let mut install = Command::new("unshare");
    install.args(["--mount", "mmdebstrap"]);
    install.args(["--mode=root", "--variant=minbase", "--skip=output/dev"]);
    install.arg(format!("--include={PACKAGES}"));
    install.args(UNREAD.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    install.arg(format!("--customize-hook={}", finish.display()));
    run(install.arg(SUITE).arg(system).arg(mirror)).map(drop)
}
