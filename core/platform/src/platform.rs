//! What an operating system has to provide.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use vmkit_types::{HostNetwork, Reading, Unread};

use crate::{Executable, HeldPort, Invoker, Process};

/// What vmkit reads from the computer it runs on.
pub trait Platform {
    /// `linux` or `macos`.
    fn name(&self) -> &'static str;

    /// The current interfaces with addresses of both families, and the IPv4 routes.
    fn network(&self) -> Reading<HostNetwork>;

    /// One process with its user and start time. `Absent`: no process has this number. `Unknown`: the system
    /// hides it from this user.
    fn process(&self, pid: u32) -> Reading<Process>;

    /// All processes without their users and start times, which would take as long again. `Unknown`:
    /// the system shows only some, so none can be called absent.
    fn processes(&self) -> Reading<Vec<Process>>;

    /// The program of a process. `Unknown` for other users' processes, where the system shows it only
    /// to root.
    fn executable(&self, pid: u32) -> Reading<Executable>;

    /// Whether the process holds a lock for writing on this file, which takes the right to write to it.
    fn holds_lock(&self, pid: u32, file: &Path) -> Reading<bool> {
        let _ = (pid, file);
        Reading::Unknown(Unread::Unsupported)
    }

    /// The ports of machines that the process holds open, by what the kernel says of its descriptors. Those
    /// of a process in another network namespace are `Absent`: their names are not of this one.
    fn ports(&self, pid: u32) -> Reading<Vec<HeldPort>> {
        let _ = pid;
        Reading::Unknown(Unread::Unsupported)
    }

    /// Whether the process is in the network namespace of this one, so that its interfaces are this one's.
    fn shares_network(&self, pid: u32) -> Reading<bool> {
        let _ = pid;
        Reading::Unknown(Unread::Unsupported)
    }

    /// The last lines that a process wrote to the system's log, each beginning with its time in seconds since
    /// the Unix epoch.
    fn messages(&self, pid: u32) -> Reading<String> {
        let _ = pid;
        Reading::Unknown(Unread::Unsupported)
    }

    /// The resolved working directory of a process. `Unknown` for other users' processes.
    fn working_directory(&self, pid: u32) -> Reading<PathBuf>;

    /// Bridges and their ports, as the system's tool shows them. Takes a second at most, as do the
    /// firewall and the listeners.
    fn bridges(&self) -> Reading<String>;

    /// The firewall's rules, and whether they apply to bridged frames.
    fn firewall(&self) -> Reading<String>;

    /// The firewall's rules as a document of nftables.
    fn firewall_document(&self) -> Reading<String> {
        Reading::Unknown(Unread::Unsupported)
    }

    /// Whether this computer forwards packets, as `sysctl` shows it.
    fn forwarding(&self) -> Reading<String> {
        Reading::Unknown(Unread::Unsupported)
    }

    /// The listeners on UDP port 67.
    fn listeners(&self) -> Reading<String>;

    /// The routes that the kernel chooses for these addresses, by all its tables and rules, as `ip route
    /// get` or `route -n get` shows them. Nothing is sent. An address that was not answered is left out.
    fn routes_to(&self, addresses: &[IpAddr]) -> Reading<String> {
        let _ = addresses;
        Reading::Unknown(Unread::Unsupported)
    }

    /// The leases by which the uplinks have their addresses, that of the default route first: the packets as
    /// macOS's `ipconfig getpacket` shows them, each below a line `interface NAME`, empty where none has one;
    /// on Linux what a DHCP client keeps of the lease of the default route.
    fn own_leases(&self) -> Reading<String> {
        Reading::Unknown(Unread::Unsupported)
    }

    /// The hosts file.
    fn hosts_file(&self) -> Reading<Vec<u8>> {
        crate::survey::hosts()
    }

    /// The invoking user and their rights.
    fn invoker(&self) -> Invoker;
}
