//! Which processes the broker believes: QEMUs of root's and of its user's.

use std::path::PathBuf;

use vmkit_platform::{Executable, HeldPort, Platform as _, Process};
use vmkit_rights::{Account, PortFacts, ProcessFacts, Refusal};
use vmkit_types::Reading;

/// A process that is a QEMU of root's or of the user's.
#[derive(Debug)]
pub(crate) struct Qemu {
    pub(crate) process: Process,
    pub(crate) uid: u32,
    pub(crate) program: Executable,
}

impl Qemu {
    /// The process of this number; `None`: it is no such QEMU.
    fn find(pid: u32, user: Account) -> Result<Option<Self>, Refusal> {
        let platform = vmkit_platform::current();
        let process = match platform.process(pid) {
            Reading::Known(process) => process,
            Reading::Absent => return Ok(None),
            Reading::Unknown(why) => return Err(Refusal::failed(why.to_string())),
        };
        let program = match platform.executable(pid) {
            Reading::Known(program) => program,
            Reading::Absent => return Ok(None),
            Reading::Unknown(why) => return Err(Refusal::failed(why.to_string())),
        };
        let uid = process.user.clone().known().filter(|uid| is_believed(*uid, &program, user));
        Ok(uid.map(|uid| Self { process, uid, program }))
    }

    /// The process of this number, which must be such a QEMU.
    pub(crate) fn of(pid: u32, user: Account) -> Result<Self, Refusal> {
        let refused = || {
            Refusal::denied(format!("process {pid} is no QEMU of root's or of user {}", user.uid))
        };
        Self::find(pid, user)?.ok_or_else(refused)
    }

    /// The same, if it is root's: all that it has and the user does not see is root's, too.
    pub(crate) fn of_root(pid: u32, user: Account) -> Result<Self, Refusal> {
        let qemu = Self::of(pid, user)?;
        if qemu.uid != 0 {
            return Err(Refusal::denied(format!("process {pid} is the user's own, not root's")));
        }
        Ok(qemu)
    }
}

/// Whether this user's process of this program is one of root's or the user's QEMUs. Root as the user
/// may see everybody's.
fn is_believed(uid: u32, program: &Executable, user: Account) -> bool {
    (uid == 0 || uid == user.uid || user.uid == 0)
        && program.is_qemu()
        && program.belongs_to(&[uid, user.uid])
}

/// What `vm` may know of a process; `None`: it is no QEMU of root's or of the user's.
pub(crate) fn facts(pid: u32, user: Account) -> Result<Option<ProcessFacts>, Refusal> {
    let Some(qemu) = Qemu::find(pid, user)? else { return Ok(None) };
    let Executable { path, owner, writable_by_others } = qemu.program;
    let platform = vmkit_platform::current();
    let directory: Reading<PathBuf> = platform.working_directory(pid);
    let ports = platform.ports(pid).known().unwrap_or_default().into_iter();
    Ok(Some(ProcessFacts {
        program: path,
        program_owner: owner,
        writable_by_others,
        working_directory: directory.known(),
        ports: ports
            .map(|HeldPort { descriptor, name, uplink }| PortFacts { descriptor, name, uplink })
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_a_qemu_of_root_or_the_user_and_nothing_else() {
        const ANN: u32 = 1000;
        const EVE: u32 = 1001;
        let (qemu, sudo) = ("/usr/bin/qemu-system-x86_64", "/usr/bin/sudo");
        let rows = [
            (ANN, qemu, 0, false, ANN, true),
            (0, qemu, 0, false, ANN, true),
            (0, qemu, ANN, false, ANN, true),
            (0, qemu, EVE, false, ANN, false),
            (0, qemu, 0, true, ANN, false),
            (0, sudo, 0, false, ANN, false),
            (EVE, qemu, 0, false, ANN, false),
            (EVE, qemu, EVE, false, ANN, false),
            (EVE, qemu, 0, false, 0, true),
        ];
        for row in rows {
            let (uid, path, owner, writable_by_others, user, expected) = row;
            let program = Executable { path: path.into(), owner, writable_by_others };
            let user = Account { uid: user, gid: user };
            assert_eq!(is_believed(uid, &program, user), expected, "{row:?}");
        }
    }

    #[test]
    fn says_nothing_of_a_process_that_is_no_qemu() {
        let user = Account { uid: rustix::process::geteuid().as_raw(), gid: 0 };
        for pid in [std::process::id(), u32::MAX] {
            assert_eq!(facts(pid, user), Ok(None), "{pid}");
            assert!(Qemu::of(pid, user).unwrap_err().denied, "{pid}");
        }
    }
}
