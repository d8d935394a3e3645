//! Who runs a process and with which program, by `/proc`.

use std::{
    ffi::OsString,
    fs::File,
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::MetadataExt as _,
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use procfs::{FromRead as _, process::Stat};
use rustix::time::{ClockId, clock_gettime};
use vmkit_types::{Reading, Unread};

use crate::{
    Executable,
    linux_file::{gone, read, unread},
};

/// What the kernel puts behind the path of a program whose file was deleted or replaced.
const DELETED: &[u8] = b" (deleted)";

/// The part of a process's status that is read; the users stand in the first kilobyte.
const STATUS_LIMIT: usize = 4096;

/// The bits of a mode that let the group and everybody else write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The user of a process: the one that its real, effective, saved and file user agree on.
///
/// The owner of `/proc/PID` says less: it is root for each process that forbids dumps of its memory,
/// as anybody's can. And the effective user alone is root's for a program such as sudo, whose command
/// line is chosen by the user who starts it.
pub(crate) fn user(pid: u32) -> Reading<u32> {
    let path = format!("/proc/{pid}/status");
    let mut buffer = [0; STATUS_LIMIT];
    let text = match read(Path::new(&path), &mut buffer) {
        Ok(text) => String::from_utf8_lossy(text),
        Err(error) if gone(&error) => return Reading::Absent,
        Err(error) => return Reading::Unknown(unread(&format!("read {path}"), &error)),
    };
    user_in(&text).map_or_else(|why| Reading::Unknown(why.unread(path)), Reading::Known)
}

/// Why a status names no user.
#[derive(Debug, PartialEq, Eq)]
enum NoUser {
    Malformed,
    Several(String),
}

impl NoUser {
    fn unread(self, path: String) -> Unread {
        match self {
            Self::Malformed => Unread::Malformed(path),
            Self::Several(users) => Unread::Failed(format!("it runs as several users: {users}")),
        }
    }
}

fn user_in(status: &str) -> Result<u32, NoUser> {
    let line =
        status.lines().find_map(|line| line.strip_prefix("Uid:")).ok_or(NoUser::Malformed)?;
    let users: Option<Vec<u32>> = line.split_whitespace().map(|user| user.parse().ok()).collect();
    match users.as_deref() {
        Some([first, others @ ..]) if others.iter().all(|other| other == first) => Ok(*first),
        Some([_, ..]) => Err(NoUser::Several(line.trim().replace('\t', ", "))),
        _ => Err(NoUser::Malformed),
    }
}

/// The program of a process. One that was deleted or replaced is still looked at as the process runs it.
pub(crate) fn executable(pid: u32) -> Reading<Executable> {
    let path = format!("/proc/{pid}/exe");
    let target = std::fs::read_link(&path);
    match target.and_then(|target| Ok((target, std::fs::metadata(&path)?))) {
        Ok((target, status)) => Reading::Known(Executable {
            path: without_mark(target),
            owner: status.uid(),
            writable_by_others: status.mode() & WRITABLE_BY_OTHERS != 0,
        }),
        Err(error) if gone(&error) => Reading::Absent,
        Err(error) => Reading::Unknown(unread(&format!("read {path}"), &error)),
    }
}

fn without_mark(path: PathBuf) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    match bytes.strip_suffix(DELETED) {
        Some(before) => OsString::from_vec(before.to_owned()).into(),
        None => path,
    }
}

/// Whether the process holds a lock for writing on the file, which nobody can take without the right to
/// write to it. Everybody may see who holds which lock.
pub(crate) fn holds_lock(pid: u32, file: &Path) -> Reading<bool> {
    let failed = |operation: &str, error| Reading::Unknown(unread(operation, &error));
    let status = match file.symlink_metadata() {
        Ok(status) => status,
        Err(error) if gone(&error) => return Reading::Absent,
        Err(error) => return failed(&format!("look at {}", file.display()), error),
    };
    match std::fs::read_to_string("/proc/locks") {
        Ok(locks) => {
            let device = (rustix::fs::major(status.dev()), rustix::fs::minor(status.dev()));
            Reading::Known(locks.lines().any(|line| is_lock(line, pid, device, status.ino())))
        }
        Err(error) => failed("read /proc/locks", error),
    }
}

