//! The machines of one connection, out of what its files and the processes say.

use std::collections::{BTreeSet, HashMap};

use vmkit_formats::xml::Element;
use vmkit_listing::ssh_endpoint;
use vmkit_plugin::{ListedMachine, MachineState, ProcessAnswer, Reading, Unread};
use vmkit_qemu::{CommandLine, LineCard};

use crate::{
    domain::{Domain, Status},
    networks::Networks,
    sources::{Files, Sources},
};

/// The command lines of the computer's QEMU processes by the processes' numbers.
pub(crate) type Processes = Reading<HashMap<u32, CommandLine>>;

/// The command line of a process.
pub(crate) fn line(process: &ProcessAnswer) -> CommandLine {
    let program = vmkit_qemu::program(&process.arguments).unwrap_or(0);
    CommandLine::parse(&process.arguments, program)
}

/// The machines of the connection, sorted by name.
pub(crate) fn machines(sources: &Sources, processes: &Processes) -> Vec<ListedMachine> {
    let networks = Networks::new(sources);
    let names: BTreeSet<&String> =
        [&sources.defined, &sources.run_time].into_iter().flat_map(names).collect();
    let machines = names.into_iter().map(|name| {
        let place = One { sources, networks: &networks, processes, name };
        place.machine()
    });
    machines.collect()
}

fn names<T>(files: &Files<T>) -> Vec<&String> {
    match files {
        Reading::Known(files) => files.keys().collect(),
        Reading::Absent | Reading::Unknown(_) => Vec::new(),
    }
}

/// One domain among the files. libvirt names both of its files after it.
struct One<'a> {
    sources: &'a Sources,
    networks: &'a Networks,
    processes: &'a Processes,
    name: &'a str,
}

