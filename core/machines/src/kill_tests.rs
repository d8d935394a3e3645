//! Kills commands at every step and at random moments.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Signal, getpid, kill_process};

use crate::{
    DataDirectory, DiskTools, MachineError, RepairOutcome, SourceState,
    trial::{self, location},
};

/// The name of the test that plays the command, for the test program itself.
const COMMAND: &str = "kill_tests::plays_the_command_that_is_killed";
const FOLDER: &str = "VMKIT_TRIAL_FOLDER";
const OPERATION: &str = "VMKIT_TRIAL_OPERATION";
/// The step before which the command kills itself.
const STEP: &str = "VMKIT_TRIAL_STEP";
/// How many random moments there are for each operation.
const MOMENTS: &str = "VMKIT_KILL_POINTS";

/// What stands for the disk of a machine that was created.
const NEW: &str = "qcow2 on the image";

/// More steps than any operation has.
const MOST_STEPS: u32 = 200;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Create,
    Clone,
    Destroy,
}

impl Operation {
    const ALL: [Self; 3] = [Self::Create, Self::Clone, Self::Destroy];

    fn run(self, data: &DataDirectory) -> Result<(), MachineError> {
        let tools = DiskTools::find().unwrap();
        match self {
            Self::Create => {
                let image = data.location.data_directory.join("image");
                data.create(&trial::wanted("new", &image), &tools).map(drop)
            }
            Self::Clone => {
                let source = data.hold("web")?;
                data.duplicate(&source, "copy", SourceState::Stopped, &tools).map(drop)
            }
            Self::Destroy => data.destroy(&data.hold("web")?).map(drop),
        }
    }

    /// The machines with the contents of their disks once it is done.
    fn done(self) -> BTreeMap<String, String> {
        let mut machines = before();
        match self {
            Self::Create => _ = machines.insert("new".to_owned(), NEW.to_owned()),
            Self::Clone => _ = machines.insert("copy".to_owned(), "web's".to_owned()),
            Self::Destroy => _ = machines.remove("web"),
        }
        machines
    }
}

fn before() -> BTreeMap<String, String> {
    [("db", "db's"), ("web", "web's")].map(|(name, disk)| (name.into(), disk.into())).into()
}

