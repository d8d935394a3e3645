//! What can be seen of processes: by this user, and through the broker where only root sees it.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use vmkit_platform::{Executable, HeldPort, Platform};
use vmkit_rights::{Broker, PortFacts, ProcessFacts};
use vmkit_types::{Reading, Unread};

use crate::whose::Trusted;

/// The computer as this user sees it, and the broker for the rest.
pub(crate) struct Sight<'a, P> {
    pub(crate) platform: &'a P,
    pub(crate) broker: Option<&'a Broker>,
    /// Who may run any machine.
    everywhere: Trusted,
}

impl<'a, P: Platform> Sight<'a, P> {
    pub(crate) fn new(platform: &'a P, broker: Option<&'a Broker>) -> Self {
        let own = std::env::current_exe().and_then(|program| program.metadata());
        let program_owners = own.iter().map(MetadataExt::uid).collect();
        let everywhere = Trusted { users: vec![platform.invoker().uid], program_owners };
        Self { platform, broker, everywhere }
    }

    /// The users who may run a machine of this owner.
    pub(crate) fn trusted(&self, owner: Option<u32>) -> Trusted {
        let mut trusted = self.everywhere.clone();
        trusted.users.extend(owner);
        trusted
    }

    /// The program of a process.
    pub(crate) fn executable(&self, pid: u32) -> Reading<Executable> {
        self.or_of_root(self.platform.executable(pid), pid, |facts| {
            Reading::Known(Executable {
                path: facts.program,
                owner: facts.program_owner,
                writable_by_others: facts.writable_by_others,
            })
        })
    }

    /// The resolved working directory of a process.
    pub(crate) fn working_directory(&self, pid: u32) -> Reading<PathBuf> {
        let seen = self.platform.working_directory(pid);
        self.or_of_root(seen, pid, |facts| {
            let unknown = || Reading::Unknown(Unread::Unsupported);
            facts.working_directory.map_or_else(unknown, Reading::Known)
        })
    }

    /// The ports that a process holds open.
    pub(crate) fn ports(&self, pid: u32) -> Reading<Vec<HeldPort>> {
        self.or_of_root(self.platform.ports(pid), pid, |facts| {
            let port =
                |PortFacts { descriptor, name, uplink }| HeldPort { descriptor, name, uplink };
            Reading::Known(facts.ports.into_iter().map(port).collect())
        })
    }

    /// Whether a process has locked this file for writing.
    pub(crate) fn holds_lock(&self, pid: u32, file: &Path) -> bool {
        self.platform.holds_lock(pid, file) == Reading::Known(true)
    }

    fn or_of_root<T>(
        &self,
        seen: Reading<T>,
        pid: u32,
        choose: impl FnOnce(ProcessFacts) -> Reading<T>,
    ) -> Reading<T> {
        match (&seen, self.broker) {
            (Reading::Unknown(Unread::Denied(_)), Some(broker)) => {
                broker.process(pid).map_or(seen, |facts| facts.map_or(Reading::Absent, choose))
            }
            _ => seen,
        }
    }
}