impl One<'_> {
    fn machine(&self) -> ListedMachine {
        let run_time = self.file(&self.sources.run_time);
        let defined = self.file(&self.sources.defined);
        let status = match &run_time {
            Reading::Known(document) => Some(Status::new(document)),
            Reading::Absent | Reading::Unknown(_) => None,
        };
        let process = self.process(&run_time, status.as_ref());
        // What runs may differ from what is defined since.
        let document = match (&run_time, &defined) {
            (Reading::Absent, defined) => defined.clone(),
            (Reading::Unknown(_), Reading::Known(_)) => defined.clone(),
            (run_time, _) => run_time.clone(),
        };
        let domain = match document {
            Reading::Known(document) => Domain::new(document, self.networks).ok_or_else(|| {
                Unread::Malformed(format!("the file of `{}` holds no domain", self.name))
            }),
            Reading::Absent => Err(Unread::NotTried),
            Reading::Unknown(why) => Err(why),
        };
        let name = domain.as_ref().ok().and_then(|domain| domain.name.as_deref());
        let id = format!("{}/{}", self.sources.place.name, self.name);
        let mut machine = ListedMachine::new(id, name.unwrap_or(self.name));
        machine.state = state(&run_time, status, &process);
        machine.pid = process.as_ref().map(|(pid, _)| *pid);
        machine.hostname = Reading::Absent;
        machine.username = Reading::Absent;
        machine.identity_file = Reading::Absent;
        let held = || Unread::Failed("libvirt has the only connection to it".to_owned());
        machine.monitor = Reading::Unknown(held());
        match domain {
            Ok(domain) => {
                machine.guest_agent =
                    if domain.has_agent { Reading::Unknown(held()) } else { Reading::Absent };
                machine.cards = Reading::Known(domain.cards);
                machine.console = domain.console.map_or(Reading::Absent, Reading::Known);
                machine.forwards = Reading::Known(domain.forwards);
                machine.ssh = ssh_endpoint(&machine.forwards);
                machine.disks = Reading::Known(domain.disks);
                machine.remarks = domain.remarks;
            }
            Err(why) => fill_from_process(&mut machine, &process, &why),
        }
        machine
    }

    fn file<'a>(&self, files: &'a Files<Element>) -> Reading<&'a Element> {
        match files {
            Reading::Known(files) => files.get(self.name).map_or(Reading::Absent, Reading::as_ref),
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why.clone()),
        }
    }

    /// The process of the domain: the one that libvirt's status or pid file names. A user's domain may
    /// have these files elsewhere, and then its process is the one that is called so.
    fn process(
        &self,
        run_time: &Reading<&Element>,
        status: Option<&Status>,
    ) -> Reading<(u32, &CommandLine)> {
        let processes = match self.processes {
            Reading::Known(processes) => processes,
            Reading::Absent => return Reading::Absent,
            Reading::Unknown(why) => return Reading::Unknown(why.clone()),
        };
        let noted = match &self.sources.pids {
            Reading::Known(pids) => pids.get(self.name).map_or(Reading::Absent, Reading::as_ref),
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why.clone()),
        };
        let pid =
            status.and_then(|status| status.pid).map_or(noted.map(|pid| *pid), Reading::Known);
        match pid {
            // Its number may be of another program by now, which is none of these.
            Reading::Known(pid) => {
                let line = processes.get(&pid);
                line.map_or(Reading::Absent, |line| Reading::Known((pid, line)))
            }
            _ if !self.sources.place.run_time_is_complete => {
                let mut processes = processes.iter();
                let own = processes.find(|(_, line)| self.is_named(line));
                own.map_or(Reading::Absent, |(pid, line)| Reading::Known((*pid, line)))
            }
            Reading::Absent => match run_time {
                Reading::Unknown(why) => Reading::Unknown(why.clone()),
                Reading::Known(_) | Reading::Absent => Reading::Absent,
            },
            Reading::Unknown(why) => Reading::Unknown(why),
        }
    }

    /// Whether libvirt started this process for a domain of this name and UUID.
    fn is_named(&self, line: &CommandLine) -> bool {
        let Reading::Known(document) = self.file(&self.sources.defined) else { return false };
        let uuid = document.text_at("uuid");
        uuid.is_some() && line.uuid.as_deref() == uuid && line.name.as_deref() == Some(self.name)
    }
}

/// The state that libvirt notes while the process exists. Without its note the process decides.
fn state(
    run_time: &Reading<&Element>,
    status: Option<Status>,
    process: &Reading<(u32, &CommandLine)>,
) -> Reading<MachineState> {
    match (process, status) {
        // A status file outlives a process that crashed while no libvirt ran.
        (Reading::Absent, _) => Reading::Known(MachineState::Stopped),
        (_, Some(status)) => status.state,
        (Reading::Known(_), None) => Reading::Known(MachineState::Running),
        (Reading::Unknown(why), None) => match run_time {
            Reading::Absent => Reading::Known(MachineState::Stopped),
            Reading::Known(_) | Reading::Unknown(_) => Reading::Unknown(why.clone()),
        },
    }
}

/// Fills what the files would say with what the command line of the process says.
fn fill_from_process(
    machine: &mut ListedMachine,
    process: &Reading<(u32, &CommandLine)>,
    why: &Unread,
) {
    fn unknown<T>(why: &Unread) -> Reading<T> {
        Reading::Unknown(why.clone())
    }
    machine.guest_agent = unknown(why);
    machine.console = unknown(why);
    machine.remarks = unknown(why);
    machine.ssh = unknown(why);
    machine.forwards = unknown(why);
    machine.disks = unknown(why);
    machine.cards = unknown(why);
    let Reading::Known((_, line)) = process else { return };
    machine.disks = Reading::Known(line.disks.clone());
    machine.forwards = Reading::Known(line.forwards.clone());
    machine.ssh = ssh_endpoint(&machine.forwards);
    machine.cards = Reading::Known(line.cards.iter().map(LineCard::to_subject).collect());
}

#[cfg(test)]
mod tests;
