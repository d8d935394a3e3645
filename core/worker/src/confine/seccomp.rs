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

use super::role::Role;

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
    // Threads and signals of this process; `clone` has a rule of its own below.
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

/// Further calls on sockets, for a plugin that may make some. Others have the socket of the host
/// alone, and cannot turn it to another address.
const FOR_SOCKETS: &[c_long] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_setsockopt,
];

/// The bits of a socket's type that say what kind it is; the others are flags.
const KIND_OF_SOCKET: u64 = 0xf;
/// Index of the address among the arguments of `sendto`.
const ADDRESS_OF_SENDTO: u8 = 4;

/// The sockets of the network by kind and protocol; zero is the kind's usual one. Others, such as MPTCP
/// and SCTP, are large parts of the kernel that the first such socket loads, and Landlock knows TCP
/// alone.
const NETWORK_SOCKETS: [(i32, i32); 6] = [
    (libc::SOCK_STREAM, 0),
    (libc::SOCK_STREAM, libc::IPPROTO_TCP),
    (libc::SOCK_DGRAM, 0),
    (libc::SOCK_DGRAM, libc::IPPROTO_UDP),
    (libc::SOCK_DGRAM, libc::IPPROTO_ICMP),
    (libc::SOCK_DGRAM, libc::IPPROTO_ICMPV6),
];

/// What may be asked of a descriptor by `ioctl`: whether it is a terminal, how much can be read, and
/// whether it blocks. `TIOCSTI` and its like are not among them.
const CONTROLS: [u64; 5] =
    [libc::TCGETS, libc::FIONREAD, libc::FIONBIO, libc::FIOCLEX, libc::FIONCLEX];

/// What may be done to a descriptor by `fcntl`: copy it, and read and set whether it is inherited and
/// blocks. `F_SETOWN` would send signals to other processes, and `F_SETLEASE` and locks would hold up
/// programs that use the same file.
const DESCRIPTOR_COMMANDS: [i32; 6] = [
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
];

/// What tells a thread from a process, and a process with namespaces of its own.
const CLONE_KINDS: i32 = libc::CLONE_THREAD
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

/// `PR_SET_VMA`: names of memory areas, which the allocator and thread stacks set.
const PR_SET_VMA: u64 = 0x5356_4d41;

/// Puts the list in force for this process and all its future threads.
pub(super) fn restrict(needs: &Needs, role: Role<'_>) -> Result<(), String> {
    let failed = |error| format!("cannot list system calls: {error}");
    let programs = [without_clone3().map_err(failed)?, program(needs, role).map_err(failed)?];
    // The strict filter comes last: it refuses to install another.
    for program in programs {
        apply_filter(&program).map_err(|error| format!("cannot restrict system calls: {error}"))?;
    }
    Ok(())
}

/// Has `clone3` fail as on a kernel that does not know it: its flags lie in memory, where no filter
/// reads them, and the C library then uses `clone`.
fn without_clone3() -> Result<BpfProgram, BackendError> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, unknown, architecture)?.try_into()
}

fn program(needs: &Needs, role: Role<'_>) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in ALLOWED.iter().chain(ALLOWED_HERE) {
        rules.insert(*call, Vec::new());
    }
    // The filter of `without_clone3` has refused it already, and the stricter filter wins.
    rules.insert(libc::SYS_clone3, Vec::new());
    rules.insert(libc::SYS_clone, vec![only_threads()?]);
    match role {
        Role::Library(_) => {}
        Role::Interpreter => drop(rules.insert(libc::SYS_wait4, Vec::new())),
        // `StartOnce` lets the first one pass.
        Role::Program(_) => drop(rules.insert(libc::SYS_execveat, Vec::new())),
    }
    rules.insert(libc::SYS_ioctl, argument_is_one_of(1, CONTROLS)?);
    rules.insert(libc::SYS_fcntl, argument_is_one_of(1, DESCRIPTOR_COMMANDS.map(number))?);
    if needs.network || needs.neighbour_table {
        rules.extend(FOR_SOCKETS.iter().map(|call| (*call, Vec::new())));
    } else {
        let no_address = argument_is(ADDRESS_OF_SENDTO, SeccompCmpArgLen::Qword, 0)?;
        rules.insert(libc::SYS_sendto, vec![SeccompRule::new(vec![no_address])?]);
    }
    let sockets = sockets(needs)?;
    if !sockets.is_empty() {
        rules.insert(libc::SYS_socket, sockets);
    }
    // A datagram socket of a pair could be sent from to any path.
    rules.insert(
        libc::SYS_socketpair,
        vec![SeccompRule::new(vec![
            argument_is(0, SeccompCmpArgLen::Dword, number(libc::AF_UNIX))?,
            masked(1, KIND_OF_SOCKET, number(libc::SOCK_STREAM))?,
        ])?],
    );
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, argument_is_one_of(0, [own])?);
    // Zero is the process itself: it must not change the limits of others.
    rules.insert(libc::SYS_prlimit64, argument_is_one_of(0, [0])?);
    let names = [libc::PR_SET_NAME, libc::PR_GET_NAME].map(number);
    rules.insert(libc::SYS_prctl, argument_is_one_of(0, names.into_iter().chain([PR_SET_VMA]))?);
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, refuse, SeccompAction::Allow, architecture)?.try_into()
}

/// The sockets that a plugin of these needs may make. None by path: behind a path stand other
/// programs, such as the monitors of machines.
fn sockets(needs: &Needs) -> Result<Vec<SeccompRule>, BackendError> {
    let mut rules = Vec::new();
    if needs.network {
        for family in [libc::AF_INET, libc::AF_INET6] {
            for (kind, protocol) in NETWORK_SOCKETS {
                rules.push(SeccompRule::new(vec![
                    argument_is(0, SeccompCmpArgLen::Dword, number(family))?,
                    masked(1, KIND_OF_SOCKET, number(kind))?,
                    argument_is(2, SeccompCmpArgLen::Dword, number(protocol))?,
                ])?);
            }
        }
    }
    if needs.neighbour_table {
        rules.push(SeccompRule::new(vec![
            argument_is(0, SeccompCmpArgLen::Dword, number(libc::AF_NETLINK))?,
            argument_is(2, SeccompCmpArgLen::Dword, number(libc::NETLINK_ROUTE))?,
        ])?);
    }
    Ok(rules)
}

/// Threads, and neither processes nor namespaces: a worker has no child that could outlive it or its
/// limits.
fn only_threads() -> Result<SeccompRule, BackendError> {
    let kinds = u64::from(CLONE_KINDS.cast_unsigned());
    SeccompRule::new(vec![masked(0, kinds, number(libc::CLONE_THREAD))?])
}

/// One rule per value; a call passes when any of them holds.
fn argument_is_one_of(
    argument: u8,
    values: impl IntoIterator<Item = u64>,
) -> Result<Vec<SeccompRule>, BackendError> {
    let rule =
        |value| SeccompRule::new(vec![argument_is(argument, SeccompCmpArgLen::Dword, value)?]);
    values.into_iter().map(rule).collect()
}

fn argument_is(
    argument: u8,
    length: SeccompCmpArgLen,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, length, SeccompCmpOp::Eq, value)
}

/// The bits of the argument that the mask selects are these.
fn masked(argument: u8, mask: u64, bits: u64) -> Result<SeccompCondition, BackendError> {
    let operator = SeccompCmpOp::MaskedEq(mask);
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, bits)
}

/// A constant of the system's interface as filters compare it.
fn number(constant: i32) -> u64 {
    u64::from(constant.unsigned_abs())
}
