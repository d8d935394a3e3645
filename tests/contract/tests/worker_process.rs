//! A worker as others see it while its plugin runs, and its end.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::{fs::MetadataExt as _, net::UnixStream},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use vmkit_cli_tests::DataDirectory;
use vmkit_contract::{
    built,
    place::{ANN, Place, mode},
};
use vmkit_wire::{Account, FailureCode, FromWorker, Load, Needs, Receiver, ToWorker, WIRE_VERSION};

const NOBODY: u32 = 65534;
/// How long processes may take to start or to end on a busy computer.
const GENEROUS: Duration = Duration::from_mins(1);
/// No capability.
const NONE: &str = "0000000000000000";
/// Starts the program as ann with capabilities that a change of program does not end.
const AMBIENT: &str = "setpriv --reuid=41001 --regid=41001 --clear-groups \
                       --inh-caps=+net_raw,+net_admin --ambient-caps=+net_raw,+net_admin";

/// Files of a process under `/proc`.
struct Process(u32);

impl Process {
    fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.0))
    }

    /// The fields of `status`, or none if it has ended.
    fn status(&self) -> BTreeMap<String, String> {
        let text = self.read("status").unwrap_or_default();
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.map(|(name, value)| (name.to_owned(), value.trim().replace('\t', " "))).collect()
    }

    fn parent(&self) -> Option<Self> {
        self.status().get("PPid")?.parse().ok().map(Self)
    }

    fn descends_from(&self, ancestor: u32) -> bool {
        let mut process = self.parent();
        while let Some(Self(pid)) = process.filter(|process| process.0 > 1) {
            if pid == ancestor {
                return true;
            }
            process = Self(pid).parent();
        }
        false
    }

    /// Whether it runs no more; nobody may have asked for its exit status yet.
    fn has_ended(&self) -> bool {
        self.status().get("State").is_none_or(|state| state.starts_with('Z'))
    }

    fn kill(&self) {
        let pid = rustix::process::Pid::from_raw(self.0.cast_signed()).expect("not zero");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kill it");
    }

    /// What is behind its descriptors.
    fn descriptors(&self) -> Vec<String> {
        let list = fs::read_dir(format!("/proc/{}/fd", self.0)).expect("its descriptors");
        let targets = list.map(|entry| fs::read_link(entry.expect("an entry").path()));
        targets.map(|target| target.expect("a link").display().to_string()).collect()
    }

    /// The session, and the number of the terminal that controls it.
    fn session_and_terminal(&self) -> (String, String) {
        let text = self.read("stat").expect("it runs");
        let (_, fields) = text.rsplit_once(')').expect("a name in brackets");
        let fields: Vec<&str> = fields.split_whitespace().collect();
        (fields[3].to_owned(), fields[4].to_owned())
    }

    /// A limit of its resources.
    fn limit(&self, name: &str) -> String {
        let text = self.read("limits").expect("it runs");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
        line.split_whitespace().next().expect("a value").to_owned()
    }
}

/// Waits until this is there.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + GENEROUS;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} within a minute");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// The worker of this process's descendant `vm`, once its plugin has done what it could.
fn worker_below(ancestor: u32) -> Process {
    wait_for("a worker", || {
        let entries = fs::read_dir("/proc").expect("/proc");
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.map(Process).find(|process| {
            let name = process.status().remove("Name").unwrap_or_default();
            matches!(name.as_str(), "outlives" | "reached") && process.descends_from(ancestor)
        })
    })
}

/// A worker and its `vm`, while the plugin ran.
struct Seen {
    worker: u32,
    status: BTreeMap<String, String>,
    session_and_terminal: (String, String),
    descriptors: Vec<String>,
    descriptors_of_vm: Vec<String>,
    limits: [String; 5],
    owner_of_memory: u32,
    /// How early it is ended where memory is short, up to 1000.
    out_of_memory: String,
    /// How a process of this user ends that reads its memory.
    reader: ExitStatus,
}

