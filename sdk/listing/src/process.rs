//! The processes of machines.

use vmkit_plugin::{Cx, ListedMachine, MachineState, ProcessAnswer, Reading, Unread};

/// The processes that run a program of the manifest, or why nobody could see them.
#[derive(Clone, Debug)]
pub struct Processes(Reading<Vec<ProcessAnswer>>);

impl Processes {
    /// The processes of this computer.
    pub fn of(cx: &Cx<'_>) -> Self {
        Self(match cx.processes() {
            Ok(processes) => Reading::Known(processes),
            Err(error) => Reading::Unknown(error.into()),
        })
    }

    /// Processes that nobody has looked at.
    pub fn unseen() -> Self {
        Self(Reading::Unknown(Unread::NotTried))
    }

    /// All of them; none if they cannot be seen.
    pub fn all(&self) -> &[ProcessAnswer] {
        match &self.0 {
            Reading::Known(processes) => processes,
            Reading::Absent | Reading::Unknown(_) => &[],
        }
    }

    /// The first process that `is` the machine's. Absent: the machine has none.
    pub fn find(&self, mut is: impl FnMut(&ProcessAnswer) -> bool) -> Reading<&ProcessAnswer> {
        match &self.0 {
            Reading::Known(processes) => {
                processes.iter().find(|process| is(process)).map_or(Reading::Absent, Reading::Known)
            }
            Reading::Absent => Reading::Absent,
            Reading::Unknown(why) => Reading::Unknown(why.clone()),
        }
    }
}

/// Whether the process is one of this user or of root. A machine's files are its owner's, so that another
/// user's process is not the machine's, whatever its command line says. Where the user of a process cannot
/// be seen, it counts.
pub fn belongs_to(process: &ProcessAnswer, owner: u32) -> bool {
    process.user.is_none_or(|user| user == owner || user == 0)
}

/// Whether a word of the process's command line holds this text.
pub fn mentions(process: &ProcessAnswer, text: &str) -> bool {
    process.arguments.iter().any(|word| word.contains(text))
}

/// Sets the machine's process, and its state from it.
pub fn run_by(machine: &mut ListedMachine, process: &Reading<&ProcessAnswer>) {
    machine.pid = process.as_ref().map(|process| process.pid);
    machine.state = match process {
        Reading::Known(_) => Reading::Known(MachineState::Running),
        Reading::Absent => Reading::Known(MachineState::Stopped),
        Reading::Unknown(why) => Reading::Unknown(why.clone()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_another_user_is_not_the_machines() {
        let process = |user| ProcessAnswer { pid: 7, user, directory: None, arguments: Vec::new() };
        let rows = [(Some(1000), true), (Some(0), true), (None, true), (Some(1001), false)];
        for (user, expected) in rows {
            assert_eq!(belongs_to(&process(user), 1000), expected, "{user:?}");
        }
    }
}
