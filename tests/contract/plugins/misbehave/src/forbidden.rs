//! What no manifest lets a plugin do, or not this one.

use std::{
    fs::{self, File},
    io,
    process::Command,
    time::{Duration, Instant},
};

use vmkit_plugin::{Cx, Error, ErrorCode, Kind, Observation, Result};

/// What is attempted, and what came of it.
type Attempt = (&'static str, io::Result<()>);

/// Tries what the manifest does not declare, and reports what succeeded.
pub(crate) fn attempt(cx: &Cx<'_>) -> Result<()> {
    let attempts = files().into_iter().chain(sockets()).chain(descriptors()).chain(processes());
    let attempts: Vec<Attempt> = attempts.collect();
    let user = if user() == 0 { ["be root"].as_slice() } else { &[] };
    let done = attempts.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(what, _)| *what);
    let done: Vec<&str> = done.chain(user.iter().copied()).collect();
    let said = Kind::Other("said".to_owned());
    cx.emit(Observation::new(0, said, format!("succeeded: {}", done.join(", "))))?;
    // Threads and clocks still work under confinement.
    let began = Instant::now();
    let thread = std::thread::spawn(move || began.elapsed() < Duration::from_mins(1));
    thread.join().map(|_| ()).map_err(|_| Error::new(ErrorCode::Other, "no thread"))
}

fn datagram_pair() -> io::Result<()> {
    let mut pair = [0; 2];
    // SAFETY: the array has room for both descriptors.
    let made = unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, pair.as_mut_ptr()) };
    if made == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(target_os = "linux")]
