use std::{collections::HashSet, time::SystemTime};

use vmkit_model::{Card, ProcessDoubt};
use vmkit_types::{Mac, NetworkMode};

use super::*;

const ANN: u32 = 1000;
const EVE: u32 = 1001;
const SERVICE: u32 = 64055;
const MAC: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57]);

/// Processes 1–9 are Ann's, 10–19 Eve's, 20–29 of libvirt's service; 30 has ended, 40 is hidden.
fn sight(manager: &str, pid: u32) -> Sighting {
    let user = match pid {
        1..=9 => ANN,
        10..=19 => EVE,
        20..=29 => SERVICE,
        40 => return Sighting::Hidden(Unread::Denied("process 40".to_owned())),
        _ => return Sighting::Ended,
    };
    let started_at = Some(SystemTime::UNIX_EPOCH);
    if user == ANN || (user == SERVICE && manager == "libvirt") {
        return Sighting::Trusted { user, started_at };
    }
    Sighting::Doubted { doubt: ProcessDoubt::OfAnotherUser, user: Some(user), started_at }
}

/// A stopped machine of the directory.
fn toolkit(name: &str) -> Machine {
    Machine {
        directory: Some(format!("/vms/{name}").into()),
        cards: Card::new(Some(MAC), None, None).into(),
        power: Power::Stopped,
        ..Machine::new("vm-toolkit".into(), name)
    }
}

fn running(name: &str, pid: u32) -> Machine {
    Machine { power: Power::Running, pid: Some(pid), user: Some(ANN), ..toolkit(name) }
}

fn listed(name: &str) -> ListedMachine {
    ListedMachine::new(format!("id of {name}"), name)
}

fn at(name: &str, pid: u32) -> ListedMachine {
    let state = Reading::Known(MachineState::Running);
    ListedMachine { pid: Reading::Known(pid), state, ..listed(name) }
}

fn with_mac(machine: ListedMachine) -> ListedMachine {
    let card = format!("{MAC} user - -").parse().unwrap();
    ListedMachine { cards: Reading::Known(vec![card]), ..machine }
}

fn with_disk(machine: ListedMachine, disk: &str) -> ListedMachine {
    ListedMachine { disks: Reading::Known(vec![disk.to_owned()]), ..machine }
}

fn of(manager: &str, machines: Vec<ListedMachine>) -> Listing {
    Listing { manager: manager.into(), bundled: true, machines, unproven: HashSet::new() }
}

/// The same of a plugin that somebody else made.
fn of_others(manager: &str, machines: Vec<ListedMachine>) -> Listing {
    Listing { bundled: false, ..of(manager, machines) }
}

/// The same, where the process of no machine is proven.
fn unproven(manager: &str, machines: Vec<ListedMachine>) -> Listing {
    let unproven = machines.iter().map(|machine| machine.id.clone()).collect();
    Listing { unproven, ..of(manager, machines) }
}

/// A case, the machines of the directory, the listings, and the machines of the look.
type Row<'a> = (&'a str, Vec<Machine>, Vec<Listing>, &'a [&'a str]);

/// Name, manager, state, pid, and whether it is foreign.
fn shown(machine: &Machine) -> String {
    let pid = machine.pid.map_or("-".to_owned(), |pid| pid.to_string());
    let foreign = if machine.foreign { " foreign" } else { "" };
    format!("{} {} {:?} {pid}{foreign}", machine.name, machine.manager, machine.power)
}

