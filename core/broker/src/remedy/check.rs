//! Whether an argument is what it is said to be.

use std::path::Path;

use vmkit_rights::{Account, Refusal};
use vmkit_types::{Interface, InterfaceKind};

use super::list::Meaning;
use crate::interface::attachable;

/// Longest path and name, in octets: what the kernel opens, and a file's name.
const LONGEST_PATH: usize = 4096;
const LONGEST_NAME: usize = 255;

/// Confirms one argument of a command for this user.
pub(super) fn confirm(meaning: Meaning, value: &str, user: Account) -> Result<(), Refusal> {
    match meaning {
        Meaning::Port => {
            of_kind(value, &[InterfaceKind::Tap], "a machine's port")?;
            held_by_a_machine(value, user)
        }
        Meaning::Bridge => of_kind(value, &[InterfaceKind::Bridge], "a bridge").map(drop),
        Meaning::Uplink => {
            let adapters = [InterfaceKind::Ethernet, InterfaceKind::Wifi];
            of_kind(value, &adapters, "an adapter of this computer").map(drop)
        }
        Meaning::DataDirectory => {
            let usable = Path::new(value).is_absolute() && value.len() <= LONGEST_PATH;
            usable.then_some(()).ok_or_else(|| refused(value, "the path of a directory"))
        }
        Meaning::Name => {
            let usable = !value.is_empty() && !value.starts_with('-') && !value.contains('/');
            let usable = usable && value.len() <= LONGEST_NAME;
            usable.then_some(()).ok_or_else(|| refused(value, "a machine's name"))
        }
    }
}

fn of_kind(name: &str, kinds: &[InterfaceKind], what: &str) -> Result<Interface, Refusal> {
    let interface = attachable(name)?;
    if kinds.contains(&interface.kind) { Ok(interface) } else { Err(refused(name, what)) }
}

fn refused(value: &str, what: &str) -> Refusal {
    Refusal::denied(format!("{value:?} is not {what}"))
}

/// Whether a QEMU of the user's or of root's holds the port, by what the kernel says of its open files.
///
/// Its program must be root's: a user's own program can hold what it likes and have the name of a QEMU.
/// A true QEMU to which its user passes a tap from another namespace still passes, if the tap has the
/// name of the port: the kernel tells the namespace of an open tap only to `ioctl`.
#[cfg(target_os = "linux")]
fn held_by_a_machine(port: &str, user: Account) -> Result<(), Refusal> {
    let entries = std::fs::read_dir("/proc")
        .map_err(|error| Refusal::failed(format!("list the processes: {error}")))?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let mut holders = pids.filter(|pid| holds::port(*pid, port));
    let is_machine = |pid| {
        crate::process::Qemu::of(pid, user)
            .is_ok_and(|qemu| qemu.program.belongs_to(&[]) && holds::in_own_namespaces(pid))
    };
    if holders.any(is_machine) {
        Ok(())
    } else {
        Err(Refusal::denied(format!("no machine of user {} holds the port {port}", user.uid)))
    }
}

#[cfg(not(target_os = "linux"))]
fn held_by_a_machine(port: &str, _: Account) -> Result<(), Refusal> {
    Err(Refusal::denied(format!("this system does not say which machine holds the port {port}")))
}

#[cfg(target_os = "linux")]
mod holds {
    use std::{
        fs,
        os::unix::fs::{FileTypeExt as _, MetadataExt as _},
        path::Path,
    };

    use rustix::fs::{major, makedev, minor};

    /// The device through which programs open taps.
    const TUN: (u32, u32) = (10, 200);

    /// Whether the process has the port's device open. Names of files say nothing: each process may
    /// have mounts of its own.
    pub(super) fn port(pid: u32, port: &str) -> bool {
        let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        let macvtap = macvtap(port);
        entries.flatten().any(|entry| {
            // This follows the link to the open file itself.
            let Ok(status) = fs::metadata(entry.path()) else { return false };
            let device = status.file_type().is_char_device().then_some(status.rdev());
            match device {
                None => false,
                Some(device) if device == makedev(TUN.0, TUN.1) => {
                    let info = Path::new("/proc").join(pid.to_string()).join("fdinfo");
                    let info = fs::read_to_string(info.join(entry.file_name()));
                    info.is_ok_and(|info| is_of(&info, port))
                }
                Some(device) => Some((major(device), minor(device))) == macvtap,
            }
        })
    }

    /// Whether what the kernel says of an open tap names this port.
    fn is_of(info: &str, port: &str) -> bool {
        info.lines().any(|line| line.strip_prefix("iff:").is_some_and(|name| name.trim() == port))
    }

    /// The number of the port's device, if it is a macvtap.
    fn macvtap(port: &str) -> Option<(u32, u32)> {
        let taps = fs::read_dir(format!("/sys/class/net/{port}/macvtap")).ok()?;
        let tap = taps.flatten().next()?;
        let number = fs::read_to_string(tap.path().join("dev")).ok()?;
        let (major, minor) = number.trim().split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// Whether the process is where this one is: in another network a tap may have the name of a port
    /// of this one, and in a user namespace a mount can give any program the name of a QEMU.
    pub(super) fn in_own_namespaces(pid: u32) -> bool {
        ["net", "user"].into_iter().all(|kind| {
            let of = |process: &str| {
                let status = fs::metadata(format!("/proc/{process}/ns/{kind}")).ok()?;
                Some((status.dev(), status.ino()))
            };
            of("self").is_some_and(|own| of(&pid.to_string()) == Some(own))
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_tap_counts_by_the_kernels_word_alone() {
            let rows = [
                ("pos:\t0\nflags:\t02\niff:\ttap1\n", true),
                ("iff:\ttap12\n", false),
                ("iff:\t\n", false),
                ("flags:\ttap1\n", false),
                ("", false),
            ];
            for (info, expected) in rows {
                assert_eq!(is_of(info, "tap1"), expected, "{info:?}");
            }
        }

        #[test]
        fn a_plain_file_with_the_name_of_a_device_is_no_port() {
            let directory = tempfile::tempdir().unwrap();
            let file = fs::File::create(directory.path().join("tap1")).unwrap();
            assert!(!port(std::process::id(), "tap1"));
            assert!(!port(std::process::id(), "lo"));
            assert!(in_own_namespaces(std::process::id()));
            assert!(!in_own_namespaces(u32::MAX));
            drop(file);
        }
    }
}
