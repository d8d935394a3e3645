//! Which processes are DHCP servers: a command line alone proves nothing.

use vmkit_platform::{Executable, Platform as _, Process};
use vmkit_rights::Account;
use vmkit_servers::Program;
use vmkit_types::Reading;

/// The first account of a person (`UID_MIN` of login.defs; macOS has 501). Those below are the system's.
const FIRST_PERSON: u32 = if cfg!(target_os = "macos") { 500 } else { 1000 };
/// The account `nobody`, as which dnsmasq runs where it has no account of its own.
const NOBODY: u32 = 65_534;

/// Whose server a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The system's.
    System,
    /// The user's who asks.
    User,
}

/// The server that this process is, and whose it is. `None`: it is none, or another person's, or that is not
/// known.
pub(super) fn server(listed: &Process, asks: Account) -> Option<(Program, Whose)> {
    let program = Program::of(&listed.arguments)?;
    let platform = vmkit_platform::current();
    // The list of all processes has no users.
    let Reading::Known(process) = platform.process(listed.pid) else { return None };
    let executable = platform.executable(listed.pid);
    let is_same = process.arguments == listed.arguments;
    let whose = whose(program, &process.user, &executable, asks).filter(|_| is_same)?;
    Some((program, whose))
}

fn whose(
    program: Program,
    runs_as: &Reading<u32>,
    executable: &Reading<Executable>,
    asks: Account,
) -> Option<Whose> {
    let (Reading::Known(runs_as), Reading::Known(executable)) = (runs_as, executable) else {
        return None;
    };
    let name = executable.path.file_name()?.to_str()?;
    // After an update the file of the running program is gone.
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    let is_it = Program::of(&[name.to_owned()]) == Some(program) && executable.belongs_to(&[]);
    let is_systems = *runs_as < FIRST_PERSON || *runs_as == NOBODY;
    match (is_it, is_systems) {
        (true, true) => Some(Whose::System),
        (true, false) if *runs_as == asks.uid => Some(Whose::User),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::Unread;

    use super::*;

    #[test]
    fn believes_only_programs_of_root_that_the_system_or_the_user_runs() {
        let runs = |path: &str, owner, writable_by_others| {
            Reading::Known(Executable { path: path.into(), owner, writable_by_others })
        };
        let real = || runs("/usr/sbin/dnsmasq", 0, false);
        let several = || Reading::Unknown(Unread::Failed("it runs as several users".to_owned()));
        let rows = [
            (Reading::Known(0), real(), Some(Whose::System)),
            (Reading::Known(112), real(), Some(Whose::System)),
            (Reading::Known(NOBODY), real(), Some(Whose::System)),
            (
                Reading::Known(112),
                runs("/usr/sbin/dnsmasq (deleted)", 0, false),
                Some(Whose::System),
            ),
            (Reading::Known(1000), real(), Some(Whose::User)),
            // Another person's, one of a container of a person's, and one that was started by another user.
            (Reading::Known(1001), real(), None),
            (Reading::Known(100_112), real(), None),
            (several(), real(), None),
            (Reading::Absent, real(), None),
            // Programs that only call themselves so.
            (Reading::Known(112), runs("/usr/bin/perl", 0, false), None),
            (Reading::Known(0), runs("/usr/bin/su", 0, false), None),
            (Reading::Known(112), runs("/tmp/dnsmasq", 112, false), None),
            (Reading::Known(112), runs("/usr/sbin/dnsmasq", 0, true), None),
            (Reading::Known(0), Reading::Absent, None),
        ];
        let asks = Account { uid: 1000, gid: 1000 };
        for (runs_as, executable, expected) in rows {
            let found = whose(Program::Dnsmasq, &runs_as, &executable, asks);
            assert_eq!(found, expected, "{runs_as:?} {executable:?}");
        }
    }
}