#[test]
fn one_machine_that_two_inventories_see_is_one() {
    let disk = "/vms/web/web.qcow2";
    let rows: Vec<Row<'_>> = vec![
        ("nothing", vec![], vec![], &[]),
        (
            "by pid",
            vec![running("web", 3)],
            vec![of("qemu", vec![at("anything", 3)])],
            &["web vm-toolkit Running 3"],
        ),
        (
            "by pid, the specific manager first",
            vec![],
            vec![of("qemu", vec![at("guest", 3)]), of("quickemu", vec![at("ubuntu", 3)])],
            &["ubuntu quickemu Running 3"],
        ),
        (
            "by pid, who runs machines for others last but one",
            vec![],
            vec![
                of("libvirt", vec![at("minikube-vm", 20)]),
                of("minikube", vec![at("minikube", 20)]),
                of("qemu", vec![at("guest=minikube", 20)]),
            ],
            &["minikube minikube Running 20"],
        ),
        (
            "by disk",
            vec![toolkit("web")],
            vec![of("qemu", vec![with_disk(at("x", 3), disk)])],
            &["web vm-toolkit Running 3"],
        ),
        (
            "a disk of many",
            vec![],
            vec![
                of("quickemu", vec![with_disk(listed("a"), "/i/x.iso")]),
                of("qemu", vec![with_disk(at("b", 3), "/i/x.iso")]),
            ],
            &["a quickemu Unknown -", "b qemu Running 3"],
        ),
        (
            "by MAC",
            vec![],
            vec![
                of("proxmox", vec![with_mac(listed("web"))]),
                of("qemu", vec![with_mac(at("b", 3))]),
            ],
            &["web proxmox Running 3"],
        ),
        (
            "a MAC that two machines have",
            vec![],
            vec![
                of("proxmox", vec![with_mac(listed("web")), with_mac(listed("copy"))]),
                of("qemu", vec![with_mac(at("b", 3))]),
            ],
            &["b qemu Running 3", "copy proxmox Unknown -", "web proxmox Unknown -"],
        ),
        (
            "a copy with another disk",
            vec![],
            vec![
                of("proxmox", vec![with_mac(with_disk(listed("web"), "/a.qcow2"))]),
                of("qemu", vec![with_mac(with_disk(at("b", 3), "/b.qcow2"))]),
            ],
            &["b qemu Running 3", "web proxmox Unknown -"],
        ),
        (
            "the directory's processes are proven by more than a MAC",
            vec![toolkit("web")],
            vec![of("qemu", vec![with_mac(at("rescue", 3))])],
            &["rescue qemu Running 3", "web vm-toolkit Stopped -"],
        ),
        (
            "two processes are two machines",
            vec![running("web", 3)],
            vec![of("qemu", vec![with_disk(at("x", 4), disk)])],
            &["web vm-toolkit Running 3", "x qemu Running 4"],
        ),
    ];
    for (case, directory, listings, expected) in rows {
        let merged = merge(directory, &listings, sight);
        let found: Vec<String> = merged.machines.iter().map(shown).collect();
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn a_stranger_answers_for_no_machine_and_takes_no_name() {
    let disk = "/vms/web/web.qcow2";
    let hijack = || with_disk(with_mac(at("web", 10)), disk);
    let rows: Vec<Row<'_>> = vec![
        (
            "name, MAC and disk of my stopped machine",
            vec![toolkit("web")],
            vec![of("qemu", vec![hijack()])],
            &["qemu/web qemu Running 10 foreign", "web vm-toolkit Stopped -"],
        ),
        (
            "of a machine of another manager",
            vec![],
            vec![
                of("quickemu", vec![with_disk(with_mac(listed("web")), disk)]),
                of("qemu", vec![hijack()]),
            ],
            &["qemu/web qemu Running 10 foreign", "web quickemu Unknown -"],
        ),
        (
            "of my own plain QEMU",
            vec![],
            vec![of("qemu", vec![at("web", 3), ListedMachine { id: "2".into(), ..hijack() }])],
            &["qemu/web@2 qemu Running 10 foreign", "web qemu Running 3"],
        ),
        (
            "whoever lists it",
            vec![],
            vec![of("libvirt", vec![at("web", 10)])],
            &["libvirt/web libvirt Running 10 foreign"],
        ),
        (
            "the number of an ended process, now a stranger's",
            vec![],
            vec![of("quickemu", vec![at("web", 10)]), of("qemu", vec![at("x", 10)])],
            &["quickemu/web quickemu Running 10 foreign"],
        ),
        (
            "a service runs machines of its manager alone",
            vec![],
            vec![
                of("libvirt", vec![at("db", 20)]),
                of("qemu", vec![at("db", 20), ListedMachine { id: "2".into(), ..at("x", 21) }]),
            ],
            &["db libvirt Running 20", "qemu/x qemu Running 21 foreign"],
        ),
    ];
    for (case, directory, listings, expected) in rows {
        let merged = merge(directory, &listings, sight);
        let found: Vec<String> = merged.machines.iter().map(shown).collect();
        assert_eq!(found, expected, "{case}");
        assert_eq!(merged.monitors, [], "{case}");
        for machine in merged.machines.iter().filter(|machine| machine.foreign) {
            assert_eq!(machine.cards.macs().count(), 0, "{case}");
            assert_eq!(machine.doubt, Some(ProcessDoubt::OfAnotherUser), "{case}");
            assert_eq!(
                machine.user,
                Some(EVE).filter(|_| machine.pid == Some(10)).or(machine.user)
            );
        }
    }
}

