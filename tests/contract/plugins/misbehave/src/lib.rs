//! A signal that misbehaves as configured, in every way in which a plugin can harm its host.

#![expect(unsafe_code, reason = "safe code cannot misbehave like this")]

use std::{
    io::{self, Write as _},
    os::fd::FromRawFd as _,
    process::Command,
    time::{Duration, Instant},
};

use serde::Deserialize;
use vmkit_plugin::{
    Cx, Error, ErrorCode, Kind, Observation, Plugin, Result, Signal, Subject, attribute,
};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    how: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { how: "well".to_owned() }
    }
}

struct Misbehave(Config);

impl Plugin for Misbehave {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        match config.how.as_str() {
            "panic-when-made" => panic!("panic in new"),
            "hang-when-made" => hang(),
            "flood-standard-error-when-made" => {
                flood_standard_error();
                Ok(Self(Config::default()))
            }
            _ => Ok(Self(config)),
        }
    }
}

impl Signal for Misbehave {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        for (vm, _) in vms.iter().enumerate() {
            cx.emit(fact(vm))?;
        }
        match self.0.how.as_str() {
            "well" => Ok(()),
            "panic" => panic!("panic on demand"),
            "abort" => std::process::abort(),
            "segfault" => segfault(),
            "exit" => std::process::exit(0),
            "hang" => hang(),
            "dawdle" => loop {
                cx.check()?;
                std::hint::spin_loop();
            },
            "flood" => loop {
                cx.emit_all((0..1000).map(|_| fact(0)).collect())?;
            },
            "flood-opening" => loop {
                // Whether it is opened does not matter.
                drop(cx.open_console(0));
            },
            "flood-log" => loop {
                tracing::error!("{}", "x".repeat(4000));
            },
            "print" => print(),
            "lie-about-machine" => cx.emit(fact(vms.len() + 7)),
            "lie-about-kind" => cx.emit(Observation::new(0, Kind::Other("\u{1b}]0;x".into()), "x")),
            "lie-about-arp" => cx.emit(unseen(Kind::ArpReply)),
            "lie-about-key" => {
                cx.emit(unseen(Kind::SshHostKey).with(attribute::HOST_KEY, "ssh-ed25519 AAAA"))
            }
            "lie-about-agent" => cx.emit(unseen(Kind::AgentAddress)),
            "lie-beside-a-kind" => {
                cx.emit(unseen(Kind::ConsoleAddress).with(attribute::HOST_KEY, "ssh-ed25519 AAAA"))
            }
            "garbage" => garbage(),
            "close" => close(),
            "read-standard-input" => {
                let mut line = String::new();
                std::io::stdin().read_line(&mut line).map_err(|e| Error::io("read stdin", &e))?;
                Ok(())
            }
            "forbidden" => forbidden(cx),
            "ask-by-arp" => cx.who_has(&[[192, 168, 1, 9].into()]).map(|_| ()),
            "record" => record(cx),
            "console" => cx.open_console(0).map(|_| ()),
            // `vm status` shows an error's message, unlike an observation without weight.
            "report-user" => {
                Err(Error::new(ErrorCode::Other, format!("running as user {}", user())))
            }
            other => Err(Error::new(ErrorCode::Other, format!("behaviour {other}"))),
        }
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Misbehave);

fn fact(vm: usize) -> Observation {
    Observation::new(vm, Kind::ConsoleAddress, "a fact").at([192, 168, 1, 9])
}

/// A fact that the manifest does not let it know.
fn unseen(kind: Kind) -> Observation {
    Observation::new(0, kind, "I just know").at([192, 168, 1, 66])
}

/// Records files of vmkit, of another plugin, and its own.
fn record(cx: &Cx<'_>) -> Result<()> {
    let names =
        ["snapshot.json", "neigh/ip-neigh.txt", "plugins/other.txt", "plugins/misbehave.txt"];
    for name in names {
        let says = match cx.record(name, b"forged") {
            Ok(()) => format!("{name}: recorded"),
            Err(why) => format!("{name}: {why}"),
        };
        cx.emit(Observation::new(0, Kind::ConsolePhase, says))?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "printing is the misbehaviour")]
fn flood_standard_error() {
    let line = "x".repeat(4000);
    (0..10_000).for_each(|_| eprintln!("{line}"));
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

fn segfault() -> ! {
    // SAFETY: none; the page at 8 is not mapped, and crashing is intended.
    unsafe { std::ptr::write_volatile(8 as *mut u8, 1) };
    hang()
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is the misbehaviour")]
#[expect(clippy::unnecessary_wraps, reason = "one arm of a match of results")]
fn print() -> Result<()> {
    println!("\u{1b}[2Jvm status says what I want");
    eprintln!("\u{1b}[2Jvm status says what I want");
    Ok(())
}

/// Writes to every descriptor, including the host's socket.
fn garbage() -> Result<()> {
    for descriptor in 3..64 {
        // SAFETY: writing to a descriptor that is not open fails; the file is never dropped, so
        // nothing is closed.
        let mut file =
            std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(descriptor) });
        // Most of them are not writable; the host's socket is.
        file.write_all(b"\x05\0\0\0{]garbage").ok();
    }
    hang()
}

