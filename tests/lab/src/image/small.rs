//! The small guest: the kernel, busybox and dropbear in an initramfs that the disk boots.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::disk::{self, Boot};
use crate::{
    LabError,
    error::file_error,
    guest_kernel,
    initramfs::{self, BUSYBOX, NETWORK_SCRIPTS, Parts},
};

/// Its first program.
const INIT: &str = include_str!("../guest/disk.sh");
/// The kernel's messages stay on the console, since the first one marks a boot. Under emulation on a busy
/// computer the timer ticks late, and the kernel's check would panic.
const WORDS: &str = "console=ttyS0 no_timer_check";
/// Drivers for the network, the disks, the seed's file systems and the button of the case.
const MODULES: &[&str] = &[
    "virtio_pci",
    "virtio_net",
    "virtio_blk",
    "vfat",
    "nls_cp437",
    "nls_ascii",
    "isofs",
    "button",
    "evdev",
];
/// The SSH server, and the program that makes its keys.
const PROGRAMS: &[&str] = &["/usr/sbin/dropbear", "/usr/bin/dropbearkey"];
/// Enough for the kernel, the initramfs and what the guest keeps.
const SIZE_MIB: u32 = 48;

/// What the image is made of.
pub(super) fn inputs() -> Result<Vec<Vec<u8>>, LabError> {
    let read = |path: &Path| fs::read(path).map_err(file_error("read", path));
    let mut inputs: Vec<Vec<u8>> = [INIT, WORDS].map(Into::into).into();
    inputs.extend(NETWORK_SCRIPTS.map(|(_, text)| text.into()));
    inputs.push(SIZE_MIB.to_le_bytes().to_vec());
    inputs.extend(MODULES.iter().map(|module| module.as_bytes().to_vec()));
    for program in PROGRAMS.iter().chain([&BUSYBOX]) {
        inputs.push(read(Path::new(program))?);
    }
    // Its name has the version.
    inputs.push(guest_kernel()?.image.display().to_string().into_bytes());
    Ok(inputs)
}

/// Makes the raw disk in this folder.
pub(super) fn make(folder: &Path) -> Result<PathBuf, LabError> {
    let kernel = guest_kernel()?;
    let parts = Parts {
        init: INIT,
        scripts: NETWORK_SCRIPTS.to_vec(),
        modules: MODULES.to_vec(),
        programs: PROGRAMS.to_vec(),
    };
    let initramfs = initramfs::pack(&kernel, folder, &parts)?;
    let boot =
        Boot { kernel: &kernel.image, initramfs: &initramfs, words: WORDS, size_mib: SIZE_MIB };
    disk::write(folder, &boot, None).map(|(disk, _)| disk)
}