/// Whether a line such as `1: POSIX  ADVISORY  WRITE 4242 fe:01:1835 0 EOF` is this process's lock.
fn is_lock(line: &str, pid: u32, (major, minor): (u32, u32), inode: u64) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "WRITE", holder, file, ..] = words.as_slice() else { return false };
    let mut parts = file.split(':');
    let mut device = || u32::from_str_radix(parts.next()?, 16).ok();
    let numbers = (device(), device());
    holder.parse() == Ok(pid)
        && numbers == (Some(major), Some(minor))
        && parts.next().is_some_and(|number| number.parse() == Ok(inode))
}

/// When the process started. The kernel counts ticks since the boot, including suspended time.
pub(crate) fn started_at(pid: u32) -> Reading<SystemTime> {
    let path = format!("/proc/{pid}/stat");
    let stat = match File::open(&path) {
        Ok(file) => Stat::from_read(file),
        Err(error) if gone(&error) => return Reading::Absent,
        Err(error) => return Reading::Unknown(unread(&format!("read {path}"), &error)),
    };
    let Ok(stat) = stat else {
        return Reading::Unknown(Unread::Malformed(path));
    };
    let since_boot = after_boot(stat.starttime, procfs::ticks_per_second());
    let now = clock_gettime(ClockId::Boottime);
    let booted_ago = Duration::try_from(now).ok();
    let started = booted_ago
        .zip(since_boot)
        .and_then(|(up, since)| SystemTime::now().checked_sub(up.saturating_sub(since)));
    started.map_or(Reading::Unknown(Unread::Malformed(path)), Reading::Known)
}

/// The time from the boot to this tick.
fn after_boot(ticks: u64, per_second: u64) -> Option<Duration> {
    let nanoseconds = u128::from(ticks) * 1_000_000_000 / u128::from(per_second.max(1));
    u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_only_if_all_four_agree() {
        let rows = [
            ("Name:\tx\nUid:\t1000\t1000\t1000\t1000\nGid:\t0\n", Ok(1000)),
            ("Uid:\t0\t0\t0\t0\n", Ok(0)),
            ("Uid:\t1001\t0\t0\t0\n", Err(NoUser::Several("1001, 0, 0, 0".to_owned()))),
            ("Uid:\t0\t0\t0\t1001\n", Err(NoUser::Several("0, 0, 0, 1001".to_owned()))),
            ("Uid:\t\n", Err(NoUser::Malformed)),
            ("Uid:\troot\n", Err(NoUser::Malformed)),
            ("", Err(NoUser::Malformed)),
        ];
        for (status, expected) in rows {
            assert_eq!(user_in(status), expected, "{status}");
        }
    }

    #[test]
    fn a_replaced_program_keeps_its_name() {
        let rows = [
            ("/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-system-x86_64"),
            ("/usr/bin/qemu-system-x86_64 (deleted)", "/usr/bin/qemu-system-x86_64"),
            ("/usr/bin/(deleted)", "/usr/bin/(deleted)"),
        ];
        for (path, expected) in rows {
            assert_eq!(without_mark(path.into()), Path::new(expected));
        }
    }

    #[test]
    fn finds_the_lock_of_a_process_on_a_file() {
        let line = "1: POSIX  ADVISORY  WRITE 4242 fe:01:1835 0 EOF";
        let rows = [
            (line, true),
            ("1: POSIX  ADVISORY  READ  4242 fe:01:1835 0 EOF", false),
            ("1: FLOCK  ADVISORY  WRITE 4242 fe:01:1835 0 EOF", false),
            ("1: -> POSIX  ADVISORY  WRITE 4242 fe:01:1835 0 EOF", false),
            ("1: POSIX  ADVISORY  WRITE 4243 fe:01:1835 0 EOF", false),
            ("1: POSIX  ADVISORY  WRITE 4242 fe:02:1835 0 EOF", false),
            ("1: POSIX  ADVISORY  WRITE 4242 fe:01:1836 0 EOF", false),
            ("1: OFDLCK ADVISORY  WRITE -1 fe:01:1835 0 EOF", false),
            ("1: POSIX  ADVISORY  WRITE 4242 <none>:0 0 EOF", false),
            ("", false),
        ];
        for (line, expected) in rows {
            assert_eq!(is_lock(line, 4242, (0xfe, 1), 1835), expected, "{line}");
        }
    }

    #[test]
    fn converts_ticks_without_overflow() {
        assert_eq!(after_boot(150, 100), Some(Duration::from_millis(1500)));
        assert_eq!(after_boot(u64::MAX, 100), None);
    }
}
