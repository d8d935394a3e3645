//! macOS: processes by `sysinfo` and `ps`, the network by the system's tools.

use std::{
    net::IpAddr,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::LazyLock,
    time::{Duration, Instant, SystemTime},
};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
use vmkit_types::{HostNetwork, Reading, Unread, bounded};

use crate::{
    Executable, Invoker, Platform, Process,
    command::Tool,
    interfaces::interfaces,
    macos_leases::uplinks,
    macos_text::{ListedProcess, bridge_members, inactive, kind, listed_processes, routes, types},
    tools::{self, Tools},
};

/// The tools of this computer.
static TOOLS: LazyLock<Tools<fn(&str) -> Reading<String>>> = LazyLock::new(|| Tools::new(run));

fn run(line: &str) -> Reading<String> {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        [program, arguments @ ..] => Tool::start(program, arguments).output(),
        [] => Reading::Absent,
    }
}

fn ask(line: &str) -> Reading<String> {
    TOOLS.ask(line, false, Instant::now())
}

/// What a tool that only reads prints.
pub(crate) fn tool(line: &str, afresh: bool) -> Option<Reading<String>> {
    tools::only_reads(line).then(|| TOOLS.ask(line, afresh, Instant::now()))
}

/// A computer that runs macOS.
pub(crate) struct Macos;

impl Platform for Macos {
    fn name(&self) -> &'static str {
        "macos"
    }

    fn network(&self) -> Reading<HostNetwork> {
        let routes = match ask(tools::ROUTES) {
            Reading::Known(text) => match routes(&text) {
                Some(routes) => routes,
                None => return Reading::Unknown(Unread::Malformed(tools::ROUTES.to_owned())),
            },
            Reading::Absent => Vec::new(),
            Reading::Unknown(why) => return Reading::Unknown(why),
        };
        let ifconfig = match ask(tools::INTERFACES) {
            Reading::Known(text) => text,
            Reading::Absent => String::new(),
            Reading::Unknown(why) => return Reading::Unknown(why),
        };
        let (types, members) = (types(&ifconfig), bridge_members(&ifconfig));
        let inactive = inactive(&ifconfig);
        interfaces().map(|mut interfaces| {
            for interface in &mut interfaces {
                interface.kind = kind(&interface.name, types.get(interface.name.as_str()).copied());
                let of = members.iter().find(|(member, _)| *member == interface.name);
                interface.up &= !inactive.contains(&interface.name.as_str());
                interface.bridge = of.map(|(_, bridge)| (*bridge).to_owned());
            }
            HostNetwork { interfaces, routes }
        })
    }

    fn process(&self, pid: u32) -> Reading<Process> {
        let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
            return Reading::Absent;
        };
        if test_kill_process(number) == Err(Errno::SRCH) {
            return Reading::Absent;
        }
        let seen = seen(ProcessesToUpdate::Some(&[sysinfo::Pid::from_u32(pid)]));
        let own = seen.into_iter().find(|process| process.pid == pid);
        if let Some(process) = own.filter(|process| !process.arguments.is_empty()) {
            return Reading::Known(process);
        }
        let pid_text = pid.to_string();
        let selection = ["-ww", "-o", "pid=,uid=,ruid=,etime=,args=", "-p", &pid_text];
        match Tool::start("/bin/ps", &selection).output() {
            Reading::Known(text) => {
                let found = listed_processes(&text).into_iter().find(|listed| listed.pid == pid);
                found.map_or(Reading::Absent, |listed| Reading::Known(process_of(listed)))
            }
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why),
        }
    }

    fn processes(&self) -> Reading<Vec<Process>> {
        let mut processes = seen(ProcessesToUpdate::All);
        if !processes.is_empty() && processes.iter().all(|process| !process.arguments.is_empty()) {
            return Reading::Known(processes);
        }
        // The kernel hides the arguments of other users' processes, and QEMU runs as root for vmnet.
        // `ps` may read them but joins them with spaces, so it only fills the gaps.
        ask(tools::PROCESSES).map(|text| {
            let known = |pid| processes.iter().any(|p| p.pid == pid && !p.arguments.is_empty());
            let missing = listed_processes(&text).into_iter().filter(|listed| !known(listed.pid));
            let missing: Vec<_> = missing.map(process_of).collect();
            processes.retain(|process| !process.arguments.is_empty());
            processes.extend(missing);
            processes
        })
    }

    fn executable(&self, pid: u32) -> Reading<Executable> {
        let Ok(mut system) = System::new() else { return Reading::Unknown(Unread::Unsupported) };
        let pid = sysinfo::Pid::from_u32(pid);
        let wanted = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
        let Some(process) = system.process(pid) else { return Reading::Absent };
        let Some(path) = process.exe() else {
            return Reading::Unknown(Unread::Denied(format!("see the program of process {pid}")));
        };
        match path.metadata() {
            Ok(status) => Reading::Known(Executable {
                path: path.to_owned(),
                owner: status.uid(),
                writable_by_others: status.mode() & 0o022 != 0,
            }),
            Err(error) => {
                Reading::Unknown(Unread::Failed(format!("look at {}: {error}", path.display())))
            }
        }
    }

    fn working_directory(&self, _: u32) -> Reading<PathBuf> {
        Reading::Unknown(Unread::Unsupported)
    }

    fn bridges(&self) -> Reading<String> {
        // The interfaces contain the bridges' members.
        Reading::Unknown(Unread::Unsupported)
    }

    fn firewall(&self) -> Reading<String> {
        crate::macos_survey::firewall()
    }

    fn listeners(&self) -> Reading<String> {
        crate::macos_survey::listeners()
    }

    fn routes_to(&self, addresses: &[IpAddr]) -> Reading<String> {
        crate::macos_survey::routes_to(addresses)
    }

    fn own_leases(&self) -> Reading<String> {
        match self.network() {
            Reading::Known(network) => crate::macos_survey::own_leases(&uplinks(&network)),
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why),
        }
    }

    fn invoker(&self) -> Invoker {
        crate::invoker::invoker()
    }
}

