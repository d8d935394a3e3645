//! OrbStack's machine, from files rebuilt from public facts.

use inventory_orbstack::OrbStack;
use vmkit_plugin::{ListedMachine, MachineState, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

fn list(host: FakeHost, commands: &[&str]) -> Vec<ListedMachine> {
    let host = (90..).zip(commands).fold(host, |host, (pid, command)| {
        let helper = "/Applications/OrbStack.app/Contents/MacOS/OrbStack Helper";
        let arguments = [helper, *command].map(str::to_owned).to_vec();
        host.with_process(ProcessAnswer { pid, user: None, directory: None, arguments })
    });
    host.list::<OrbStack>("{}").expect("a list")
}

fn mac() -> FakeHost {
    FakeHost::new().with_tree(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
}

#[test]
fn the_machine_is_reached_as_by_ssh_orb() {
    let machines = list(mac(), &["ssh-proxy-fdpass", "vmgr"]);
    let [orb] = &machines[..] else { panic!("{machines:?}") };
    assert_eq!(orb.name, "orb");
    assert_eq!(
        (&orb.state, &orb.pid),
        (&Reading::Known(MachineState::Running), &Reading::Known(91))
    );
    assert_eq!(orb.ssh, Reading::Known("127.0.0.1:32222".parse().unwrap()));
    assert_eq!(orb.username, Reading::Known("default".to_owned()));
    let key = "/home/ann/.orbstack/ssh/id_ed25519";
    assert_eq!(orb.identity_file, Reading::Known(key.to_owned()));
}

#[test]
fn a_proxy_of_ssh_alone_is_no_running_machine() {
    let machines = list(mac(), &["ssh-proxy-fdpass"]);
    assert_eq!(machines[0].state, Reading::Known(MachineState::Stopped));
    assert_eq!((&machines[0].ssh, &machines[0].pid), (&Reading::Absent, &Reading::Absent));
}

#[test]
fn a_file_without_the_host_is_named() {
    let tree = tempfile::tempdir().unwrap();
    let folder = tree.path().join("home/ann/.orbstack/ssh");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config"), "Host other\n  Port 1\n").unwrap();
    let machines = list(FakeHost::new().with_tree(tree.path()), &["vmgr"]);
    let why = "/home/ann/.orbstack/ssh/config: has no host `orb`".to_owned();
    assert_eq!(machines[0].ssh, Reading::Unknown(Unread::Malformed(why)));
}