#[test]
fn a_state_that_nobody_can_see_is_unknown_with_the_reason() {
    use MachineState::{Missing, Paused, Running, Stopped};
    let unread = || Unread::Denied("/run/x.pid".to_owned());
    let known = Reading::<MachineState>::Known;
    let at = Reading::<u32>::Known;
    let rows = [
        (known(Running), at(3), Power::Running, None),
        (known(Paused), at(3), Power::Paused, None),
        (Reading::Unknown(unread()), at(3), Power::Running, None),
        (known(Running), at(30), Power::Stopped, None),
        (known(Running), at(40), Power::Unknown, Some("process 40")),
        (known(Running), Reading::Unknown(unread()), Power::Unknown, Some("/run/x.pid")),
        // A manager without processes of its own.
        (known(Running), Reading::Absent, Power::Running, None),
        (known(Paused), Reading::Absent, Power::Paused, None),
        (known(Stopped), Reading::Unknown(unread()), Power::Stopped, None),
        (known(Missing), Reading::Absent, Power::Missing, None),
        (Reading::Unknown(unread()), Reading::Absent, Power::Unknown, Some("/run/x.pid")),
    ];
    for (state, pid, expected, why) in rows {
        let machine = ListedMachine { state: state.clone(), pid: pid.clone(), ..listed("web") };
        let merged = merge(Vec::new(), &[of("lima", vec![machine])], sight);
        assert_eq!(merged.machines[0].power, expected, "{state:?} {pid:?}");
        let said = merged.problems.first().map(|problem| problem.message.as_str());
        assert!(said.unwrap_or_default().contains(why.unwrap_or_default()), "{said:?} {why:?}");
        assert_eq!(said.is_some(), why.is_some(), "{state:?} {pid:?}");
    }
}

#[test]
fn entries_fill_each_other_and_the_specific_manager_comes_first() {
    let known = |text: &str| Reading::Known(text.to_owned());
    let quickemu = ListedMachine {
        username: known("ann"),
        forwards: Reading::Unknown(Unread::NotTried),
        console: known("relative.log"),
        ..with_mac(at("ubuntu", 3))
    };
    let qemu = ListedMachine {
        username: known("other"),
        hostname: known("ubuntu-box"),
        forwards: Reading::Known(vec!["tcp 127.0.0.1:22220 -:22".parse().unwrap()]),
        monitor: known("/run/ubuntu.qmp"),
        identity_file: known("key"),
        ..with_mac(at("x", 3))
    };
    let listings = [of("qemu", vec![qemu]), of("quickemu", vec![quickemu])];
    let merged = merge(Vec::new(), &listings, sight);
    let machine = merged.machines.iter().find(|machine| machine.name == "ubuntu").unwrap();
    assert_eq!(machine.username, known("ann"));
    assert_eq!(machine.hostname, known("ubuntu-box"));
    assert_eq!(machine.cards.first.mode(), Some(NetworkMode::User));
    assert_eq!(machine.endpoints[0].address.to_string(), "127.0.0.1:22220");
    assert_eq!(machine.console_log, None);
    assert!(matches!(machine.identity_file, Reading::Unknown(Unread::Malformed(_))));
    let path = PathBuf::from("/run/ubuntu.qmp");
    let monitor = NewMonitor { machine: "ubuntu".to_owned(), path, user: ANN, pid: 3 };
    assert_eq!(merged.monitors, [monitor]);
}