/// The processes that `sysinfo` lists; none if it fails.
fn seen(which: ProcessesToUpdate<'_>) -> Vec<Process> {
    let Ok(mut system) = System::new() else { return Vec::new() };
    let wanted =
        ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).with_user(UpdateKind::Always);
    system.refresh_processes_specifics(which, true, wanted);
    let processes = system.processes().values();
    processes
        .map(|process| {
            let mut left = crate::process::ARGUMENTS_LIMIT;
            let arguments = process.cmd().iter().map_while(|argument| {
                let argument = argument.to_string_lossy();
                let argument = bounded(&argument, left).to_owned();
                left = left.checked_sub(argument.len() + 1)?;
                Some(argument)
            });
            let since_epoch = Duration::from_secs(process.start_time());
            let started_at = Some(since_epoch)
                .filter(|since| !since.is_zero())
                .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
            Process {
                pid: process.pid().as_u32(),
                arguments: arguments.collect(),
                user: user(
                    process.user_id().map(|user| **user),
                    process.effective_user_id().map(|user| **user),
                ),
                started_at: known_start(started_at),
            }
        })
        .collect()
}

fn process_of(listed: ListedProcess) -> Process {
    let started_at = listed.age.and_then(|age| SystemTime::now().checked_sub(age));
    Process {
        pid: listed.pid,
        arguments: listed.arguments,
        user: user(listed.user, listed.effective_user),
        started_at: known_start(started_at),
    }
}

/// The user that the real and the effective one agree on.
fn user(real: Option<u32>, effective: Option<u32>) -> Reading<u32> {
    match (real, effective) {
        (Some(real), Some(effective)) if real == effective => Reading::Known(real),
        (Some(real), Some(effective)) => {
            let why = format!("it runs as several users: {real}, {effective}");
            Reading::Unknown(Unread::Failed(why))
        }
        _ => Reading::Unknown(Unread::Failed("the system does not report its user".to_owned())),
    }
}

fn known_start(started_at: Option<SystemTime>) -> Reading<SystemTime> {
    let why = || Unread::Failed("the system does not report when the process started".to_owned());
    started_at.map_or_else(|| Reading::Unknown(why()), Reading::Known)
}
