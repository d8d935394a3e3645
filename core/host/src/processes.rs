//! The processes that inventories see, and by which the machines that they list are proven.

use std::collections::HashMap;

use vmkit_platform::{Executable, Platform, Process};
use vmkit_rights::Broker;
use vmkit_types::{ProcessAnswer, Reading, Unread, bounded};
use vmkit_wire::{Needs, Refusal};

/// Most processes that one inventory is shown, its user's own first.
const MOST_SHOWN: usize = 4096;
/// Most bytes of command lines that one inventory is shown.
const MOST_BYTES: usize = 16 << 20;
/// Longest name of a program that an error shows, in bytes.
const LONGEST_NAME: usize = 100;

/// The processes of one look, of programs that inventories name.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Each with the file name of its program; why they could not be seen.
    processes: Result<Vec<(String, ProcessAnswer)>, Unread>,
}

/// What one inventory is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) answers: Vec<ProcessAnswer>,
    /// What it is not shown, in a sentence.
    pub(crate) gap: Option<String>,
}

impl Seen {
    /// The processes of programs that these manifests name.
    pub(crate) fn of(
        processes: &Reading<Vec<Process>>,
        needs: &[&Needs],
        platform: &impl Platform,
    ) -> Self {
        let all = match processes {
            Reading::Known(all) => all.as_slice(),
            Reading::Absent => &[],
            Reading::Unknown(why) => return Self { processes: Err(why.clone()) },
        };
        let is_named = |name: &str| needs.iter().any(|needs| needs.declares_process(name));
        let named = all.iter().filter(|process| is_named(first_word(&process.arguments)));
        let mut seen: Vec<_> = named
            .filter_map(|process| {
                let program = match platform.executable(process.pid) {
                    Reading::Known(program) => name_of(&program).to_owned(),
                    // It has ended.
                    Reading::Absent => return None,
                    Reading::Unknown(_) => first_word(&process.arguments).to_owned(),
                };
                is_named(&program).then(|| (program, answer(process, platform)))
            })
            .collect();
        let me = platform.invoker().uid;
        let rank = |user: Option<u32>| (user != Some(me), user != Some(0));
        seen.sort_by_key(|(_, process)| (rank(process.user), process.pid));
        Self { processes: Ok(seen) }
    }

    /// Whether some process of these programs may exist.
    pub(crate) fn may_have(&self, needs: &Needs) -> bool {
        match &self.processes {
            Ok(seen) => seen.iter().any(|(program, _)| needs.declares_process(program)),
            Err(_) => !needs.processes.is_empty(),
        }
    }

    /// The processes of an inventory's programs.
    ///
    /// # Errors
    /// They could not be seen.
    pub(crate) fn shown_to(&self, needs: &Needs) -> Result<Shown, Refusal> {
        let seen = self.processes.as_ref().map_err(|why| match why {
            Unread::Denied(what) => Refusal::denied(what.clone()),
            why => Refusal::failed(why.to_string()),
        })?;
        let own = seen.iter().filter(|(program, _)| needs.declares_process(program));
        let own: Vec<_> = own.map(|(_, process)| process).collect();
        let mut left = MOST_BYTES;
        let fits = |process: &&&ProcessAnswer| {
            let bytes: usize = process.arguments.iter().map(|word| word.len() + 16).sum();
            left = left.saturating_sub(bytes);
            left > 0
        };
        let answers: Vec<_> =
            own.iter().take(MOST_SHOWN).take_while(fits).map(|it| (*it).clone()).collect();
        let gap = own.len().checked_sub(answers.len()).filter(|more| *more > 0);
        let gap = gap.map(|more| format!("{more} processes of its programs were not looked at"));
        Ok(Shown { answers, gap })
    }
}

/// Shows which programs run, and remembers it for the machines of one list.
pub(crate) struct Proofs<'a, P> {
    platform: &'a P,
    /// Sees the programs of root's processes, where this run has root's rights.
    broker: Option<&'a Broker>,
    needs: &'a Needs,
    known: HashMap<u32, Result<(), Unread>>,
}

impl<'a, P: Platform> Proofs<'a, P> {
    pub(crate) fn new(platform: &'a P, broker: Option<&'a Broker>, needs: &'a Needs) -> Self {
        Self { platform, broker, needs, known: HashMap::new() }
    }