/// Runs this in a terminal with a session, which a shell leaves open under another number as well. Looks
/// at the worker, kills `vm`, and waits until the worker has ended, too.
fn look_and_kill(command: &str, user: u32) -> Seen {
    let line = format!("exec 9<&0; exec env -i HOME=/nonexistent {command}");
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .current_dir("/")
        .spawn()
        .expect("start script");
    let worker = worker_below(terminal.id());
    let vm = worker.parent().expect("a parent");
    let names = ["core file size", "processes", "address space", "cpu time", "open files"];
    let reader = Command::new("setpriv")
        .args([format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".to_owned()])
        .args(["cat".to_owned(), format!("/proc/{}/environ", worker.0)])
        .stderr(Stdio::null())
        .status();
    let memory = fs::metadata(format!("/proc/{}/mem", worker.0));
    let seen = Seen {
        worker: worker.0,
        status: worker.status(),
        session_and_terminal: worker.session_and_terminal(),
        descriptors: worker.descriptors(),
        descriptors_of_vm: vm.descriptors(),
        limits: names.map(|name| worker.limit(&format!("Max {name}"))),
        owner_of_memory: memory.expect("it runs").uid(),
        out_of_memory: worker.read("oom_score_adj").expect("it runs"),
        reader: reader.expect("start setpriv"),
    };
    vm.kill();
    wait_for("the end of the worker", || worker.has_ended().then_some(()));
    terminal.wait().expect("script ends");
    seen
}

fn check(by: &str, user: u32, seen: &Seen) {
    let terminal = |name: &String| name.starts_with("/dev/pts/");
    // Otherwise the test shows nothing.
    assert!(seen.descriptors_of_vm.iter().any(terminal), "{by}");
    assert_eq!(seen.status["Name"], "outlives", "{by}: it reached a terminal");
    assert_eq!(seen.status["Uid"], format!("{user} {user} {user} {user}"), "{by}");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(seen.status[set], NONE, "{by}: {set}");
    }
    // What is left in the bounding set cannot be had without a program that gives it.
    assert_eq!((&*seen.status["NoNewPrivs"], &*seen.status["Seccomp"]), ("1", "2"), "{by}");
    assert_eq!(seen.session_and_terminal, (seen.worker.to_string(), "0".to_owned()), "{by}");
    let of_worker = |name: &&String| {
        *name == "/dev/null"
            || name.starts_with("/memfd:")
            || name.ends_with("/libcontract_misbehave.so")
    };
    let others: Vec<_> = seen.descriptors.iter().filter(|name| !of_worker(name)).collect();
    assert!(matches!(others[..], [wire] if wire.starts_with("socket:")), "{by}: {others:?}");
    // Those of the caller may be lower.
    let are_low = seen
        .limits
        .iter()
        .zip([0, 16_384, 1 << 30, 30, 1024])
        .all(|(limit, most)| limit.parse::<u64>().is_ok_and(|limit| limit <= most));
    assert!(are_low, "{by}: {:?}", seen.limits);
    assert_eq!(seen.owner_of_memory, 0, "{by}: others of the same user can trace it");
    assert!(!seen.reader.success(), "{by}");
    assert_eq!(seen.out_of_memory.trim(), "1000", "{by}");
}

#[test]
fn a_worker_has_no_right_no_terminal_and_no_descriptor_of_its_caller_and_ends_with_it() {
    let Some(place) = Place::new() else { return };
    place.lay_out("usr/local", (0, 0), &[], &[]);
    let mut data = DataDirectory::new();
    data.add("web");
    data.start("web");
    // QEMU makes it private, but every user must see the VM here.
    mode(&data.path("vms/web/web.pid"), 0o644);
    let config = data.write("config.toml", "[plugins.misbehave]\nhow = \"outlive\"\n");
    let rows = [
        ("", NOBODY),
        ("env SUDO_UID=41001 SUDO_GID=41001", ANN),
        ("setpriv --reuid=41001 --regid=41001 --clear-groups", ANN),
        (AMBIENT, ANN),
    ];
    for (by, user) in rows {
        let (program, data, config) =
            (place.path("usr/local/bin/vm"), data.path(""), config.display());
        let (program, data) = (program.display(), data.display());
        let command = format!(
            "{by} {program} --timeout 60 --manager vm-toolkit --data-dir {data} --config {config} status --json"
        );
        check(by, user, &look_and_kill(&command, user));
    }
}

#[test]
fn a_worker_loads_nothing_once_its_host_has_died() {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let mut worker = Command::new(built("vm-worker"))
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .spawn()
        .expect("start a worker");
    let account = Account { uid: NOBODY, gid: NOBODY };
    let load = Load {
        wire: WIRE_VERSION,
        configuration: "{}".to_owned(),
        needs: Needs::default(),
        may_run_unconfined: false,
        records: false,
        account: vmkit_contract::runs_as_root().then_some(account),
        path: Some("/nonexistent".to_owned()),
        program: None,
        log_level: 1,
        // As if the host had died and another process had become the parent.
        host_pid: std::process::id() + 1,
    };
    vmkit_wire::send(&ours, &ToWorker::Load(load), &[]).expect("it listens");
    let answer = Receiver::default().receive(&ours, Some(Instant::now() + GENEROUS));
    worker.wait().expect("it ends");
    let Ok(FromWorker::Failed { code, message }) = answer else { panic!("{answer:?}") };
    assert_eq!((code, message.as_str()), (FailureCode::Confinement, "the host has died"));
}
