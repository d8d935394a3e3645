//! Tart's machines, from files rebuilt from public facts.

use std::{fs, os::unix::fs::MetadataExt as _};

use inventory_tart::Tart;
use vmkit_plugin::{ListedMachine, MachineState, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

fn list(commands: &[(u32, &str)]) -> Vec<ListedMachine> {
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let host = commands.iter().fold(FakeHost::new().with_tree(tree), |host, (pid, command)| {
        let arguments = command.split(' ').map(str::to_owned).collect();
        host.with_process(ProcessAnswer { pid: *pid, user: None, directory: None, arguments })
    });
    host.list::<Tart>("{}").expect("a list")
}

/// Name, state, pid, cards and remarks of a machine.
fn row(machine: &ListedMachine) -> String {
    let cards = machine.cards.clone().known().map(|cards| {
        let cards: Vec<_> = cards.iter().map(ToString::to_string).collect();
        cards.join("; ")
    });
    let state = machine.state.clone().known().map_or("unknown", MachineState::code);
    let pid = machine.pid.clone().known().map_or("-".to_owned(), |pid| pid.to_string());
    let remarks = machine.remarks.clone().known().unwrap_or_default();
    let remarks: Vec<_> = remarks.into_iter().map(|remark| remark.code).collect();
    let name = &machine.name;
    format!("{name} {state} {pid} [{}] {}", cards.unwrap_or_default(), remarks.join(" "))
}

#[test]
fn the_process_says_what_runs_and_how_it_is_connected() {
    let tart = "/Applications/tart.app/Contents/MacOS/tart";
    let machines = list(&[
        (11, &format!("{tart} run --no-graphics --net-bridged=en0 --net-bridged en7 sequoia")),
        (12, &format!("{tart} run --disk asleep --net-softnet ubuntu")),
        (13, &format!("{tart} ip en0")),
    ]);
    let rows: Vec<_> = machines.iter().map(row).collect();
    let expected = [
        "asleep stopped - [7e:85:c5:01:02:06 - - -] suspended",
        "broken unknown - [] ",
        "en0 stopped - [7e:85:c5:01:02:05 - - -] ",
        "sequoia running 11 [7e:85:c5:01:02:03 bridged en0 -; - bridged en7 -] ",
        "ubuntu running 12 [7e:85:c5:01:02:04 shared - -] ",
    ];
    assert_eq!(rows, expected);
    assert_eq!(
        machines[4].disks,
        Reading::Known(vec!["/home/ann/.tart/vms/ubuntu/disk.img".into()])
    );
    let why = "/home/ann/.tart/vms/broken/config.json: JSON, line 2: EOF while parsing a value at line 2 column 0";
    assert_eq!(machines[1].cards, Reading::Unknown(Unread::Malformed(why.to_owned())));
}

#[test]
fn a_process_of_another_user_is_not_the_machines() {
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let owner = fs::metadata(tree).expect("the tree").uid();
    for (user, expected) in [(owner, MachineState::Running), (owner + 1, MachineState::Stopped)] {
        let arguments = ["tart", "run", "ubuntu"].map(str::to_owned).to_vec();
        let process = ProcessAnswer { pid: 9, user: Some(user), directory: None, arguments };
        let host = FakeHost::new().with_tree(tree).with_process(process);
        let machines = host.list::<Tart>("{}").expect("a list");
        assert_eq!(machines[4].state, Reading::Known(expected), "{user}");
    }
}
