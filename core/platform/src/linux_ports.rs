//! The ports of machines that a process holds open, by `/proc` and `/sys`.
//!
//! Names of files say nothing: each process may have mounts of its own. The number of a device is the
//! kernel's word.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{major, minor};
use vmkit_types::Reading;

use crate::{
    HeldPort,
    linux_file::{gone, read, unread},
};

/// The device through which programs open taps.
const TUN: (u32, u32) = (10, 200);

/// What the kernel says of a descriptor has a few lines.
const INFO_LIMIT: usize = 4096;

/// Most ports of one process: a QEMU machine has 32 slots for cards.
const MOST_PORTS: usize = 64;

pub(crate) fn ports(pid: u32) -> Reading<Vec<HeldPort>> {
    match is_in_own_network(pid) {
        Ok(true) => {}
        Ok(false) => return Reading::Absent,
        Err(error) if gone(&error) => return Reading::Absent,
        Err(error) => {
            return Reading::Unknown(unread(&format!("see the network of process {pid}"), &error));
        }
    }
    let path = format!("/proc/{pid}/fd");
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if gone(&error) => return Reading::Absent,
        Err(error) => return Reading::Unknown(unread(&format!("list {path}"), &error)),
    };
    let mut macvtaps = None;
    let ports = entries.flatten().filter_map(|entry| {
        // This follows the link to the open file itself.
        let status = fs::metadata(entry.path()).ok()?;
        if !status.file_type().is_char_device() {
            return None;
        }
        let descriptor = entry.file_name().to_str()?.parse().ok()?;
        let device = (major(status.rdev()), minor(status.rdev()));
        if device == TUN {
            let name = tap(pid, descriptor)?;
            return Some(HeldPort { descriptor, name, uplink: None });
        }
        let name = macvtaps.get_or_insert_with(macvtaps_by_device).get(&device)?.clone();
        let uplink = lower(&name);
        Some(HeldPort { descriptor, name, uplink })
    });
    Reading::Known(ports.take(MOST_PORTS).collect())
}

/// Whether the process is in the network of this one.
pub(crate) fn shares_network(pid: u32) -> Reading<bool> {
    match is_in_own_network(pid) {
        Ok(shares) => Reading::Known(shares),
        Err(error) if gone(&error) => Reading::Absent,
        Err(error) => Reading::Unknown(unread("look at the network of a process", &error)),
    }
}

/// Whether the process is in the network of this one: in another one a tap may have the name of a port
/// of this one.
fn is_in_own_network(pid: u32) -> std::io::Result<bool> {
    let of = |process: &str| -> std::io::Result<(u64, u64)> {
        let status = fs::metadata(format!("/proc/{process}/ns/net"))?;
        Ok((status.dev(), status.ino()))
    };
    Ok(of("self")? == of(&pid.to_string())?)
}

/// The name of an open tap.
fn tap(pid: u32, descriptor: u32) -> Option<String> {
    let path = format!("/proc/{pid}/fdinfo/{descriptor}");
    let mut buffer = [0; INFO_LIMIT];
    let info = read(Path::new(&path), &mut buffer).ok()?;
    named_in(&String::from_utf8_lossy(info)).map(str::to_owned)
}

/// The interface that the kernel names in what it says of a descriptor.
fn named_in(info: &str) -> Option<&str> {
    let name = info.lines().find_map(|line| line.strip_prefix("iff:"))?.trim();
    (!name.is_empty()).then_some(name)
}

/// The macvtaps of this network by the numbers of their devices.
fn macvtaps_by_device() -> HashMap<(u32, u32), String> {
    let interfaces = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let numbered = interfaces.filter_map(|interface| {
        let tap = fs::read_dir(interface.path().join("macvtap")).ok()?.flatten().next()?;
        let number = fs::read_to_string(tap.path().join("dev")).ok()?;
        let (major, minor) = number.trim().split_once(':')?;
        let device = (major.parse().ok()?, minor.parse().ok()?);
        Some((device, interface.file_name().into_string().ok()?))
    });
    numbered.collect()
}

/// The adapter below an interface.
fn lower(interface: &str) -> Option<String> {
    let entries = fs::read_dir(PathBuf::from("/sys/class/net").join(interface)).ok()?;
    let mut names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.find_map(|name| Some(name.strip_prefix("lower_")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_has_the_name_that_the_kernel_says() {
        let rows = [
            ("pos:\t0\nflags:\t02\niff:\ttap1\n", Some("tap1")),
            ("iff:\ttap12\n", Some("tap12")),
            ("iff:\t\n", None),
            ("flags:\ttap1\n", None),
            ("", None),
        ];
        for (info, expected) in rows {
            assert_eq!(named_in(info), expected, "{info:?}");
        }
    }

    #[test]
    fn a_plain_file_with_the_name_of_a_device_is_no_port() {
        let directory = tempfile::tempdir().unwrap();
        let file = fs::File::create(directory.path().join("tap1")).unwrap();
        let null = fs::File::open("/dev/null").unwrap();
        assert_eq!(ports(std::process::id()), Reading::Known(Vec::new()));
        assert_eq!(ports(u32::MAX), Reading::Absent);
        drop((file, null));
    }
}
