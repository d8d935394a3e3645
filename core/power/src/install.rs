//! Where QEMU and its firmware are installed.

use std::{
    env,
    ffi::OsStr,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use vmkit_platform::Executable;

use crate::{error::PowerError, plan::Architecture};

/// Where installers put programs: the systems' own, Homebrew's on both kinds of Mac, `MacPorts`, and Nix's.
const DIRECTORIES: &[&str] = &[
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/opt/local/bin",
    "/usr/bin",
    "/bin",
    "/run/current-system/sw/bin",
];

/// Red Hat's QEMU for the computer's own architecture, which is in no `PATH`.
const QEMU_KVM: &str = "/usr/libexec/qemu-kvm";

/// EDK2 for ARM beside a QEMU, from the directory above its `bin`.
const FIRMWARE_BESIDE_QEMU: &str = "share/qemu/edk2-aarch64-code.fd";

/// EDK2 for ARM as the systems' packages place it: Debian's, Fedora's, Arch's, and QEMU's own.
const FIRMWARE: &[&str] = &[
    "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    "/usr/share/AAVMF/AAVMF_CODE.fd",
    "/usr/share/edk2/aarch64/QEMU_EFI.fd",
    "/usr/share/edk2-armvirt/aarch64/QEMU_EFI.fd",
    "/usr/share/qemu/edk2-aarch64-code.fd",
    "/opt/homebrew/share/qemu/edk2-aarch64-code.fd",
    "/usr/local/share/qemu/edk2-aarch64-code.fd",
];

/// The QEMU for an architecture: the first in `PATH`, and then in the usual directories, that only root and
/// this user can change. Of `PATH`, which may be another user's, root believes those that root alone can change.
///
/// # Errors
/// No such QEMU is installed.
pub fn find_qemu(architecture: Architecture) -> Result<PathBuf, PowerError> {
    let name = format!("qemu-system-{}", architecture.word());
    let own = (Architecture::of_this_computer() == Some(architecture)).then(|| QEMU_KVM.into());
    find(&name, own).ok_or(PowerError::NoQemu(architecture))
}

/// QEMU's tool for disk images, found as [`find_qemu`] finds a QEMU.
pub fn find_qemu_img() -> Option<PathBuf> {
    find("qemu-img", None)
}

fn find(name: &str, elsewhere: Option<PathBuf>) -> Option<PathBuf> {
    let user = rustix::process::geteuid();
    let path = env::var_os("PATH").unwrap_or_default();
    let named = named(name, &path).filter(|program| !user.is_root() || is_in_roots_hands(program));
    let usual = DIRECTORIES.iter().map(|directory| Path::new(directory).join(name));
    let mut candidates = named.chain(usual).chain(elsewhere);
    candidates.find(|candidate| is_trusted(candidate, user.as_raw()))
}

/// Where `PATH` says that a program of this name may be.
fn named<'a>(name: &'a str, path: &'a OsStr) -> impl Iterator<Item = PathBuf> + 'a {
    let directories = env::split_paths(path).filter(|directory| directory.is_absolute());
    directories.map(move |directory| directory.join(name))
}

/// Whether no other user can put something else in the place of this program, or of a directory above it.
fn is_in_roots_hands(program: &Path) -> bool {
    let Ok(real) = program.canonicalize() else { return false };
    real.ancestors().all(|part| {
        let status = part.symlink_metadata();
        status.is_ok_and(|status| status.uid() == 0 && status.mode() & 0o022 == 0)
    })
}

/// Whether it is a program that root or the user alone can change. The inventory believes no other QEMU.
fn is_trusted(program: &Path, user: u32) -> bool {
    program.metadata().is_ok_and(|status| {
        let (path, owner) = (program.to_owned(), status.uid());
        let writable_by_others = status.mode() & 0o022 != 0;
        let executable = Executable { path, owner, writable_by_others };
        status.is_file() && status.mode() & 0o111 != 0 && executable.belongs_to(&[user])
    })
}

/// The firmware that machines of an architecture need; `None`: QEMU brings it.
///
/// # Errors
/// It is not installed.
pub fn find_firmware(
    architecture: Architecture,
    qemu: &Path,
) -> Result<Option<PathBuf>, PowerError> {
    match architecture {
        Architecture::X86_64 => Ok(None),
        Architecture::Aarch64 => {
            let prefix = qemu.parent().and_then(Path::parent);
            let beside = prefix.map(|prefix| prefix.join(FIRMWARE_BESIDE_QEMU));
            let usual = FIRMWARE.iter().map(PathBuf::from);
            let found = beside.into_iter().chain(usual).find(|path| path.is_file());
            found.map(Some).ok_or(PowerError::NoFirmware(architecture))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt as _,
    };

    use super::*;

    #[test]
    fn looks_in_whole_directories_of_path_alone() {
        let found: Vec<_> = named("qemu-img", OsStr::new("bin::./x:/nix/bin")).collect();
        assert_eq!(found, [Path::new("/nix/bin/qemu-img")], "none that depends on the directory");
    }

    #[test]
    fn trusts_a_program_that_only_its_user_and_root_can_change() {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("qemu-system-x86_64");
        let user = rustix::process::geteuid().as_raw();
        let rows = [(0o755, true), (0o644, false), (0o775, false), (0o757, false), (0o500, true)];
        fs::write(&program, "").unwrap();
        for (mode, expected) in rows {
            fs::set_permissions(&program, Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_trusted(&program, user), expected, "{mode:o}");
        }
        assert!(!is_trusted(place.path(), user), "a directory");
        assert!(!is_trusted(&place.path().join("none"), user));
    }

    #[test]
    fn root_believes_no_directory_that_others_can_write_to() {
        // `/tmp` is everybody's; `/bin` may be a link to a directory of root's.
        let place = tempfile::tempdir_in("/tmp").unwrap();
        let program = place.path().join("qemu-img");
        fs::write(&program, "").unwrap();
        assert!(!is_in_roots_hands(&program));
        assert!(is_in_roots_hands(Path::new("/bin/sh")));
        assert!(!is_in_roots_hands(Path::new("/nonexistent/qemu-img")));
    }

    #[test]
    fn finds_the_firmware_beside_its_qemu() {
        let place = tempfile::tempdir().unwrap();
        let firmware = place.path().join(FIRMWARE_BESIDE_QEMU);
        fs::create_dir_all(firmware.parent().unwrap()).unwrap();
        fs::write(&firmware, "").unwrap();
        let qemu = place.path().join("bin/qemu-system-aarch64");
        assert_eq!(find_firmware(Architecture::Aarch64, &qemu).unwrap(), Some(firmware));
        assert_eq!(find_firmware(Architecture::X86_64, &qemu).unwrap(), None);
    }
}
