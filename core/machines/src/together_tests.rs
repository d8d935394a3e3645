//! Several commands at once.

use std::{
    collections::BTreeSet,
    env,
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{DataDirectory, MachineError, trial, trial::location};

/// Set for a process that holds the machine `web` in this data directory until its input ends.
const FOLDER: &str = "VMKIT_TRIAL_HELD";

/// A command that finds a machine held; the rest is for a busy computer.
const LONG: Duration = Duration::from_mins(2);

#[test]
fn twenty_machines_made_at_once_are_all_registered_with_macs_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..20).map(|number| format!("vm{number}")).collect();
    let made: Vec<_> = thread::scope(|scope| {
        let each = |name| {
            let location = location(folder.path());
            move || trial::make(&DataDirectory::open(&location).unwrap(), name, b"disk").unwrap()
        };
        let threads: Vec<_> = names.iter().map(|name| scope.spawn(each(name))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let data = DataDirectory::open(&location(folder.path())).unwrap();
    let registry = data.registry().unwrap();
    assert!(names.iter().all(|name| registry.contains(name)));
    let macs: BTreeSet<_> = made.iter().map(|machine| machine.mac.octets()).collect();
    assert_eq!(macs.len(), names.len());
    // And removed, while others are remembered.
    let choice =
        || vmkit_model::NetworkChoice { mode: vmkit_model::StartMode::Shared, bridge: None };
    thread::scope(|scope| {
        for (number, name) in names.iter().enumerate() {
            let data = &data;
            scope.spawn(move || {
                if number % 2 == 0 {
                    data.destroy(&data.hold(name).unwrap()).unwrap();
                } else {
                    data.remember(name, &choice()).unwrap();
                }
            });
        }
    });
    let left = vmkit_inventory::names(&data.location);
    assert_eq!(left.len(), 10);
    assert!(left.iter().all(|name| data.read(name).unwrap().network == Some(choice())));
}

#[test]
fn of_commands_that_make_one_machine_one_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let one = || {
            let data = DataDirectory::open(&location(folder.path())).unwrap();
            trial::make(&data, "web", b"disk")
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused =
        |outcome: &Result<_, MachineError>| matches!(outcome, Err(MachineError::NameTaken(_)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| refused(outcome)).count(), 3, "{outcomes:?}");
}

#[test]
fn a_machine_that_another_command_works_on_is_refused_and_the_command_named() {
    if let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) {
        let _held = DataDirectory::open(&location(&folder)).unwrap().hold("web").unwrap();
        rustix::io::write(rustix::stdio::stdout(), b"\nholds\n").unwrap();
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "a_machine_that_another_command_works_on_is_refused_and_the_command_named";
    let mut other = Command::new(env::current_exe().unwrap());
    other.args(["--exact", &format!("together_tests::{name}"), "--nocapture"]);
    other.env(FOLDER, folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut other = other.spawn().unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holds"));
    let data = DataDirectory::open(&location(folder.path())).unwrap();
    let refused = data.try_hold("web", Duration::from_millis(20)).unwrap_err().to_string();
    let program = env::current_exe().unwrap();
    let program = program.file_name().unwrap().display();
    let expected = format!("the VM `web` is in use: `{program} --exact");
    assert!(refused.starts_with(&expected), "{refused}");
    assert!(refused.ends_with(&format!("(process {}) works on it", other.id())), "{refused}");
    assert!(data.repair().unwrap().is_empty(), "nothing of a living command is repaired");
    data.try_hold("db", Duration::ZERO).unwrap();
    // Who waits gets it once the other one ends, however it ends.
    thread::scope(|scope| {
        let waiting = scope.spawn(|| data.try_hold("web", LONG).map(drop));
        other.kill().unwrap();
        other.wait().unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(data.locks.names(9).unwrap().0, [] as [String; 0]);
}