#[test]
fn a_machine_of_the_directory_keeps_its_monitor_under_another_name() {
    let listings = [of("lima", vec![listed("web")])];
    let merged = merge(vec![running("web", 3)], &listings, sight);
    assert_eq!(merged.renamed, [("web".to_owned(), "vm-toolkit/web".to_owned())]);
    let names: Vec<_> = merged.machines.iter().map(|machine| machine.name.as_str()).collect();
    assert_eq!(names, ["lima/web", "vm-toolkit/web"]);
}

#[test]
fn a_machine_without_a_proven_process_stays_apart() {
    let at_port = |machine| ListedMachine {
        ssh: Reading::Known("127.0.0.1:6666".parse().unwrap()),
        ..with_disk(with_mac(machine), "/vms/box.vdi")
    };
    let never_proven = unproven("qemu", vec![at_port(listed("box"))]);
    let ended = of("qemu", vec![at_port(at("box", 30))]);
    for stranger in [never_proven, ended] {
        let mine = of("virtualbox", vec![with_disk(with_mac(at("box", 3)), "/vms/box.vdi")]);
        let merged = merge(Vec::new(), &[stranger, mine], sight);
        for machine in &merged.machines {
            assert_eq!(machine.endpoints.is_empty(), machine.manager.as_ref() != "qemu");
        }
        let names: Vec<_> = merged.machines.iter().map(|machine| machine.name.as_str()).collect();
        assert_eq!(names, ["box", "qemu/box"], "{merged:?}");
    }
}

#[test]
fn an_inventory_of_somebody_else_says_nothing_of_a_machine_that_vmkit_lists() {
    let known = |text: &str| Reading::Known(text.to_owned());
    let claim = ListedMachine {
        username: known("root"),
        identity_file: known("/home/ann/.ssh/id_ed25519"),
        ssh: Reading::Known("127.0.0.1:6666".parse().unwrap()),
        console: known("/home/ann/.ssh/id_ed25519"),
        remarks: Reading::Known(vec!["broken it is broken".parse().unwrap()]),
        ..with_mac(listed("prod"))
    };
    let rows = [
        (vec![toolkit("box")], Vec::new()),
        (Vec::new(), vec![of("virtualbox", vec![with_mac(at("box", 3))])]),
    ];
    for (directory, mut listings) in rows {
        listings.insert(0, of_others("helper", vec![claim.clone()]));
        let merged = merge(directory, &listings, sight);
        let [machine] = &merged.machines[..] else { panic!("{merged:?}") };
        assert_eq!(machine.name, "box");
        assert!(machine.endpoints.is_empty(), "{machine:?}");
        assert_eq!(machine.username.as_ref().known(), None);
        assert_eq!(machine.identity_file.as_ref().known(), None);
        assert_eq!(machine.console_log, None);
        assert!(machine.remarks.as_ref().known().is_some());
    }
    let merged = merge(Vec::new(), &[of_others("helper", vec![claim])], sight);
    assert_eq!(merged.machines[0].name, "prod");
    assert_eq!(merged.machines[0].endpoints.len(), 1);
}