fn interfaces_by_control() -> io::Result<()> {
    let mut list = [0_u8; 16];
    // SAFETY: an empty list with no room behind it only asks for the size that is needed. Standard
    // input is a socket.
    let asked = unsafe { libc::ioctl(0, libc::SIOCGIFCONF, list.as_mut_ptr()) };
    if asked == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn own_by_host() -> io::Result<()> {
    // SAFETY: a plain call. Standard input is a file of the worker.
    let done = unsafe { libc::fcntl(0, libc::F_SETOWN, libc::getppid()) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn lock() -> io::Result<()> {
    // SAFETY: all zeros are a valid lock, of the whole file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::c_short::try_from(libc::F_RDLCK).unwrap_or(0);
    // SAFETY: a plain call with a live lock. Standard input is open for reading.
    let done = unsafe { libc::fcntl(0, libc::F_SETLK, &raw const lock) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(target_os = "linux")]
fn child_process(kinds: libc::c_int) -> io::Result<()> {
    let flags = libc::c_long::from(kinds | libc::SIGCHLD);
    // SAFETY: without a stack of its own the child is a copy of this process, as by `fork`.
    match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        // SAFETY: the child ends at once.
        0 => unsafe { libc::_exit(0) },
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The test has one open that it does not close for programs that it starts.
fn inherited_directory() -> io::Result<()> {
    let is_directory = |descriptor: &i32| {
        // SAFETY: all zeros are a valid `stat`.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live `stat` on this stack.
        let known = unsafe { libc::fstat(*descriptor, &raw mut status) } == 0;
        known && status.st_mode & libc::S_IFMT == libc::S_IFDIR
    };
    let found = (3..1024).find(is_directory);
    found.map(drop).ok_or_else(|| io::Error::other("no such descriptor"))
}

fn files() -> Vec<Attempt> {
    vec![
        ("read /etc/passwd", fs::read("/etc/passwd").map(drop)),
        ("read /proc/net/arp", fs::read("/proc/net/arp").map(drop)),
        ("list /", fs::read_dir("/").map(drop)),
        ("write /tmp", fs::write("/tmp/vmkit-misbehave", "x")),
        ("open the terminal", File::open("/dev/tty").map(drop)),
    ]
}

fn sockets() -> Vec<Attempt> {
    let mut attempts = vec![
        ("open a TCP socket", socket(libc::AF_INET, libc::SOCK_STREAM, 0)),
        ("open a UDP socket", socket(libc::AF_INET6, libc::SOCK_DGRAM, libc::IPPROTO_UDP)),
        // Behind paths stand other programs, such as the monitors of VMs.
        ("open a socket that connects to paths", socket(libc::AF_UNIX, libc::SOCK_STREAM, 0)),
        ("open a socket that sends to paths", datagram_pair()),
    ];
    #[cfg(target_os = "linux")]
    attempts.extend([
        ("open a raw socket", socket(libc::AF_PACKET, libc::SOCK_RAW, 0)),
        ("open a netlink socket", socket(libc::AF_NETLINK, libc::SOCK_RAW, 0)),
        // Parts of the kernel that the first such socket loads, with faults of their own.
        ("open an MPTCP socket", socket(libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP)),
        ("open an SCTP socket", socket(libc::AF_INET, libc::SOCK_SEQPACKET, libc::IPPROTO_SCTP)),
        ("open a UDP-Lite socket", socket(libc::AF_INET6, libc::SOCK_DGRAM, 136)),
        ("ask a descriptor for the network's interfaces", interfaces_by_control()),
    ]);
    attempts
}

fn descriptors() -> Vec<Attempt> {
    vec![
        ("type into a terminal", type_into_terminal()),
        // A socket with an owner sends it signals, whichever the plugin chooses.
        ("make the host the owner of a descriptor", own_by_host()),
        ("lock a file of others", lock()),
        ("use a directory that another program opened", inherited_directory()),
    ]
}

fn processes() -> Vec<Attempt> {
    let mut attempts = vec![
        ("run a program", Command::new("/usr/bin/true").status().map(drop)),
        // SAFETY: a plain call; signal 0 only asks whether it would be allowed.
        ("signal the host", made(unsafe { libc::kill(libc::getppid(), 0) })),
    ];
    #[cfg(target_os = "linux")]
    attempts.extend([
        ("start a process", child_process(0)),
        ("start a process that is root to itself", child_process(libc::CLONE_NEWUSER)),
        ("trace the host", trace_host()),
        ("outlive the host", outlive_host()),
        ("limit the host", limit_host()),
    ]);
    attempts
}

/// What a call of the system returned.
fn made(returned: libc::c_int) -> io::Result<()> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn socket(family: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> io::Result<()> {
    // SAFETY: a plain call; the end of the process closes the descriptor.
    made(unsafe { libc::socket(family, kind, protocol) })
}

/// Into any terminal behind a descriptor, as if its user had typed.
fn type_into_terminal() -> io::Result<()> {
    let mut outcome = Err(io::Error::from(io::ErrorKind::NotFound));
    for descriptor in 0..64 {
        // SAFETY: the pointer is to a live byte.
        let typed = made(unsafe { libc::ioctl(descriptor, libc::TIOCSTI, c"#".as_ptr()) });
        // Whether it is another kind of file, a terminal of others, or refused: the call was made.
        outcome = outcome.or(typed);
    }
    outcome
}

/// Opens terminals, and types into any of them and of those that were open before. Then stops the thread
/// that ends the worker with its host, and goes on under a name that says what succeeded.
#[cfg(target_os = "linux")]
pub(crate) fn outlive() -> ! {
    let paths = (0..64).map(|number| format!("/dev/pts/{number}")).chain(["/dev/tty".to_owned()]);
    let opened: Vec<File> = paths.filter_map(|path| File::open(path).ok()).collect();
    let is_reached = !opened.is_empty() || type_into_terminal().is_ok();
    let never_return: extern "C" fn(libc::c_int) = pause;
    // SAFETY: the handler only sleeps.
    unsafe { libc::signal(libc::SIGUSR1, never_return as libc::sighandler_t) };
    // SAFETY: plain calls. The thread was started a moment after the process, whose number is its first
    // thread's.
    let (process, thread) = unsafe { (libc::getpid(), libc::gettid()) };
    for other in (process..process.saturating_add(20_000)).filter(|other| *other != thread) {
        // SAFETY: as above; a number that is no thread's is refused.
        unsafe { libc::syscall(libc::SYS_tgkill, process, other, libc::SIGUSR1) };
    }
    let name = if is_reached { c"reached" } else { c"outlives" };
    // SAFETY: the name is a string of less than 16 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    loop {
        std::thread::park();
    }
}

#[cfg(target_os = "linux")]
extern "C" fn pause(_: libc::c_int) {
    loop {
        std::thread::park();
    }
}

#[cfg(target_os = "linux")]
fn trace_host() -> io::Result<()> {
    // SAFETY: a plain call.
    let traced = unsafe { libc::ptrace(libc::PTRACE_SEIZE, libc::getppid(), 0, 0) };
    if traced == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(target_os = "linux")]
fn outlive_host() -> io::Result<()> {
    // SAFETY: a plain call.
    made(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, 0) })
}

#[cfg(target_os = "linux")]
fn limit_host() -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let no_old = std::ptr::null_mut();
    // SAFETY: the pointer is to a live `rlimit` on this stack.
    made(unsafe { libc::prlimit(libc::getppid(), libc::RLIMIT_NOFILE, &raw const none, no_old) })
}

/// Whom the worker runs as.
pub(crate) fn user() -> u32 {
    // SAFETY: a plain call without arguments.
    unsafe { libc::geteuid() }
}
