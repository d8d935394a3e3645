//! The process of a worker, ended with all that it has started.

use std::{
    io,
    process::{Child, ExitStatus},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// The process of a worker. Dropping it ends the process.
pub(crate) struct WorkerChild {
    child: Child,
    is_reaped: bool,
}

impl WorkerChild {
    pub(crate) const fn new(child: Child) -> Self {
        Self { child, is_reaped: false }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process and those that it has started. They are in its group, which its list of system
    /// calls keeps them from leaving on Linux.
    pub(crate) fn end(&mut self) -> io::Result<ExitStatus> {
        // Once the process is waited for, its number may be another's.
        if !self.is_reaped {
            // Without a group yet the process is alone.
            kill_process_group(Pid::from_child(&self.child), Signal::KILL).ok();
            self.child.kill().ok();
            self.is_reaped = true;
        }
        self.child.wait()
    }
}

impl Drop for WorkerChild {
    fn drop(&mut self) {
        // Killed rather than asked to exit: no exit handler of a plugin is needed.
        self.end().ok();
    }
}