    /// Whether this process runs a program that the manifest names.
    ///
    /// # Errors
    /// Why it does not, or nobody can see it.
    pub(crate) fn prove(&mut self, pid: u32) -> Result<(), Unread> {
        if let Some(known) = self.known.get(&pid) {
            return known.clone();
        }
        let proof = self.look(pid);
        self.known.insert(pid, proof.clone());
        proof
    }

    fn look(&self, pid: u32) -> Result<(), Unread> {
        let none = || Unread::Failed(format!("no process has the number {pid}"));
        let process = match self.platform.process(pid) {
            Reading::Known(process) => process,
            Reading::Absent => return Err(none()),
            Reading::Unknown(why) => return Err(why),
        };
        let program = match self.platform.executable(pid) {
            Reading::Known(program) => name_of(&program).to_owned(),
            Reading::Absent => return Err(none()),
            Reading::Unknown(why) => self.unseen_program(&process, why)?,
        };
        if self.needs.declares_process(&program) {
            return Ok(());
        }
        let program = bounded(&program, LONGEST_NAME);
        Err(Unread::Failed(format!(
            "process {pid} runs {program:?}, which the manifest does not name"
        )))
    }

    /// The program of a process that the system shows to root alone. What a user runs, that user could name
    /// as well; but the command lines of root's processes are often chosen by another user, as sudo's are.
    fn unseen_program(&self, process: &Process, why: Unread) -> Result<String, Unread> {
        let pid = process.pid;
        if let Some(Ok(Some(facts))) = self.broker.map(|broker| broker.process(pid)) {
            let name = facts.program.file_name().unwrap_or_default();
            return Ok(plain(&name.to_string_lossy()).to_owned());
        }
        match process.user {
            Reading::Known(user) if user != 0 => Ok(first_word(&process.arguments).to_owned()),
            _ => Err(why),
        }
    }
}

fn answer(process: &Process, platform: &impl Platform) -> ProcessAnswer {
    let user = platform.process(process.pid).known().and_then(|process| process.user.known());
    let directory = platform.working_directory(process.pid).known();
    ProcessAnswer {
        pid: process.pid,
        user,
        directory: directory.and_then(|path| path.into_os_string().into_string().ok()),
        arguments: process.arguments.clone(),
    }
}

/// The file name of the program that a command line begins with.
fn first_word(arguments: &[String]) -> &str {
    let program = arguments.first().map_or("", String::as_str);
    program.rsplit('/').next().unwrap_or(program)
}

fn name_of(program: &Executable) -> &str {
    plain(program.path.file_name().and_then(|name| name.to_str()).unwrap_or_default())
}

