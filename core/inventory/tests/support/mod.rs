//! A data directory and a computer that live in the test.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use vmkit_inventory::{Depth, Inventory, Location, Source, read};
use vmkit_model::Machine;
use vmkit_platform::{Executable, HeldPort, Invoker, Platform, Process};
use vmkit_types::{HostNetwork, Reading, Unread};

/// A computer with these processes.
pub(crate) struct Fake {
    pub(crate) processes: Reading<Vec<Process>>,
    /// The working directory of all of them.
    pub(crate) working_directory: Reading<PathBuf>,
    /// Processes that exist and are hidden from the user.
    pub(crate) hidden: Vec<u32>,
    pub(crate) network: HostNetwork,
    /// The ports that processes hold open, by the number of the process.
    pub(crate) ports: Vec<(u32, HeldPort)>,
}

impl Default for Fake {
    fn default() -> Self {
        let network = HostNetwork::default();
        let working_directory = Reading::Unknown(Unread::NotTried);
        let processes = Reading::Known(Vec::new());
        Self { processes, working_directory, hidden: Vec::new(), network, ports: Vec::new() }
    }
}

impl Fake {
    /// Runs a process with this command line, cut at spaces.
    pub(crate) fn with(mut self, pid: u32, line: &str) -> Self {
        let arguments = line.split(' ').map(str::to_owned).collect();
        let started_at = Reading::Known(SystemTime::UNIX_EPOCH);
        if let Reading::Known(processes) = &mut self.processes {
            let user = Reading::Known(rustix::process::geteuid().as_raw());
            processes.push(Process { pid, arguments, user, started_at });
        }
        self
    }

    /// Starts the last process at this time.
    pub(crate) fn since(mut self, time: SystemTime) -> Self {
        if let Reading::Known(processes) = &mut self.processes {
            processes.last_mut().unwrap().started_at = Reading::Known(time);
        }
        self
    }

    /// Makes the last process this user's.
    pub(crate) fn by(mut self, user: u32) -> Self {
        if let Reading::Known(processes) = &mut self.processes {
            processes.last_mut().unwrap().user = Reading::Known(user);
        }
        self
    }
}

impl Platform for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn network(&self) -> Reading<HostNetwork> {
        Reading::Known(self.network.clone())
    }

    fn process(&self, pid: u32) -> Reading<Process> {
        if self.hidden.contains(&pid) {
            return Reading::Unknown(Unread::Denied("a process of another user".to_owned()));
        }
        let Reading::Known(all) = &self.processes else { return Reading::Absent };
        let found = all.iter().find(|process| process.pid == pid);
        found.map_or(Reading::Absent, |process| Reading::Known(process.clone()))
    }

    fn processes(&self) -> Reading<Vec<Process>> {
        self.processes.clone()
    }

    fn executable(&self, pid: u32) -> Reading<Executable> {
        let started_with = |process: Process| process.arguments[0].clone().into();
        self.process(pid).map(started_with).map(|path| Executable {
            path,
            owner: 0,
            writable_by_others: false,
        })
    }

    fn working_directory(&self, _: u32) -> Reading<PathBuf> {
        self.working_directory.clone()
    }

    fn ports(&self, pid: u32) -> Reading<Vec<HeldPort>> {
        let own = self.ports.iter().filter(|(holder, _)| *holder == pid);
        Reading::Known(own.map(|(_, port)| port.clone()).collect())
    }

    fn bridges(&self) -> Reading<String> {
        Reading::Unknown(Unread::NotTried)
    }

    fn firewall(&self) -> Reading<String> {
        Reading::Unknown(Unread::NotTried)
    }

    fn listeners(&self) -> Reading<String> {
        Reading::Unknown(Unread::NotTried)
    }

    fn invoker(&self) -> Invoker {
        let home = Reading::Absent;
        Invoker {
            uid: rustix::process::geteuid().as_raw(),
            gid: 0,
            via_sudo: false,
            privileged: false,
            home,
        }
    }
}

/// A temporary data directory.
pub(crate) struct Data {
    directory: tempfile::TempDir,
}

impl Data {
    pub(crate) fn new() -> Self {
        let data = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(data.path("vms")).unwrap();
        data
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }

    pub(crate) fn write(&self, below: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A machine's directory with its image.
    pub(crate) fn machine(&self, name: &str) -> PathBuf {
        self.write(&format!("vms/{name}/{name}.qcow2"), "");
        self.path(&format!("vms/{name}"))
    }

    /// A registry of these entries, each `"name":{…}`.
    pub(crate) fn registry(&self, entries: &str) -> &Self {
        self.write(".vm-registry.json", format!(r#"{{"vms":{{{entries}}},"version":"1.0"}}"#))
    }

    pub(crate) fn location(&self) -> Location {
        Location::at(self.directory.path(), Source::Flag)
    }

    pub(crate) fn read(&self, platform: &Fake, depth: Depth) -> Inventory {
        read(&self.location(), platform, None, depth)
    }

    /// What a QEMU of the machine in this directory is called with.
    pub(crate) fn qemu(directory: &Path, more: &str) -> String {
        let name = directory.file_name().unwrap().to_str().unwrap();
        format!(
            "/usr/bin/qemu-system-x86_64 -drive file={}/{name}.qcow2 {more}",
            directory.display()
        )
    }
}

/// The machine of this name.
pub(crate) fn of<'a>(inventory: &'a Inventory, name: &str) -> &'a Machine {
    inventory.machines.iter().find(|machine| machine.name == name).unwrap()
}

/// The names of all machines.
pub(crate) fn names(inventory: &Inventory) -> Vec<&str> {
    inventory.machines.iter().map(|machine| machine.name.as_str()).collect()
}
