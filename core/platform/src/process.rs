//! A process, its command line and its program.

use std::{path::PathBuf, time::SystemTime};

use vmkit_types::Reading;

/// Longest part of a command line that is read. libvirt's QEMU with a dozen disks has about 8 KiB; a
/// process may have megabytes.
pub(crate) const ARGUMENTS_LIMIT: usize = 64 * 1024;

/// One process of this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// The arguments, starting with the program. Bytes that are not UTF-8 are replaced. Empty for
    /// kernel threads and zombies. Cut after 64 KiB.
    pub arguments: Vec<String>,
    /// The user that it runs as. Unknown if it has several: then one user may have started another
    /// one's program.
    pub user: Reading<u32>,
    /// The start time.
    pub started_at: Reading<SystemTime>,
}

/// The host's end of a network card that a process holds open: a tap or a macvtap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPort {
    /// The number of the descriptor.
    pub descriptor: u32,
    /// The name of the interface.
    pub name: String,
    /// The adapter that a macvtap is on.
    pub uplink: Option<String>,
}

/// The program that a process runs, by what the kernel knows and not by its command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The path of its file. The file may have been replaced since.
    pub path: PathBuf,
    /// The owner of the file.
    pub owner: u32,
    /// Whether users who are neither its owner nor root may write to it.
    pub writable_by_others: bool,
}

impl Executable {
    /// Whether its file has the name of a QEMU that runs machines.
    pub fn is_qemu(&self) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Nix wraps programs in scripts and puts a dot before their names.
        let name = name.strip_prefix('.').unwrap_or(name);
        name.starts_with("qemu-system-") || name.starts_with("qemu-kvm")
    }

    /// Whether only root and these users can change it.
    pub fn belongs_to(&self, users: &[u32]) -> bool {
        !self.writable_by_others && (self.owner == 0 || users.contains(&self.owner))
    }
}

/// Splits a command line at its zero bytes.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn arguments(line: &[u8]) -> Vec<String> {
    let line = line.strip_suffix(&[0]).unwrap_or(line);
    if line.is_empty() {
        return Vec::new();
    }
    line.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_a_qemu_by_its_file_and_its_owner() {
        let rows = [
            ("/usr/bin/qemu-system-x86_64", 0, false, (true, true)),
            ("/usr/libexec/qemu-kvm", 0, false, (true, true)),
            ("/nix/store/x/bin/.qemu-system-x86_64-wrapped", 0, false, (true, true)),
            ("/home/ann/bin/qemu-system-x86_64", 1000, false, (true, true)),
            ("/home/eve/bin/qemu-system-x86_64", 1001, false, (true, false)),
            ("/usr/bin/qemu-system-x86_64", 0, true, (true, false)),
            ("/usr/bin/sudo", 0, false, (false, true)),
            ("/usr/bin/qemu-img", 0, false, (false, true)),
            ("/", 0, false, (false, true)),
        ];
        for (path, owner, writable_by_others, expected) in rows {
            let executable = Executable { path: path.into(), owner, writable_by_others };
            assert_eq!((executable.is_qemu(), executable.belongs_to(&[1000])), expected, "{path}");
        }
    }

    #[test]
    fn splits_a_command_line_at_zero_bytes() {
        let table: &[(&[u8], &[&str])] = &[
            (b"", &[]),
            (b"\0", &[]),
            (b"qemu\0-m\0\0q35\0", &["qemu", "-m", "", "q35"]),
            (b"cut off", &["cut off"]),
            (b"a\xffb\0", &["a\u{fffd}b"]),
        ];
        for (line, expected) in table {
            assert_eq!(arguments(line), *expected, "{line:?}");
        }
    }
}
