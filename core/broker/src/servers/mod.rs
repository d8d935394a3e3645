//! The DHCP servers that run on this computer, as a document of what is known of them.
//!
//! Root reads what the command lines of the system's servers name, and passes on what a server is told: names of
//! interfaces and files, ranges, addresses, hardware addresses and times.

mod files;
mod genuine;
mod open;

use std::{thread, time::SystemTime};

use vmkit_platform::{Platform as _, Process};
use vmkit_rights::Account;
use vmkit_servers::{Program, Sources};
use vmkit_survey::{DhcpServer, write_dhcp_servers};
use vmkit_types::{Reading, Unread};

use files::FilesOf;
use genuine::Whose;

/// Most servers: one for each network of a host.
const MOST_SERVERS: usize = 32;

/// The document.
pub(crate) fn document(user: Account) -> Reading<String> {
    let processes = match vmkit_platform::current().processes() {
        Reading::Known(processes) => processes,
        Reading::Absent => return Reading::Absent,
        Reading::Unknown(why) => return Reading::Unknown(why),
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut servers = thread::scope(|scope| {
        let running: Vec<_> = found(processes, user)
            .into_iter()
            .map(|(program, whose, process)| {
                scope.spawn(move || read(program, whose, &process, now.as_secs()))
            })
            .collect();
        running.into_iter().filter_map(|each| each.join().ok().flatten()).collect::<Vec<_>>()
    });
    if cfg!(target_os = "macos") {
        servers.extend(read_systems_own(now.as_secs()));
    }
    match write_dhcp_servers(&servers) {
        Ok(text) => Reading::Known(text),
        Err(error) => Reading::Unknown(Unread::Failed(format!("encode the servers: {error}"))),
    }
}

/// The processes of servers, each command line once: dnsmasq starts a second process for its script.
fn found(processes: Vec<Process>, user: Account) -> Vec<(Program, Whose, Process)> {
    let mut found: Vec<(Program, Whose, Process)> = Vec::new();
    for process in processes {
        let Some((program, whose)) = genuine::server(&process, user) else { continue };
        let is_here = !matches!(
            vmkit_platform::current().shares_network(process.pid),
            Reading::Known(false) | Reading::Absent
        );
        let is_new = found.iter().all(|(_, _, known)| known.arguments != process.arguments);
        if is_here && is_new && found.len() < MOST_SERVERS {
            found.push((program, whose, process));
        }
    }
    found
}

fn read(program: Program, whose: Whose, process: &Process, now: u64) -> Option<DhcpServer> {
    let files = FilesOf::process(process.pid, whose);
    vmkit_servers::read(&Sources {
        program,
        arguments: &process.arguments,
        files: &files,
        messages: vmkit_platform::current().messages(process.pid),
        now,
    })
}

/// macOS's own server, which has a process only while it answers.
fn read_systems_own(now: u64) -> Option<DhcpServer> {
    let files = FilesOf::system();
    let messages = Reading::Unknown(Unread::Unsupported);
    let sources =
        Sources { program: Program::Bootpd, arguments: &[], files: &files, messages, now };
    vmkit_servers::read(&sources)
}
