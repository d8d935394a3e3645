//! The QEMU of a machine: quickemu gives it a pid file and sockets that are called after the machine.

use std::net::{Ipv4Addr, SocketAddr};

use vmkit_listing::{
    ManagerFile, Processes, absolute, belongs_to, mentions, plain_name, run_by, ssh_endpoint, stem,
};
use vmkit_plugin::{Forward, ListedMachine, ProcessAnswer, Protocol, Reading};
use vmkit_qemu::CommandLine;

use crate::config::Config;

/// The machine of a `.conf` file. `ports` is the port of SSH that its `.ports` file names.
pub(crate) fn of_config(
    file: &ManagerFile,
    config: Config,
    processes: &Processes,
    ports: Reading<u16>,
) -> ListedMachine {
    let name = stem(&file.path);
    let mut machine = ListedMachine::new(file.path.as_str(), plain_name(name, "quickemu"));
    machine.username = Reading::Absent;
    machine.disks = config.disk.map(|disk| vec![disk]);
    machine.cards = config.cards;
    machine.monitor = Reading::Absent;
    machine.guest_agent = Reading::Absent;
    machine.console = Reading::Absent;
    let chosen = if config.ssh_port == Reading::Absent { ports } else { config.ssh_port };
    machine.forwards = with_ssh(config.forwards, chosen);
    let pid_file = config.state.as_ref().known().map(|state| format!("{state}/{name}.pid"));
    let process = processes.find(|process| {
        belongs_to(process, file.owner)
            && pid_file_of(process).is_some_and(|own| pid_file.as_ref() == Some(&own))
    });
    run_by(&mut machine, &process);
    if let Reading::Known(process) = process {
        say_line(&mut machine, process);
    }
    machine.ssh = ssh_endpoint(&machine.forwards);
    machine
}

/// The machine of a process whose `.conf` file is not known; `None`: quickemu did not start it.
pub(crate) fn running(process: &ProcessAnswer) -> Option<ListedMachine> {
    let pid_file = pid_file_of(process)?;
    let name = stem(&pid_file);
    let own = [format!("{name}-monitor.socket"), format!("{name}-serial.socket")];
    let started = own.iter().any(|socket| mentions(process, socket))
        || process.arguments.contains(&format!("{name},process={name}"));
    if !started || name.is_empty() {
        return None;
    }
    let mut machine = ListedMachine::new(pid_file.as_str(), plain_name(name, "quickemu"));
    run_by(&mut machine, &Reading::Known(process));
    machine.username = Reading::Absent;
    machine.console = Reading::Absent;
    let line = CommandLine::parse(&process.arguments, 0);
    machine.cards = Reading::Known(line.cards.into_iter().map(Into::into).collect());
    let disks = line.disks.iter().filter_map(|disk| place(process, disk));
    machine.disks = Reading::Known(disks.collect());
    say_line(&mut machine, process);
    machine.ssh = ssh_endpoint(&machine.forwards);
    Some(machine)
}

/// Sets what the command line says and the `.conf` file does not.
fn say_line(machine: &mut ListedMachine, process: &ProcessAnswer) {
    let line = CommandLine::parse(&process.arguments, 0);
    let socket = |path: Option<String>| {
        let path = path.and_then(|path| place(process, &path));
        path.map_or(Reading::Absent, Reading::Known)
    };
    machine.monitor = socket(line.qmp);
    machine.guest_agent = socket(line.guest_agent);
    machine.forwards = Reading::Known(line.forwards);
}

/// The pid file that the process's command line names.
fn pid_file_of(process: &ProcessAnswer) -> Option<String> {
    let pair = process.arguments.windows(2).find(|pair| pair[0] == "-pidfile")?;
    place(process, &pair[1]).filter(|path| path.strip_suffix(".pid").is_some())
}

/// The absolute path of what the process names. quickemu's QEMU stays in the folder that it was started
/// in.
fn place(process: &ProcessAnswer, path: &str) -> Option<String> {
    match process.directory.as_deref() {
        Some(folder) => Some(absolute(folder, path)),
        None => path.starts_with('/').then(|| absolute("", path)),
    }
}

/// The rules, and that of SSH before them.
fn with_ssh(forwards: Reading<Vec<Forward>>, port: Reading<u16>) -> Reading<Vec<Forward>> {
    match (forwards, port) {
        (Reading::Known(mut forwards), Reading::Known(port)) => {
            let listens = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
            let guest_port = 22;
            let protocol = Protocol::Tcp;
            forwards.insert(0, Forward { protocol, listens, guest_address: None, guest_port });
            Reading::Known(forwards)
        }
        (Reading::Known(_), Reading::Unknown(why)) => Reading::Unknown(why),
        (forwards, _) => forwards,
    }
}
