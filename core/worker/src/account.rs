//! Limits and identity of the process.

use std::io;

use vmkit_wire::Account;

/// Address space in bytes. A plugin needs tens of megabytes; the limit protects the computer from a
/// runaway one.
const ADDRESS_SPACE: u64 = 1 << 30;
/// Open files: the SSH plugin opens up to 256 sockets at one time, and no plugin more.
const OPEN_FILES: u64 = 1024;
/// Largest file of a snapshot in bytes, more than any capture or end of a console needs.
const RECORDED_BYTES: u64 = 256 << 20;
/// Seconds of processor time, far more than any call takes. The limit ends a loop that outlives its
/// host.
const PROCESSOR_SECONDS: u64 = 30;

/// Threads. The kernel counts those of all processes of the user together, so that this cannot be as few
/// as a plugin needs; a user of a small computer may start about as many.
const THREADS: u64 = 16_384;

/// Limits the resources of the process. It writes no core dump, which could hold a guest's console. Returns
/// whether its memory is limited, which macOS refuses.
pub(crate) fn limit(writes: bool) -> io::Result<bool> {
    let limits = [
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_AS, ADDRESS_SPACE),
        (libc::RLIMIT_NOFILE, OPEN_FILES),
        (libc::RLIMIT_FSIZE, if writes { RECORDED_BYTES } else { 0 }),
        (libc::RLIMIT_CPU, PROCESSOR_SECONDS),
        (libc::RLIMIT_NPROC, THREADS),
    ];
    let mut limits_memory = true;
    for (resource, most) in limits {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: the pointer is to a live `rlimit` on this stack.
        if unsafe { libc::setrlimit(resource, &raw const limit) } != 0 {
            let error = io::Error::last_os_error();
            // The inherited limit may already be lower. macOS may refuse a limit of address space.
            let lower = error.kind() == io::ErrorKind::PermissionDenied;
            if !lower && cfg!(target_os = "linux") {
                return Err(error);
            }
            limits_memory &= lower || resource != libc::RLIMIT_AS;
        }
    }
    Ok(limits_memory)
}

/// Makes the process this user for good. It must be root.
pub(crate) fn become_user(account: Account) -> io::Result<()> {
    // SAFETY: plain calls that change this process's identity; it has one thread yet, so all of
    // it changes. The list of groups is empty, so its pointer is not read.
    let changed = unsafe {
        libc::setgroups(0, std::ptr::null()) == 0
            && libc::setgid(account.gid) == 0
            && libc::setuid(account.uid) == 0
            // If the process can become root again, nothing was dropped.
            && (account.uid == 0 || libc::setuid(0) != 0)
    };
    if changed { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether the process is root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
