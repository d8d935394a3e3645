//! The device of a macvtap, and whether anybody has it open.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
};

use rustix::fs::makedev;

/// The number of the device of the macvtap with this name.
pub(super) fn number(macvtap: &str) -> io::Result<u64> {
    let missing = || io::Error::other("the kernel does not say its number");
    let mut taps = fs::read_dir(format!("/sys/class/net/{macvtap}/macvtap"))?;
    let tap = taps.next().ok_or_else(missing)??;
    let number = fs::read_to_string(tap.path().join("dev"))?;
    let (major, minor) = number.trim().split_once(':').ok_or_else(missing)?;
    let parsed = |number: &str| number.parse().map_err(|_| missing());
    Ok(makedev(parsed(major)?, parsed(minor)?))
}

/// Whether a process has it open, in whatever network the process is. Only root can say so.
pub(super) fn is_open(macvtap: &str) -> io::Result<bool> {
    let number = number(macvtap)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_a_known_number_is_not_said_to_be_closed() {
        for name in ["lo", "no-such-device"] {
            assert!(is_open(name).is_err(), "{name}");
        }
    }
}
