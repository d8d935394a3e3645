//! The device of a macvtap, and whether anybody has it open.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
};

use rustix::fs::makedev;

/// The number of the device of the macvtap with this name, if it is one.
pub(super) fn number(macvtap: &str) -> Option<u64> {
    let taps = fs::read_dir(format!("/sys/class/net/{macvtap}/macvtap")).ok()?;
    let tap = taps.flatten().next()?;
    let number = fs::read_to_string(tap.path().join("dev")).ok()?;
    let (major, minor) = number.trim().split_once(':')?;
    Some(makedev(major.parse().ok()?, minor.parse().ok()?))
}

/// Whether a process has it open, in whatever network the process is. Only root can say so.
pub(super) fn is_open(macvtap: &str) -> io::Result<bool> {
    let Some(number) = number(macvtap) else { return Ok(false) };
    let processes = fs::read_dir("/proc")?.flatten();
    let mut open = processes.filter_map(|process| fs::read_dir(process.path().join("fd")).ok());
    Ok(open.any(|mut open| {
        open.any(|file| {
            // This follows the link to the open file itself.
            let status = file.and_then(|file| fs::metadata(file.path()));
            status.is_ok_and(|file| file.file_type().is_char_device() && file.rdev() == number)
        })
    }))
}
