//! UTM's machines, from files rebuilt from public facts.

use inventory_utm::Utm;
use vmkit_plugin::{ListedMachine, MachineState, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

const LAUNCHER: &str = "/Applications/UTM.app/Contents/XPCServices/QEMUHelper.xpc/Contents/MacOS/\
    QEMULauncher.app/Contents/MacOS/QEMULauncher";
const APPLE: &str = "/System/Library/Frameworks/Virtualization.framework/Versions/A/XPCServices/\
    com.apple.Virtualization.VirtualMachine.xpc/Contents/MacOS/com.apple.Virtualization.VirtualMachine";

fn list(processes: &[&[&str]]) -> Vec<ListedMachine> {
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let host = (40..).zip(processes).fold(FakeHost::new().with_tree(tree), |host, (pid, words)| {
        let arguments = words.iter().map(|word| (*word).to_owned()).collect();
        host.with_process(ProcessAnswer { pid, user: None, directory: None, arguments })
    });
    host.list::<Utm>("{}").expect("a list")
}

fn named<'a>(machines: &'a [ListedMachine], name: &str) -> &'a ListedMachine {
    machines.iter().find(|machine| machine.name == name).expect("a machine of this name")
}

fn words<T: ToString>(reading: &Reading<Vec<T>>) -> Vec<String> {
    let Reading::Known(values) = reading else { return Vec::new() };
    values.iter().map(ToString::to_string).collect()
}

#[test]
fn a_running_machine_of_qemu_has_its_forwarded_ssh_server() {
    let spice = "unix=on,addr=ACC49CFA-46EF-4CD8-ADC4-00BD85F3C54F.spice,disable-ticketing=on";
    let machines = list(&[&[LAUNCHER, "/x/qemu-aarch64-softmmu", "-S", "-spice", spice]]);
    assert_eq!(machines.len(), 5);
    let debian = named(&machines, "Debian 12");
    assert_eq!(
        (&debian.state, &debian.pid),
        (&Reading::Known(MachineState::Running), &Reading::Known(40))
    );
    assert_eq!(debian.ssh, Reading::Known("127.0.0.1:2222".parse().unwrap()));
    let cards = ["02:93:c2:b9:5e:3a user - -", "6a:e7:3d:f2:17:cb bridged en0 -"];
    assert_eq!(words(&debian.cards), cards);
    assert_eq!(
        words(&debian.forwards),
        ["udp 127.0.0.1:5300 10.0.2.15:53", "tcp 0.0.0.0:2222 -:22"]
    );
    let disk =
        "/home/ann/Library/Containers/com.utmapp.UTM/Data/Documents/Debian.utm/Data/disk-0.qcow2";
    assert_eq!(words(&debian.disks), [disk]);
    let renamed = named(&machines, "another name");
    assert_eq!(
        (&renamed.state, &renamed.ssh),
        (&Reading::Known(MachineState::Stopped), &Reading::Absent)
    );
    assert_eq!(words(&renamed.cards), ["- shared - -"]);
    assert_eq!(words(&renamed.forwards), ["tcp [::1]:2022 -:22"]);
}

#[test]
fn a_disk_in_the_bundle_tells_a_process_as_well() {
    let drive = "if=none,file=/Users/ann/Library/Containers/com.utmapp.UTM/Data/Documents/Renamed.utm/Data/x.qcow2";
    let machines = list(&[&[LAUNCHER, "-drive", drive]]);
    let renamed = named(&machines, "another name");
    assert_eq!(renamed.state, Reading::Known(MachineState::Running));
    assert_eq!(renamed.ssh, Reading::Known("[::1]:2022".parse().unwrap()));
    assert_eq!(named(&machines, "Debian 12").state, Reading::Known(MachineState::Stopped));
}

#[test]
fn a_machine_of_apples_backend_is_stopped_only_if_none_runs_at_all() {
    assert_eq!(named(&list(&[]), "macOS").state, Reading::Known(MachineState::Stopped));
    let machines = list(&[&[APPLE]]);
    let why = Unread::Failed("macOS runs a machine, and its process does not say whose".to_owned());
    assert_eq!(named(&machines, "macOS").state, Reading::Unknown(why));
    assert_eq!(words(&named(&machines, "macOS").cards), ["d2:11:ee:00:00:01 shared - -"]);
}

#[test]
fn unreadable_configurations_are_named_and_the_others_are_shown() {
    let machines = list(&[]);
    let place = "/home/ann/Library/Containers/com.utmapp.UTM/Data/Documents";
    let why = |what: &str| Reading::Unknown(Unread::Malformed(format!("{place}/{what}")));
    assert_eq!(
        named(&machines, "old").cards,
        why("old.utm/config.plist: is of an older UTM, version 2")
    );
    let broken = "broken.utm/config.plist: XML property list: has the key `a` without a value";
    assert_eq!(named(&machines, "broken").cards, why(broken));
}