/// Closes every descriptor, including the host's socket, and keeps running.
fn close() -> Result<()> {
    for descriptor in 3..64 {
        // SAFETY: none; closing descriptors of others is intended.
        unsafe { libc::shutdown(descriptor, libc::SHUT_RDWR) };
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
    hang()
}

/// Tries what the manifest does not declare, and reports what succeeded.
fn forbidden(cx: &Cx<'_>) -> Result<()> {
    let read = |path: &str| std::fs::read(path).map(|bytes| bytes.len());
    let socket = |family, kind| {
        // SAFETY: a plain call; the end of the process closes the descriptor.
        let descriptor = unsafe { libc::socket(family, kind, 0) };
        if descriptor < 0 { Err(std::io::Error::last_os_error()) } else { Ok(0) }
    };
    // SAFETY: a plain call; signal 0 only asks whether it would be allowed.
    let signal = match unsafe { libc::kill(libc::getppid(), 0) } {
        0 => Ok(0),
        _ => Err(std::io::Error::last_os_error()),
    };
    let attempts = [
        ("read /etc/passwd", read("/etc/passwd")),
        ("read /proc/net/arp", read("/proc/net/arp")),
        ("list /", std::fs::read_dir("/").map(Iterator::count)),
        ("write /tmp", std::fs::write("/tmp/vmkit-misbehave", "x").map(|()| 0)),
        ("open a TCP socket", socket(libc::AF_INET, libc::SOCK_STREAM)),
        #[cfg(target_os = "linux")]
        ("open a raw socket", socket(libc::AF_PACKET, libc::SOCK_RAW)),
        #[cfg(target_os = "linux")]
        ("open a netlink socket", socket(libc::AF_NETLINK, libc::SOCK_RAW)),
        // Behind paths stand other programs, such as the monitors of VMs.
        ("open a socket that connects to paths", socket(libc::AF_UNIX, libc::SOCK_STREAM)),
        ("open a socket that sends to paths", datagram_pair()),
        #[cfg(target_os = "linux")]
        ("ask a descriptor for the network's interfaces", interfaces_by_control()),
        // A socket with an owner sends it signals, whichever the plugin chooses.
        ("make the host the owner of a descriptor", own_by_host()),
        ("lock a file of others", lock()),
        #[cfg(target_os = "linux")]
        ("start a process", child_process(0)),
        #[cfg(target_os = "linux")]
        ("start a process that is root to itself", child_process(libc::CLONE_NEWUSER)),
        ("use a directory that another program opened", inherited_directory()),
        ("run a program", Command::new("/bin/true").status().map(|_| 0)),
        ("signal the host", signal),
    ];
    let user = if is_root() { ["be root"].as_slice() } else { &[] };
    let done = attempts.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(what, _)| *what);
    let done: Vec<&str> = done.chain(user.iter().copied()).collect();
    cx.emit(Observation::new(0, Kind::ConsolePhase, format!("succeeded: {}", done.join(", "))))?;
    // Threads and clocks still work under confinement.
    let began = Instant::now();
    let thread = std::thread::spawn(move || began.elapsed() < Duration::from_mins(1));
    thread.join().map(|_| ()).map_err(|_| Error::new(ErrorCode::Other, "no thread"))
}

fn datagram_pair() -> io::Result<usize> {
    let mut pair = [0; 2];
    // SAFETY: the array has room for both descriptors.
    let made = unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, pair.as_mut_ptr()) };
    if made == 0 { Ok(0) } else { Err(io::Error::last_os_error()) }
}

#[cfg(target_os = "linux")]
fn interfaces_by_control() -> io::Result<usize> {
    let mut list = [0_u8; 16];
    // SAFETY: an empty list with no room behind it only asks for the size that is needed. Standard
    // input is a socket.
    let asked = unsafe { libc::ioctl(0, libc::SIOCGIFCONF, list.as_mut_ptr()) };
    if asked == 0 { Ok(0) } else { Err(io::Error::last_os_error()) }
}

fn own_by_host() -> io::Result<usize> {
    // SAFETY: a plain call. Standard input is a file of the worker.
    let done = unsafe { libc::fcntl(0, libc::F_SETOWN, libc::getppid()) };
    if done == 0 { Ok(0) } else { Err(io::Error::last_os_error()) }
}

fn lock() -> io::Result<usize> {
    // SAFETY: all zeros are a valid lock, of the whole file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::c_short::try_from(libc::F_RDLCK).unwrap_or(0);
    // SAFETY: a plain call with a live lock. Standard input is open for reading.
    let done = unsafe { libc::fcntl(0, libc::F_SETLK, &raw const lock) };
    if done == 0 { Ok(0) } else { Err(io::Error::last_os_error()) }
}

#[cfg(target_os = "linux")]
fn child_process(kinds: libc::c_int) -> io::Result<usize> {
    let flags = libc::c_long::from(kinds | libc::SIGCHLD);
    // SAFETY: without a stack of its own the child is a copy of this process, as by `fork`.
    match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        // SAFETY: the child ends at once.
        0 => unsafe { libc::_exit(0) },
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(0),
    }
}

/// The test has one open that it does not close for programs that it starts.
fn inherited_directory() -> io::Result<usize> {
    let is_directory = |descriptor: &i32| {
        // SAFETY: all zeros are a valid `stat`.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a live `stat` on this stack.
        let known = unsafe { libc::fstat(*descriptor, &raw mut status) } == 0;
        known && status.st_mode & libc::S_IFMT == libc::S_IFDIR
    };
    let found = (3..1024).find(is_directory);
    found.map(|_| 0).ok_or_else(|| io::Error::other("no such descriptor"))
}

fn is_root() -> bool {
    user() == 0
}

fn user() -> u32 {
    // SAFETY: a plain call without arguments.
    unsafe { libc::geteuid() }
}
