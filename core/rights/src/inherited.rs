//! Descriptors that this process got from the program that started it, and that outlive it in another one.

use std::{fs::File, io, os::fd::OwnedFd};

/// The first descriptor that is no standard stream.
#[cfg(target_os = "linux")]
const FIRST: i32 = 3;

/// What a program that outlives this process is to have in place of the descriptors that it would inherit, with
/// their numbers: the null device. Whoever called `vm` may wait for the end of a pipe, or have locked a file.
///
/// # Errors
/// The null device cannot be opened.
pub fn nothing_inherited() -> io::Result<Vec<(OwnedFd, i32)>> {
    let null = || File::open("/dev/null").map(OwnedFd::from);
    inherited().into_iter().map(|number| Ok((null()?, number))).collect()
}

/// Their numbers; none where the system does not show them.
#[cfg(target_os = "linux")]
fn inherited() -> Vec<i32> {
    use std::fs;

    use rustix::fs::OFlags;

    let numbers = fs::read_dir("/proc/self/fdinfo").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_inherited = |number: &i32| {
        let facts = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
        let flags = facts.lines().find_map(|line| line.strip_prefix("flags:"));
        let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
        flags.is_some_and(|flags| flags & OFlags::CLOEXEC.bits() == 0)
    };
    numbers.filter(|number| *number >= FIRST).filter(is_inherited).collect()
}

/// There sudo closes them before it starts anything that outlives this process.
#[cfg(not(target_os = "linux"))]
fn inherited() -> Vec<i32> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::fd::AsRawFd as _;

    use rustix::io::{FdFlags, fcntl_setfd};

    use super::*;

    #[test]
    fn knows_what_another_program_would_inherit() {
        let file = File::open("/dev/null").unwrap();
        assert!(!inherited().contains(&file.as_raw_fd()));
        fcntl_setfd(&file, FdFlags::empty()).unwrap();
        assert!(inherited().contains(&file.as_raw_fd()));
        assert!(nothing_inherited().unwrap().iter().any(|(_, number)| *number == file.as_raw_fd()));
    }
}
