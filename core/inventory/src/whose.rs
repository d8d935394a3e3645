//! Decides whether a process may speak for a machine: whose it is, and what it runs.
//!
//! Every user chooses the command lines of their processes, so a command line proves nothing alone.

use vmkit_model::ProcessDoubt;
use vmkit_platform::{Executable, Process};
use vmkit_types::Reading;

/// The users who may run a machine.
#[derive(Clone, Debug)]
pub(crate) struct Trusted {
    /// The owner of the machine's directory, and the user who asks. Root is trusted without being named.
    pub(crate) users: Vec<u32>,
    /// More owners of programs: of the running program itself, who could replace it anyway.
    pub(crate) program_owners: Vec<u32>,
}

impl Trusted {
    /// Also these users.
    pub(crate) fn and(mut self, users: impl IntoIterator<Item = u32>) -> Self {
        self.users.extend(users);
        self
    }
}

/// Why a process that names a machine's files may not speak for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It is not a QEMU: a wrapper that starts one, or a program that reads its files.
    NotQemu,
    /// Somebody else's process, or one whose program cannot be trusted or seen; more about it.
    Untrusted(ProcessDoubt, String),
}

/// Checks a process that names a machine's files. `is_program`: whether a program may run it at all. Where its program cannot be seen by this user, these
/// are asked: whether it has locked the machine's pid file for writing, which nobody else can, and then
/// the broker.
pub(crate) fn check(
    process: &Process,
    is_program: impl Fn(&Executable) -> bool,
    program: impl FnOnce() -> Reading<Executable>,
    holds_pid_file: impl FnOnce() -> bool,
    program_by_broker: impl FnOnce() -> Reading<Executable>,
    trusted: &Trusted,
) -> Result<(), Doubt> {
    let pid = process.pid;
    let untrusted = |doubt, more| Err(Doubt::Untrusted(doubt, more));
    let user = match &process.user {
        Reading::Known(user) if *user == 0 || trusted.users.contains(user) => *user,
        Reading::Known(user) => {
            return untrusted(ProcessDoubt::OfAnotherUser, format!("{pid} of user {user}"));
        }
        Reading::Unknown(why) => {
            return untrusted(ProcessDoubt::OfAnotherUser, format!("{pid}, {why}"));
        }
        Reading::Absent => return Err(Doubt::NotQemu),
    };
    let program = match program() {
        // Nobody else can run a program as this user, except root.
        Reading::Unknown(_) if user != 0 || holds_pid_file() => return Ok(()),
        Reading::Unknown(_) => program_by_broker(),
        program => program,
    };
    match program {
        Reading::Absent => Err(Doubt::NotQemu),
        Reading::Known(program) if !is_program(&program) => Err(Doubt::NotQemu),
        Reading::Known(program) => {
            let owners = [&*trusted.users, &*trusted.program_owners].concat();
            if program.belongs_to(&owners) {
                return Ok(());
            }
            let (path, owner) = (program.path.display(), program.owner);
            let more = format!("{path} of user {owner} in process {pid}");
            untrusted(ProcessDoubt::ProgramOfAnotherUser, more)
        }
        // A program such as sudo is root's with a command line that any user chooses.
        Reading::Unknown(_) => untrusted(ProcessDoubt::ProgramUnseen, pid.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use vmkit_types::Unread;

    use super::*;

    const ANN: u32 = 1000;
    const EVE: u32 = 1001;
    const BREW: u32 = 1002;

    fn program(path: &str, owner: u32, writable_by_others: bool) -> Reading<Executable> {
        Reading::Known(Executable { path: path.into(), owner, writable_by_others })
    }

    #[test]
    fn a_machine_is_run_by_a_qemu_of_its_owner_or_of_root() {
        let qemu = |owner| program("/usr/bin/qemu-system-x86_64", owner, false);
        let hidden = || Reading::Unknown(Unread::Denied("exe".to_owned()));
        let several = Reading::Unknown(Unread::Failed("several".to_owned()));
        let known = Reading::Known;
        let other = Some(Some(ProcessDoubt::OfAnotherUser));
        let program_of = Some(Some(ProcessDoubt::ProgramOfAnotherUser));
        let no = Some(None);
        let rows = [
            ("own", known(ANN), qemu(0), false, None),
            ("own, own program", known(ANN), qemu(ANN), false, None),
            ("own, program of who owns vm", known(ANN), qemu(BREW), false, None),
            ("own, program of a stranger", known(ANN), qemu(EVE), false, program_of),
            (
                "own, program that others change",
                known(ANN),
                program("/opt/qemu-system-arm", 0, true),
                false,
                program_of,
            ),
            ("own, a reader of its files", known(ANN), program("/bin/cat", 0, false), false, no),
            ("own, its program is hidden", known(ANN), hidden(), false, None),
            ("root's", known(0), qemu(0), false, None),
            ("root's wrapper", known(0), program("/usr/bin/sudo", 0, false), true, no),
            ("root's, hidden", known(0), hidden(), false, Some(Some(ProcessDoubt::ProgramUnseen))),
            ("root's, hidden, has the pid file", known(0), hidden(), true, None),
            ("a stranger's", known(EVE), qemu(0), true, other),
            ("a stranger's, hidden", known(EVE), hidden(), true, other),
            ("set-user-id", several, qemu(0), true, other),
            ("ended", Reading::Absent, qemu(0), true, no),
            ("ended meanwhile", known(ANN), Reading::Absent, true, no),
        ];
        let trusted = Trusted { users: vec![ANN], program_owners: vec![BREW] };
        for (case, user, program, locks, expected) in rows {
            let started_at = Reading::Known(SystemTime::UNIX_EPOCH);
            let process = Process { pid: 17, arguments: Vec::new(), user, started_at };
            let found =
                check(&process, Executable::is_qemu, || program, || locks, hidden, &trusted)
                    .err()
                    .map(|doubt| match doubt {
                        Doubt::NotQemu => None,
                        Doubt::Untrusted(doubt, _) => Some(doubt),
                    });
            assert_eq!(found, expected, "{case}");
        }
    }
}
