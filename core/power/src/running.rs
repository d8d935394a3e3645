//! A machine with a process.

use vmkit_model::Machine;
use vmkit_rights::Broker;

use crate::{error::PowerError, files::ProcessFiles, process::Identity, qmp::Monitor};

/// A machine whose process is proven to be its own.
#[derive(Clone, Debug)]
pub struct Running {
    pub(crate) files: ProcessFiles,
    pub(crate) identity: Identity,
    pub(crate) monitor: Monitor,
}

impl Running {
    /// A machine of the inventory, which proved its process. `broker`: who asks where only root may connect.
    ///
    /// # Errors
    /// It has no process, or none that is proven.
    pub fn of(machine: &Machine, broker: Option<&Broker>) -> Result<Self, PowerError> {
        let running = || {
            let identity =
                Identity { pid: machine.pid?, user: machine.user?, started_at: machine.started_at };
            let files = ProcessFiles::new(machine.directory.as_deref()?, &machine.own_name);
            Some(Self { files, identity, monitor: Monitor::of(machine, broker)? })
        };
        running().ok_or_else(|| PowerError::DoesNotRun(machine.name.clone()))
    }

    /// A QEMU that this user has just started.
    pub(crate) fn started(files: &ProcessFiles, pid: u32) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let monitor = Monitor::at(&files.monitor(), user, pid);
        Self { files: files.clone(), identity: Identity { pid, user, started_at: None }, monitor }
    }

    /// Its monitor.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.identity.pid
    }

    /// The files of its process.
    pub fn files(&self) -> &ProcessFiles {
        &self.files
    }
}