/// Nix wraps programs in scripts, and calls what they run `.NAME-wrapped`.
fn plain(name: &str) -> &str {
    let wrapped = name.strip_prefix('.').and_then(|name| name.strip_suffix("-wrapped"));
    wrapped.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use vmkit_platform::Invoker;
    use vmkit_types::HostNetwork;

    use super::*;

    const ANN: u32 = 1000;
    const EVE: u32 = 1001;

    /// A computer of these processes: number, user, program as only its user and root see it, command line.
    struct Computer(Vec<(u32, u32, &'static str, &'static [&'static str])>);

    impl Computer {
        fn row(&self, pid: u32) -> Reading<&(u32, u32, &'static str, &'static [&'static str])> {
            self.0.iter().find(|row| row.0 == pid).map_or(Reading::Absent, Reading::Known)
        }

        fn list(&self) -> Reading<Vec<Process>> {
            Reading::Known(self.0.iter().filter_map(|row| self.process(row.0).known()).collect())
        }
    }

    impl Platform for Computer {
        fn name(&self) -> &'static str {
            "linux"
        }
        fn network(&self) -> Reading<HostNetwork> {
            Reading::Absent
        }
        fn process(&self, pid: u32) -> Reading<Process> {
            self.row(pid).map(|(pid, user, _, arguments)| Process {
                pid: *pid,
                arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
                user: Reading::Known(*user),
                started_at: Reading::Absent,
            })
        }
        fn processes(&self) -> Reading<Vec<Process>> {
            self.list()
        }
        fn executable(&self, pid: u32) -> Reading<Executable> {
            match self.row(pid) {
                Reading::Known((_, ANN, path, _)) => Reading::Known(Executable {
                    path: path.into(),
                    owner: 0,
                    writable_by_others: false,
                }),
                Reading::Known(_) => Reading::Unknown(Unread::Denied("its program".to_owned())),
                _ => Reading::Absent,
            }
        }
        fn working_directory(&self, _: u32) -> Reading<PathBuf> {
            Reading::Known("/vms".into())
        }
        fn bridges(&self) -> Reading<String> {
            Reading::Absent
        }
        fn firewall(&self) -> Reading<String> {
            Reading::Absent
        }
        fn listeners(&self) -> Reading<String> {
            Reading::Absent
        }
        fn invoker(&self) -> Invoker {
            Invoker {
                uid: ANN,
                gid: ANN,
                via_sudo: false,
                privileged: false,
                home: Reading::Absent,
            }
        }
    }

    fn computer() -> Computer {
        Computer(vec![
            (7, EVE, "/usr/bin/qemu-system-arm", &["qemu-system-arm", "-name", "eve"]),
            (8, 0, "/usr/bin/sudo", &["qemu-system-arm", "-name", "fake"]),
            (9, ANN, "/usr/bin/qemu-system-arm", &["/usr/bin/qemu-system-arm"]),
            (10, ANN, "/usr/bin/sleep", &["qemu-system-arm"]),
            (11, ANN, "/nix/bin/.qemu-system-arm-wrapped", &["/x/qemu-system-arm"]),
            (12, ANN, "/usr/bin/vim", &["vim", "qemu-system-arm"]),
        ])
    }

    fn needs(names: &[&str]) -> Needs {
        let processes = names.iter().map(|name| (*name).to_owned()).collect();
        Needs { processes, ..Needs::default() }
    }

    #[test]
    fn an_inventory_is_shown_the_processes_of_its_programs() {
        let computer = computer();
        let (qemu, other) = (needs(&["qemu-system-*"]), needs(&["VBoxHeadless"]));
        let seen = Seen::of(&computer.list(), &[&qemu, &other], &computer);
        let shown = seen.shown_to(&qemu).unwrap();
        // Its user's own first, then root's. Whether root's is what it says is not known.
        let pids: Vec<u32> = shown.answers.iter().map(|process| process.pid).collect();
        assert_eq!((pids, shown.gap), (vec![9, 11, 8, 7], None));
        assert_eq!(shown.answers[0].directory.as_deref(), Some("/vms"));
        assert!(seen.shown_to(&other).unwrap().answers.is_empty());
        assert_eq!((seen.may_have(&qemu), seen.may_have(&other)), (true, false));

        let hidden = Reading::Unknown(Unread::Denied("hidepid".to_owned()));
        let hidden = Seen::of(&hidden, &[&qemu], &computer);
        assert!(hidden.shown_to(&qemu).unwrap_err().denied && hidden.may_have(&qemu));
        assert!(!hidden.may_have(&needs(&[])));
    }

    #[test]
    fn says_how_many_processes_are_not_shown() {
        let rows: Vec<_> = (0..5000).map(|pid| (pid, EVE, "", &["qemu-kvm"] as &[_])).collect();
        let computer = Computer(rows);
        let needs = needs(&["qemu-kvm"]);
        let shown = Seen::of(&computer.list(), &[&needs], &computer).shown_to(&needs).unwrap();
        assert_eq!(shown.answers.len(), MOST_SHOWN);
        assert!(shown.gap.unwrap().starts_with("904 processes"));
    }

    #[test]
    fn a_machine_is_proven_by_a_process_that_runs_such_a_program() {
        let computer = computer();
        let needs = needs(&["qemu-system-*"]);
        let mut proofs = Proofs::new(&computer, None, &needs);
        let rows = [
            (9, ""),
            (11, ""),
            (7, ""),
            (8, "permission denied: its program"),
            (10, "runs \"sleep\""),
            (12, "runs \"vim\""),
            (99, "no process has the number 99"),
        ];
        for (pid, expected) in rows {
            for _ in 0..2 {
                let error = proofs.prove(pid).err().map(|why| why.to_string()).unwrap_or_default();
                assert!(
                    error.contains(expected) && error.is_empty() == expected.is_empty(),
                    "{pid}: {error}"
                );
            }
        }
    }
}
