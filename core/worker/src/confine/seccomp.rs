//! Limits the process to a list of system calls.
//!
//! The list has what Rust's standard library, its allocator, threads and tokio use. Every other call
//! fails with EPERM, so a plugin gets an error that it can report, and not a signal.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter,
};
use vmkit_wire::Needs;

/// Allowed with any arguments.
const ALLOWED: &[c_long] = &[
    // Reading, writing and examining open files.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_fstat,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    // Opening files. Landlock decides which.
    libc::SYS_openat,
    libc::SYS_statx,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    // Using open sockets; `socket` itself has a rule of its own below.
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    // Waiting.
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_restart_syscall,
    // Memory.
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    // Threads and signals of this process.
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // The process and the system.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_uname,
    libc::SYS_getrandom,
    libc::SYS_sysinfo,
];

/// The older names of the same calls, which this architecture still has.
#[cfg(target_arch = "x86_64")]
const ALLOWED_HERE: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_arch_prctl,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_HERE: &[c_long] = &[];

/// Further calls on open sockets. They could turn a packet socket to other links than the one that the
/// host bound it to.
const FOR_SOCKETS: &[c_long] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_setsockopt,
];

/// Index of the address among the arguments of `sendto`.
const ADDRESS_OF_SENDTO: u8 = 4;

/// Further calls of a plugin that runs a program.
const FOR_PROGRAMS: &[c_long] = &[libc::SYS_execve, libc::SYS_wait4, libc::SYS_waitid];

/// `PR_SET_VMA`: names of memory areas, which the allocator and thread stacks set.
const PR_SET_VMA: u64 = 0x5356_4d41;

/// Puts the list in force for this process and all its future threads.
pub(super) fn restrict(needs: &Needs) -> Result<(), String> {
    let program = program(needs).map_err(|error| format!("cannot list system calls: {error}"))?;
    apply_filter(&program).map_err(|error| format!("cannot restrict system calls: {error}"))
}

fn program(needs: &Needs) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let programs = if needs.exec.is_empty() { &[] } else { FOR_PROGRAMS };
    for call in ALLOWED.iter().chain(ALLOWED_HERE).chain(programs) {
        rules.insert(*call, Vec::new());
    }
    if needs.raw_socket && !needs.network && !needs.neighbour_table {
        let no_address = argument_is(ADDRESS_OF_SENDTO, SeccompCmpArgLen::Qword, 0)?;
        rules.insert(libc::SYS_sendto, vec![no_address]);
    } else {
        rules.extend(FOR_SOCKETS.iter().map(|call| (*call, Vec::new())));
    }
    let mut families = vec![libc::AF_UNIX];
    if needs.network {
        families.extend([libc::AF_INET, libc::AF_INET6]);
    }
    if needs.neighbour_table {
        families.push(libc::AF_NETLINK);
    }
    let families = families.into_iter().map(|family| u64::from(family.unsigned_abs()));
    rules.insert(libc::SYS_socket, first_argument_is_one_of(families)?);
    rules.insert(libc::SYS_socketpair, first_argument_is_one_of([1])?);
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, first_argument_is_one_of([own])?);
    // Zero is the process itself: it must not change the limits of others.
    rules.insert(libc::SYS_prlimit64, first_argument_is_one_of([0])?);
    let names = [libc::PR_SET_NAME, libc::PR_GET_NAME].map(|name| u64::from(name.unsigned_abs()));
    rules.insert(libc::SYS_prctl, first_argument_is_one_of(names.into_iter().chain([PR_SET_VMA]))?);
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, refuse, SeccompAction::Allow, architecture)?.try_into()
}

/// One rule per value. A call is allowed if any rule matches.
fn first_argument_is_one_of(
    values: impl IntoIterator<Item = u64>,
) -> Result<Vec<SeccompRule>, BackendError> {
    values.into_iter().map(|value| argument_is(0, SeccompCmpArgLen::Dword, value)).collect()
}

fn argument_is(
    argument: u8,
    length: SeccompCmpArgLen,
    value: u64,
) -> Result<SeccompRule, BackendError> {
    let equal = SeccompCondition::new(argument, length, SeccompCmpOp::Eq, value)?;
    SeccompRule::new(vec![equal])
}
