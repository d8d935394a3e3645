//! Lima's instances, from files rebuilt from public facts.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        fs::{MetadataExt as _, symlink},
        net::UnixListener,
    },
    process::Command,
};

use inventory_lima::Lima;
use vmkit_plugin::{ListedMachine, MachineState, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

fn process(pid: u32, arguments: &str) -> ProcessAnswer {
    let arguments = arguments.split(' ').map(str::to_owned).collect();
    ProcessAnswer { pid, user: None, directory: None, arguments }
}

/// The machines of a tree by name.
fn list(tree: &str, processes: &[ProcessAnswer]) -> BTreeMap<String, ListedMachine> {
    let tree = format!("{}/tests/data/{tree}", env!("CARGO_MANIFEST_DIR"));
    let host = FakeHost::new().with_tree(tree);
    let host = processes.iter().cloned().fold(host, FakeHost::with_process);
    let machines = host.list::<Lima>("{}").expect("a list");
    machines.into_iter().map(|machine| (machine.name.clone(), machine)).collect()
}

fn words<T: ToString>(reading: &Reading<Vec<T>>) -> Vec<String> {
    let Reading::Known(values) = reading else { return Vec::new() };
    values.iter().map(ToString::to_string).collect()
}

#[test]
fn a_running_instance_on_a_mac_has_its_ssh_endpoint_user_and_key() {
    let agent = "/opt/homebrew/bin/limactl hostagent --pidfile /Users/ann/.lima/default/ha.pid \
                 --socket /Users/ann/.lima/default/ha.sock default";
    let machines = list("mac", &[process(501, agent)]);
    let default = &machines["default"];
    assert_eq!(default.id, "/home/ann/.lima/default");
    assert_eq!(default.state, Reading::Known(MachineState::Running));
    assert_eq!(default.pid, Reading::Known(501));
    assert_eq!(default.ssh, Reading::Known("127.0.0.1:60022".parse().unwrap()));
    assert_eq!(default.username, Reading::Known("ann".to_owned()));
    assert_eq!(default.identity_file, Reading::Known("/home/ann/.lima/_config/user".to_owned()));
    assert_eq!(default.hostname, Reading::Known("lima-default".to_owned()));
    assert_eq!(default.console, Reading::Known("/home/ann/.lima/default/serialv.log".to_owned()));
    assert_eq!((&default.monitor, &default.guest_agent), (&Reading::Absent, &Reading::Absent));
    assert_eq!(default.remarks, Reading::Absent);
    let cards = [
        "- user - -",
        "52:55:55:12:34:56 shared - -",
        "- bridged en7 -",
        "52:55:55:00:00:03 shared - -",
        "- - - -",
    ];
    assert_eq!(words(&default.cards), cards);
    let forwards =
        ["tcp 127.0.0.1:18080 -:8080", "udp 0.0.0.0:53 -:53", "tcp 127.0.0.1:8443 [::1]:443"];
    assert_eq!(words(&default.forwards), forwards);
}

#[test]
fn stopped_and_broken_instances_are_listed_with_what_is_known() {
    let machines = list("mac", &[process(601, "limactl hostagent dev")]);
    let dev = &machines["dev"];
    assert_eq!((&dev.state, &dev.pid), (&Reading::Known(MachineState::Stopped), &Reading::Absent));
    assert_eq!(dev.username, Reading::Known("dev".to_owned()));
    assert_eq!(words(&dev.cards), ["- user - -"]);
    assert_eq!(words(&dev.remarks), ["no-driver its host agent runs, and the machine does not"]);
    let idle = &machines["idle"];
    assert_eq!(
        (&idle.state, &idle.ssh),
        (&Reading::Known(MachineState::Stopped), &Reading::Absent)
    );
    let broken = &machines["broken"];
    let says = |what: &str| Unread::Malformed(format!("/home/ann/.lima/broken/{what}"));
    assert_eq!(broken.state, Reading::Unknown(says("vz.pid: is not the number of a process")));
    assert!(
        matches!(&broken.cards, Reading::Unknown(Unread::Malformed(what))
            if what.starts_with("/home/ann/.lima/broken/lima.yaml: YAML, line ")),
        "{:?}",
        broken.cards
    );
    let why = says("ssh.config: ssh configuration, line 1: `nonsense` is not a pair");
    assert_eq!(broken.username, Reading::Unknown(why));
    assert_eq!(machines.len(), 4);
}

#[test]
fn a_pid_file_whose_number_belongs_to_another_instance_is_not_running() {
    let qemu = "/usr/bin/qemu-system-x86_64 -m 4096 -netdev user,id=net0,net=192.168.5.0/24 \
                -device virtio-net-pci,netdev=net0,mac=52:55:55:aa:bb:01 -netdev socket,id=net1,fd=3 \
                -device virtio-net-pci,mac=52:55:55:aa:bb:02,netdev=net1 \
                -qmp unix:/data/lima/docker/qmp.sock,server=on,wait=off";
    let machines = list("linux", &[process(700, qemu)]);
    let docker = &machines["docker"];
    assert_eq!(
        (&docker.state, &docker.pid),
        (&Reading::Known(MachineState::Running), &Reading::Known(700))
    );
    let cards = [
        "52:55:55:aa:bb:01 user - -",
        "52:55:55:aa:bb:02 bridged - -",
        "52:55:55:00:00:09 shared - -",
    ];
    assert_eq!(words(&docker.cards), cards);
    assert_eq!(docker.ssh, Reading::Known("127.0.0.1:40123".parse().unwrap()));
    assert_eq!(docker.username, Reading::Known("lima".to_owned()));
    assert_eq!(docker.monitor, Reading::Known("/home/ann/.lima/docker/qmp.sock".to_owned()));
    assert_eq!(docker.console, Reading::Known("/home/ann/.lima/docker/serial.log".to_owned()));
    let remarks = ["no-host-agent its host agent does not run, so its ports are not forwarded"];
    assert_eq!(words(&docker.remarks), remarks);
    let stale = &machines["stale"];
    assert_eq!(
        (&stale.state, &stale.pid),
        (&Reading::Known(MachineState::Stopped), &Reading::Absent)
    );
    assert_eq!((&stale.ssh, &stale.monitor), (&Reading::Absent, &Reading::Absent));
}

#[test]
fn a_process_of_another_user_is_not_the_instances() {
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/mac");
    let owner = fs::metadata(tree).expect("the tree").uid();
    for (user, expected) in [(owner, MachineState::Running), (owner + 1, MachineState::Stopped)] {
        let agent = ProcessAnswer { user: Some(user), ..process(501, "limactl hostagent default") };
        let machines = list("mac", &[agent]);
        assert_eq!(machines["default"].state, Reading::Known(expected), "{user}");
    }
}

#[test]
fn a_driver_that_is_a_program_of_its_own_runs_if_its_host_agent_does() {
    let driver = process(700, "/usr/libexec/lima/lima-driver-qemu");
    let agent = process(9999, "limactl hostagent --pidfile x stale");
    let both = list("linux", &[driver.clone(), agent]);
    assert_eq!(both["stale"].state, Reading::Known(MachineState::Running));
    assert_eq!(both["docker"].state, Reading::Known(MachineState::Stopped));
    let alone = list("linux", &[driver]);
    assert_eq!(alone["stale"].state, Reading::Known(MachineState::Stopped));
}

#[test]
fn without_a_home_there_are_no_machines() {
    assert!(list("none", &[]).is_empty());
}

#[test]
fn an_ssh_server_elsewhere_or_without_a_port_is_named_and_not_shown() {
    let rows = [
        ("Host lima-web\n Hostname 192.0.2.1\n Port 22\n", "192.0.2.1 is not this computer"),
        ("Host lima-web\n Hostname evil.example\n Port 22\n", "no Hostname and Port of a host"),
        ("Host lima-web\n Hostname 127.0.0.1\n Port 0\n", "no Hostname and Port of a host"),
        ("Hostname 127.0.0.1\nPort 22\n", "no Hostname and Port of a host"),
        ("Host lima-web\n Hostname ::1\n Port 60022\n", ""),
    ];
    for (ssh, expected) in rows {
        let tree = tempfile::tempdir().expect("a directory");
        let instance = tree.path().join("home/ann/.lima/web");
        fs::create_dir_all(&instance).expect("a directory");
        fs::write(instance.join("lima.yaml"), "vmType: vz\n").expect("a file");
        fs::write(instance.join("vz.pid"), "42").expect("a file");
        fs::write(instance.join("ssh.config"), ssh).expect("a file");
        let host = FakeHost::new().with_tree(tree.path());
        let machines = host.with_process(process(42, "limactl hostagent web")).list::<Lima>("{}");
        let shown = match &machines.expect("a list")[0].ssh {
            Reading::Unknown(Unread::Malformed(why)) => why.clone(),
            Reading::Known(_) => "/home/ann/.lima/web/ssh.config: ".to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown, format!("/home/ann/.lima/web/ssh.config: {expected}"), "{ssh}");
    }
}

/// A home with a good instance, and others whose files are of other kinds.
fn home_of_special_files() -> tempfile::TempDir {
    let tree = tempfile::tempdir().expect("a directory");
    let lima = tree.path().join("home/ann/.lima");
    let instance = |name: &str| {
        let directory = lima.join(name);
        fs::create_dir_all(&directory).expect("a directory");
        directory
    };
    fs::write(instance("good").join("lima.yaml"), "vmType: vz\n").expect("a file");
    for file in ["lima.yaml", "ssh.config", "vz.pid", "serial.log"] {
        let made = Command::new("mkfifo").arg(instance("pipes").join(file)).status();
        assert!(made.expect("start mkfifo").success());
        UnixListener::bind(instance("sockets").join(file)).expect("a socket");
        fs::create_dir(instance("directories").join(file)).expect("a directory");
        symlink("/etc/passwd", instance("links").join(file)).expect("a link");
        symlink("/dev/zero", instance("devices").join(file)).expect("a link");
        symlink(file, instance("circles").join(file)).expect("a link");
        fs::write(instance("zeros").join(file), vec![0; 5 << 20]).expect("a file");
    }
    symlink("/proc/self", lima.join("elsewhere")).expect("a link");
    symlink(instance("good"), lima.join("again")).expect("a link");
    tree
}

#[test]
fn files_of_other_kinds_are_named_and_the_others_are_shown() {
    let tree = home_of_special_files();
    let machines = FakeHost::new().with_tree(tree.path()).list::<Lima>("{}").expect("a list");
    let shown = |name: &str| {
        let found = machines.iter().find(|machine| machine.name == name);
        let machine = found.unwrap_or_else(|| panic!("{name} is listed"));
        [
            machine.cards.clone().map(|_| ()),
            machine.username.clone().map(|_| ()),
            machine.state.clone().map(|_| ()),
        ]
        .map(|reading| match reading {
            Reading::Unknown(why) => why.to_string(),
            Reading::Known(()) => "known".to_owned(),
            Reading::Absent => "absent".to_owned(),
        })
    };
    let rows = [
        ("pipes", "is a named pipe, not a regular file"),
        ("sockets", "is a device or socket, not a regular file"),
        ("directories", "is a directory, not a regular file"),
        ("links", "leads out of the home directory"),
        ("devices", "leads out of the home directory"),
        ("circles", "Too many levels of symbolic links"),
        ("zeros", "more than "),
    ];
    for (name, expected) in rows {
        for (why, file) in shown(name).iter().zip(["lima.yaml", "ssh.config", "vz.pid"]) {
            assert!(why.contains(expected), "{name}: {why}");
            assert!(why.contains(&format!("/home/ann/.lima/{name}/{file}")), "{name}: {why}");
        }
    }
    for name in ["good", "again"] {
        assert_eq!(shown(name), ["known", "not looked at", "known"], "{name}");
    }
    assert_eq!(machines.len(), rows.len() + 2);
}
