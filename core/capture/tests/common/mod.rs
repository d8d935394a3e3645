//! Two connected network namespaces.

use std::{
    env,
    fs::File,
    os::fd::AsFd as _,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use vmkit_lab::run;

/// The programs of Debian's iproute2, dnsmasq-base, udhcpc, busybox-static and tcpdump.
const PROGRAMS: [&str; 5] = ["ip", "dnsmasq", "udhcpc", "busybox", "tcpdump"];

/// `server` and `client`, each with an interface `eth0` at its end of the cable.
pub(crate) struct Cable {
    pub(crate) server: String,
    pub(crate) client: String,
}

impl Cable {
    /// The cable. Without the means to make one, prints that the test is skipped, or fails under
    /// `CI`.
    pub(crate) fn or_skip() -> Option<Self> {
        let paths = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> =
            env::split_paths(&paths).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
        let is_there = |program: &&str| folders.iter().any(|folder| folder.join(program).is_file());
        let mut missing: Vec<_> =
            PROGRAMS.into_iter().filter(|program| !is_there(program)).collect();
        if !rustix::process::geteuid().is_root() {
            missing.push("root");
        }
        if missing.is_empty() {
            return Some(Self::new());
        }
        assert!(env::var_os("CI").is_none(), "captures need {}", missing.join(", "));
        skipped(&missing.join(", "));
        None
    }

    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        // The lab removes namespaces with such names that a killed process leaves.
        let name =
            format!("vmk{}-capture{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let cable = Self { server: format!("{name}s"), client: format!("{name}c") };
        let (server, client) = (&cable.server, &cable.client);
        ip(&format!("netns add {server}"));
        ip(&format!("netns add {client}"));
        ip(&format!("-n {server} link add eth0 type veth peer name eth0 netns {client}"));
        ip(&format!("-n {server} address add 192.168.77.254/24 dev eth0"));
        for namespace in [server, client] {
            ip(&format!("-n {namespace} link set eth0 up"));
        }
        cable
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for namespace in [&self.server, &self.client] {
            drop(run(Command::new("ip").args(["netns", "delete", namespace])));
        }
    }
}

/// Runs `ip` with these arguments, separated by spaces.
pub(crate) fn ip(arguments: &str) -> String {
    run(Command::new("ip").args(arguments.split(' '))).expect("ip")
}

/// Runs something in this namespace; sockets that it opens stay there.
pub(crate) fn within<T: Send>(namespace: &str, work: impl FnOnce() -> T + Send) -> T {
    let entered = || {
        let namespace = File::open(Path::new("/run/netns").join(namespace)).expect("a namespace");
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .expect("the right to enter a namespace");
        work()
    };
    // Only the new thread enters the namespace.
    thread::scope(|scope| scope.spawn(entered).join().expect("no panic in the namespace"))
}

#[expect(clippy::print_stdout, reason = "a test that does not run must not look like one that did")]
fn skipped(what: &str) {
    println!("\n!!! SKIPPED: captures need {what}\n");
}