/// A data directory with two machines, and keys that only another program knows.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    trial::image(folder.path(), "image");
    let mut entries = Vec::new();
    for (name, content) in before() {
        let directory = folder.path().join("vms").join(&name);
        fs::create_dir_all(directory.join("cloud-init")).unwrap();
        let disk = directory.join(format!("{name}.qcow2"));
        trial::disk(&disk, content.as_bytes());
        fs::write(directory.join("cloud-init/user-data"), "#cloud-config\n").unwrap();
        entries
            .push(format!(r#""{name}":{{"name":"{name}","directory":{directory:?},"gpu":1.50}}"#));
    }
    let text = format!(r#"{{"future":[1e3],"vms":{{{}}},"version":"1.0"}}"#, entries.join(","));
    fs::write(folder.path().join(".vm-registry.json"), text).unwrap();
    folder
}

/// What the registry holds.
fn registered(folder: &Path) -> Vec<String> {
    let bytes = fs::read(folder.join(".vm-registry.json")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(r#""future":[1e3]"#) && text.contains(r#""gpu":1.50"#), "{text}");
    vmkit_inventory::registry_entries(&bytes).unwrap().into_keys().collect()
}

/// The machines that can be read, with the contents of their disks.
fn machines(folder: &Path, data: &DataDirectory) -> BTreeMap<String, String> {
    let content = |name: &String| {
        let machine = data.read(name).unwrap();
        if name == "new" {
            assert!(machine.seed.is_some());
            let base = machine.directory.join("new-base.img");
            assert_eq!(fs::read(base).unwrap(), fs::read(folder.join("image")).unwrap());
            return (name.clone(), NEW.to_owned());
        }
        (name.clone(), trial::content(&machine.disk))
    };
    registered(folder).iter().map(content).collect()
}

/// Everything in the folder that is there only while a command works, or that no machine needs.
fn leftovers(folder: &Path, names: &[String]) -> Vec<PathBuf> {
    let entries = |path: PathBuf| {
        let entries = fs::read_dir(path).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let mut found = entries(folder.join("vms"));
    found.retain(|path| !names.iter().any(|name| path.ends_with(name)));
    found.extend(entries(folder.join(".vmkit/journal")));
    found.extend(entries(folder.join(".vmkit/locks")));
    let mut above = entries(folder.to_owned());
    above.retain(|path| {
        !["image", "vms", ".vmkit", ".vm-registry.json"].iter().any(|name| path.ends_with(name))
    });
    found.extend(above);
    found
}

/// Checks what a killed command left, and that the next one repairs it.
#[track_caller]
fn check(operation: Operation, folder: &Path, moment: &str) -> bool {
    let (before, done) = (before(), operation.done());
    let known =
        |machines: &[String]| [&before, &done].iter().any(|state| state.keys().eq(machines.iter()));
    let names = registered(folder);
    assert!(known(&names), "{operation:?} {moment}: {names:?}");
    let data = DataDirectory::open(&location(folder)).unwrap();
    let repairs = data.repair().unwrap();
    let failed = repairs.iter().find(|repair| matches!(repair.outcome, RepairOutcome::Failed(_)));
    assert!(failed.is_none(), "{operation:?} {moment}: {failed:?}");
    let found = machines(folder, &data);
    assert!(found == before || found == done, "{operation:?} {moment}: {found:?}");
    let names: Vec<_> = found.keys().cloned().collect();
    assert_eq!(leftovers(folder, &names), [] as [PathBuf; 0], "{operation:?} {moment}");
    let again = operation.run(&data);
    match again {
        Ok(()) => assert_eq!(found, before, "{operation:?} {moment}"),
        Err(MachineError::NameTaken(_) | MachineError::UnknownMachine(_)) => {
            assert_eq!(found, done, "{operation:?} {moment}");
        }
        Err(error) => panic!("{operation:?} {moment}: {error}"),
    }
    assert_eq!(machines(folder, &data), done, "{operation:?} {moment}");
    let names: Vec<_> = done.keys().cloned().collect();
    assert_eq!(leftovers(folder, &names), [] as [PathBuf; 0], "{operation:?} {moment}");
    found == done
}

fn command(operation: Operation, folder: &Path, step: u32) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", COMMAND, "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(OPERATION, format!("{operation:?}"));
    command.env(STEP, step.to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Does nothing but in a process that another test has started.
#[test]
fn plays_the_command_that_is_killed() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let wanted = env::var(OPERATION).unwrap();
    let operation = Operation::ALL.into_iter().find(|each| format!("{each:?}") == wanted).unwrap();
    let last: u32 = env::var(STEP).unwrap().parse().unwrap();
    let steps = AtomicU32::new(0);
    let data = DataDirectory::open(&location(&folder)).unwrap().observed(move |_| {
        if steps.fetch_add(1, Ordering::SeqCst) == last {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    });
    // A line of its own, whatever the harness has printed.
    rustix::io::write(rustix::stdio::stdout(), b"\nbegins\n").unwrap();
    operation.run(&data).unwrap();
    rustix::io::write(rustix::stdio::stdout(), b"\nends\n").unwrap();
}

#[test]
fn a_kill_before_any_step_leaves_all_machines_and_the_next_command_ends_it() {
    for operation in Operation::ALL {
        let mut points = 0;
        for step in 0..MOST_STEPS {
            let folder = prepared();
            let ended = command(operation, folder.path(), step).wait_with_output().unwrap();
            if ended.status.signal() == Some(Signal::KILL.as_raw()) {
                check(operation, folder.path(), &format!("before step {step}"));
                points += 1;
                continue;
            }
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
            assert!(check(operation, folder.path(), "not killed"));
            break;
        }
        assert!((10..MOST_STEPS).contains(&points), "{operation:?} has {points} steps");
    }
}

#[test]
fn a_kill_at_a_random_moment_leaves_all_machines_and_the_next_command_ends_it() {
    let moments = env::var(MOMENTS).map_or(30, |text| text.parse().unwrap());
    let mut random = fastrand::Rng::new();
    let seed = random.get_seed();
    let mut counts = Vec::new();
    for operation in Operation::ALL {
        let (mut killed, mut finished, mut done) = (0, 0, 0);
        let mut duration = Duration::from_millis(100);
        while killed < moments {
            let folder = prepared();
            let (mut child, began, ends) = begun(operation, folder.path());
            let moment = duration.mul_f64(random.f64());
            let ended = ends.recv_timeout(moment.saturating_sub(began.elapsed()));
            child.kill().unwrap();
            let is_killed = child.wait().unwrap().signal().is_some();
            let moment = format!("after {moment:?}, seed {seed}");
            finished += u32::from(check(operation, folder.path(), &moment));
            match ended {
                // As long as it takes, and not longer.
                Ok(()) => duration = duration.mul_f64(0.9).max(began.elapsed().mul_f64(0.9)),
                Err(_) => duration = duration.mul_f64(1.02),
            }
            done += u32::from(ended.is_ok());
            killed += u32::from(is_killed && ended.is_err());
        }
        counts
            .push(format!("{operation:?}: {killed} killed, {finished} finished, {done} too late"));
    }
    let counts = counts.join("; ") + "\n";
    rustix::io::write(rustix::stdio::stderr(), counts.as_bytes()).unwrap();
}

/// A command at its beginning, when that was, and what says that it has ended.
fn begun(operation: Operation, folder: &Path) -> (Child, Instant, Receiver<()>) {
    let mut child = command(operation, folder, u32::MAX);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "begins"));
    let began = Instant::now();
    let (send, ends) = mpsc::channel();
    thread::spawn(move || {
        if lines.any(|line| line.is_ok_and(|line| line == "ends")) {
            send.send(()).ok();
        }
        // The harness goes on writing.
        lines.for_each(drop);
    });
    (child, began, ends)
}
