//! What an operating system has to provide.

use std::path::{Path, PathBuf};

use vmkit_types::{HostNetwork, Reading, Unread};

use crate::{Executable, Invoker, Process};

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

    /// The resolved working directory of a process. `Unknown` for other users' processes.
    fn working_directory(&self, pid: u32) -> Reading<PathBuf>;

    /// Bridges and their ports, as the system's tool shows them. Takes a second at most, as do the
    /// firewall and the listeners.
    fn bridges(&self) -> Reading<String>;

    /// The firewall's rules, and whether they apply to bridged frames.
    fn firewall(&self) -> Reading<String>;

    /// The listeners on UDP port 67.
    fn listeners(&self) -> Reading<String>;

    /// The hosts file.
    fn hosts_file(&self) -> Reading<Vec<u8>> {
        crate::survey::hosts()
    }

    /// The invoking user and their rights.
    fn invoker(&self) -> Invoker;
}
