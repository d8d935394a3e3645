//! Every misbehaviour of an inventory ends as one clear status, and what it lists is checked.
#![cfg(target_os = "linux")]

use std::{
    path::Path,
    process::{Child, Command},
};

use vmkit_contract::{OWN_NEEDS_OF_MISINVENTORY as OWN_NEEDS, Tree, processes};
use vmkit_host::Listed;
use vmkit_types::{ListedMachine, MachineState, Reading, Unread};

/// The plugin's behaviour; status; a part of the message; machines; a part of the problems.
type Row = (&'static str, &'static str, &'static str, usize, &'static str);

const ROWS: &[Row] = &[
    ("well", "ok", "", 2, ""),
    ("many", "ok", "", 1000, ""),
    ("too-many", "ok", "", 10_000, "it lists more than 10000 machines"),
    ("hostile-names", "ok", "", 1, "a machine has no usable name: \"\\\\x1b[2Jred\""),
    ("panic", "crashed", "panicked: panic on demand", 0, ""),
    ("abort", "crashed", "an abort (SIGABRT)", 0, ""),
    ("hang", "timeout", "its call took longer than 4000 ms", 0, ""),
    ("garbage", "error", "it sent a frame that is not a message", 0, ""),
    ("bomb", "error", "it sent a frame that is not a message", 0, ""),
    ("flood", "error", "it sent more than 32 MiB", 0, ""),
    ("observe", "error", "it gave an answer that was not asked for", 0, ""),
    ("ask-by-arp", "denied", "an inventory can ask for processes alone", 0, ""),
    ("console", "denied", "an inventory is given files", 0, ""),
    ("undeclared", "denied", "the manifest declares no file \"/etc/hosts\"", 0, ""),
    ("say \u{1b}[31mred", "error", "behaviour say \\x1b[31mred", 0, ""),
];

fn list(how: &str, status: &str) -> Listed {
    let tree = Tree::with(&["contract-misinventory"]);
    let tree = if status == "timeout" { tree.impatient() } else { tree };
    tree.list(&[("misinventory", &configuration(how))])
}

fn configuration(how: &str) -> String {
    format!("{{\"how\": {how:?}}}").replace("\\u{1b}", "\\u001b")
}

fn machines(listed: &Listed) -> &[ListedMachine] {
    listed.listings.first().map_or(&[], |listing| &listing.machines)
}

fn problems(listed: &Listed) -> String {
    let messages: Vec<&str> = listed.problems.iter().map(|it| it.message.as_str()).collect();
    messages.join("\n")
}

#[test]
fn every_misbehaviour_of_an_inventory_has_one_clear_status() {
    let check = |(how, status, message, count, problem): &Row| {
        let listed = list(how, status);
        let [outcome] = &listed.outcomes[..] else { return Some(format!("{how}: {listed:?}")) };
        let problems = problems(&listed);
        let fits = outcome.status.code() == *status
            && outcome.message.as_deref().unwrap_or("").contains(message)
            && machines(&listed).len() == *count
            && problems.contains(problem)
            && problems.is_empty() == problem.is_empty();
        (!fits).then(|| {
            format!("{how:?}: {outcome:?}, {} machines, {problems}", machines(&listed).len())
        })
    };
    let wrong: Vec<String> = ROWS.iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_right_of_a_machine_is_unknown() {
    let listed = list("relative-paths", "ok");
    let [machine] = machines(&listed) else { panic!("{listed:?}") };
    let malformed = |what: &str| Reading::Unknown(Unread::Malformed(what.to_owned()));
    assert_eq!(machine.console, malformed("console: console.log"));
    assert_eq!(machine.monitor, malformed("monitor: /vms/../web.qmp"));
    assert!(matches!(machine.disks, Reading::Unknown(_)), "{machine:?}");

    let listed = list("hostile-names", "ok");
    assert_eq!(machines(&listed)[0].username, malformed("username: -oProxyCommand=x"));
}

/// A process that runs until it is dropped.
struct Process(Child);

impl Process {
    /// Of this program.
    fn start(program: &Path, argument: &str) -> Self {
        let child = Command::new(program).arg(argument).spawn();
        Self(child.expect("start a process"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_machine_runs_only_if_a_process_of_its_program_proves_it() {
    let tree = Tree::with(&["contract-misinventory"]);
    let program = tree.root().join("vmkit-guest");
    let copied = Command::new("cp").args([Path::new("/bin/sleep"), &program]).status();
    assert!(copied.is_ok_and(|status| status.success()));
    // Seconds that no other test names. The process ends with the test.
    let name = (1_000_000 + std::process::id()).to_string();
    let guest = Process::start(&program, &name);
    let list = || tree.list(&[("misinventory", &configuration("processes"))]);
    let own = |listed: &Listed| machines(listed).iter().find(|it| it.name == name).cloned();
    let Some(machine) = own(&list()) else { panic!("{:?}", list()) };
    assert_eq!(machine.pid, Reading::Known(guest.0.id()));
    assert_eq!(machine.state, Reading::Known(MachineState::Running));
    for (how, why) in
        [("host", "which the manifest does not name"), ("no-process", "no process has")]
    {
        let listed = tree.list(&[("misinventory", &configuration(how))]);
        let [machine] = machines(&listed) else { panic!("{listed:?}") };
        for shown in [format!("{:?}", machine.pid), format!("{:?}", machine.state)] {
            assert!(shown.contains(why), "{how}: {shown}");
        }
    }
    drop(guest);
    assert_eq!(own(&list()), None);
}

#[test]
fn an_inventory_whose_manager_is_not_here_is_not_started() {
    let rows = [
        (r#"{"read_files": ["/etc/passwd"]}"#, true),
        (r#"{"read_files": ["/etc/none/x.conf"]}"#, false),
        (r#"{"read_files": ["/etc/none/*.conf"]}"#, false),
        (r#"{"processes": ["no-such-program"]}"#, false),
        (r#"{"network": true}"#, true),
    ];
    for (needs, is_started) in rows {
        let tree = Tree::with(&["contract-misinventory"]);
        tree.declare_in("libcontract_misinventory.so", OWN_NEEDS, needs);
        let listed = tree.list(&[]);
        assert_eq!(listed.outcomes.len(), usize::from(is_started), "{needs}: {listed:?}");
        assert_eq!(listed.absent.len(), usize::from(!is_started), "{needs}: {listed:?}");
        assert_eq!(machines(&listed).len(), if is_started { 2 } else { 0 }, "{needs}");
    }
}

#[test]
fn a_failing_inventory_hides_no_other_and_is_asked_again() {
    let tree = Tree::with(&["contract-misinventory", "signal-console"]);
    let mut inventories = tree.inventories(&[("misinventory", &configuration("abort"))]);
    let mut counts = Vec::new();
    for _ in 0..5 {
        let listed = inventories.list(&processes());
        assert_eq!(listed.outcomes[0].status.code(), "crashed", "{listed:?}");
        counts.push(inventories.take_incidents().len());
    }
    // After three failures it is not started again.
    assert_eq!(counts, [1, 1, 1, 0, 0]);

    let mut inventories = tree.inventories(&[]);
    for _ in 0..3 {
        assert_eq!(machines(&inventories.list(&processes())).len(), 2);
    }
}
