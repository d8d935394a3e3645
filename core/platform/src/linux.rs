//! Linux: `/proc` and `/sys`.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use vmkit_types::{HostNetwork, Reading, Unread};

use crate::{
    Executable, HeldPort, Invoker, Platform, Process,
    linux_file::{buffer, gone, read, unread},
    linux_lease, linux_network, linux_ports,
    linux_process::{executable, holds_lock, started_at, user},
    linux_routes, linux_survey,
    process::arguments,
};

/// A computer that runs Linux.
pub(crate) struct Linux;

impl Platform for Linux {
    fn name(&self) -> &'static str {
        "linux"
    }

    fn network(&self) -> Reading<HostNetwork> {
        linux_network::network()
    }

    fn process(&self, pid: u32) -> Reading<Process> {
        let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
            return Reading::Absent;
        };
        match command_line(pid, &mut buffer()) {
            Reading::Known(arguments) => {
                let (user, started_at) = (user(pid), started_at(pid));
                Reading::Known(Process { pid, arguments, user, started_at })
            }
            // With `hidepid`, /proc lacks other users' processes, but signals show that they exist.
            Reading::Absent if test_kill_process(number) == Err(Errno::PERM) => hidden(),
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why),
        }
    }

    fn processes(&self) -> Reading<Vec<Process>> {
        // Process 1 belongs to root and always runs. If it is hidden, so are others.
        let mut buffer = buffer();
        if !matches!(command_line(1, &mut buffer), Reading::Known(_)) {
            return hidden();
        }
        let entries = match std::fs::read_dir("/proc") {
            Ok(entries) => entries,
            Err(error) => return Reading::Unknown(unread("list /proc", &error)),
        };
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let processes = numbers.filter_map(|pid| {
            let arguments = command_line(pid, &mut buffer).known()?;
            let (user, started_at) = (not_tried(), not_tried());
            Some(Process { pid, arguments, user, started_at })
        });
        Reading::Known(processes.collect())
    }

    fn executable(&self, pid: u32) -> Reading<Executable> {
        executable(pid)
    }

    fn holds_lock(&self, pid: u32, file: &Path) -> Reading<bool> {
        holds_lock(pid, file)
    }

    fn ports(&self, pid: u32) -> Reading<Vec<HeldPort>> {
        linux_ports::ports(pid)
    }

    fn shares_network(&self, pid: u32) -> Reading<bool> {
        linux_ports::shares_network(pid)
    }

    fn messages(&self, pid: u32) -> Reading<String> {
        linux_survey::messages(pid)
    }

    fn working_directory(&self, pid: u32) -> Reading<PathBuf> {
        let path = format!("/proc/{pid}/cwd");
        match std::fs::read_link(&path) {
            Ok(directory) => Reading::Known(directory),
            Err(error) if gone(&error) => Reading::Absent,
            Err(error) => Reading::Unknown(unread(&format!("read {path}"), &error)),
        }
    }

    fn bridges(&self) -> Reading<String> {
        linux_survey::bridges()
    }

    fn firewall(&self) -> Reading<String> {
        linux_survey::firewall()
    }

    fn firewall_document(&self) -> Reading<String> {
        linux_survey::firewall_document()
    }

    fn forwarding(&self) -> Reading<String> {
        linux_survey::forwarding()
    }

    fn listeners(&self) -> Reading<String> {
        linux_survey::listeners()
    }

    fn routes_to(&self, addresses: &[IpAddr]) -> Reading<String> {
        linux_routes::routes_to(addresses)
    }

    fn own_leases(&self) -> Reading<String> {
        linux_lease::own_leases(self.network())
    }

    fn invoker(&self) -> Invoker {
        crate::invoker::invoker()
    }
}

fn not_tried<T>() -> Reading<T> {
    Reading::Unknown(Unread::NotTried)
}

fn hidden<T>() -> Reading<T> {
    let what = "processes of other users (/proc is mounted with hidepid)";
    Reading::Unknown(Unread::Denied(what.to_owned()))
}

fn command_line(pid: u32, buffer: &mut [u8]) -> Reading<Vec<String>> {
    let path = format!("/proc/{pid}/cmdline");
    match read(Path::new(&path), buffer) {
        Ok(line) => Reading::Known(arguments(line)),
        Err(error) if gone(&error) => Reading::Absent,
        Err(error) => Reading::Unknown(unread(&format!("read {path}"), &error)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::*;

    #[test]
    fn reads_its_own_process_with_the_start_time() {
        let pid = std::process::id();
        let own = Linux.process(pid).known().unwrap();
        assert_eq!(own.arguments, std::env::args().collect::<Vec<_>>());
        let age = SystemTime::now().duration_since(own.started_at.known().unwrap()).unwrap();
        assert!(age < Duration::from_hours(1), "a test that is {age:?} old");
        assert_eq!(own.user, Reading::Known(rustix::process::geteuid().as_raw()));
        let program = Linux.executable(pid).known().unwrap();
        assert_eq!(program.path, std::env::current_exe().unwrap());
        let all = Linux.processes().known().unwrap();
        assert_eq!(all.iter().find(|process| process.pid == pid).unwrap().arguments, own.arguments);
    }

    #[test]
    fn impossible_process_numbers_are_absent() {
        // The kernel's greatest process number is 2^22.
        for pid in [0, 4_194_305, i32::MAX as u32 + 1, u32::MAX] {
            assert_eq!(Linux.process(pid), Reading::Absent, "{pid}");
        }
    }

    #[test]
    fn reads_the_process_table_and_the_interfaces() {
        let start = Instant::now();
        let count = Linux.processes().known().unwrap().len();
        println!("{count} processes in {:?}", start.elapsed());
        let start = Instant::now();
        let network = Linux.network().known().unwrap();
        println!("{} interfaces in {:?}", network.interfaces.len(), start.elapsed());
        assert!(network.interfaces.iter().any(|i| i.kind == vmkit_types::InterfaceKind::Loopback));
    }
}
