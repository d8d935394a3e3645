//! One process as a machine.

use vmkit_listing::ssh_endpoint;
use vmkit_plugin::{ListedMachine, MachineState, ProcessAnswer, Reading, Unread};
use vmkit_qemu::{CommandLine, LineCard};

/// The machine of this process. `None` if it runs no machine, as where QEMU is only asked what it can do.
pub(crate) fn listed(process: &ProcessAnswer) -> Option<ListedMachine> {
    let program = vmkit_qemu::program(&process.arguments).unwrap_or(0);
    let line = CommandLine::parse(&process.arguments, program);
    if line.machine.as_deref() == Some("none") && line.name.is_none() {
        return None;
    }
    let place = Place::new(process, &line);
    let name = line.name.clone().unwrap_or_else(|| format!("pid-{}", process.pid));
    let disks: Result<Vec<String>, Unread> =
        line.disks.iter().map(|disk| place.absolute(disk)).collect();
    let mut machine = ListedMachine::new(id(process.pid, &line, &place), name);
    machine.state = Reading::Known(MachineState::Running);
    machine.pid = Reading::Known(process.pid);
    machine.hostname = Reading::Absent;
    machine.username = Reading::Absent;
    machine.identity_file = Reading::Absent;
    machine.addresses = Reading::Absent;
    machine.remarks = Reading::Known(Vec::new());
    machine.console = place.reading(line.console.as_deref());
    machine.monitor = place.reading(line.qmp.as_deref());
    machine.guest_agent = place.reading(line.guest_agent.as_deref());
    machine.disks = disks.map_or_else(Reading::Unknown, Reading::Known);
    machine.forwards = Reading::Known(line.forwards);
    machine.ssh = ssh_endpoint(&machine.forwards);
    machine.cards = Reading::Known(line.cards.iter().map(LineCard::to_subject).collect());
    Some(machine)
}

/// What stays the same as long as the process runs, and the best of it also when it is started again.
fn id(pid: u32, line: &CommandLine, place: &Place<'_>) -> String {
    if let Some(uuid) = &line.uuid {
        return uuid.to_lowercase();
    }
    let files = [line.disks.first(), line.qmp.as_ref(), line.pid_file.as_ref()];
    let mut files = files.into_iter().flatten();
    files.find_map(|file| place.absolute(file).ok()).unwrap_or_else(|| format!("pid-{pid}"))
}

/// Where the relative paths of a process begin.
struct Place<'a> {
    directory: Result<&'a str, String>,
}

impl<'a> Place<'a> {
    fn new(process: &'a ProcessAnswer, line: &CommandLine) -> Self {
        let pid = process.pid;
        let directory = match process.directory.as_deref() {
            // QEMU has gone to the background, and with it to the top of the file system.
            Some("/") if line.in_background => {
                Err(format!("process {pid} has left the directory that it was started in"))
            }
            Some(directory) => Ok(directory),
            None => Err(format!("the directory of process {pid} cannot be seen")),
        };
        Self { directory }
    }

    fn absolute(&self, path: &str) -> Result<String, Unread> {
        if path.starts_with('/') {
            return Ok(path.to_owned());
        }
        match &self.directory {
            Ok(directory) => {
                let path = path.strip_prefix("./").unwrap_or(path);
                Ok(format!("{}/{path}", directory.trim_end_matches('/')))
            }
            Err(why) => Err(Unread::Failed(why.clone())),
        }
    }

    fn reading(&self, path: Option<&str>) -> Reading<String> {
        let path = path.map(|path| self.absolute(path));
        path.map_or(Reading::Absent, |path| path.map_or_else(Reading::Unknown, Reading::Known))
    }
}
