//! Machines of Parallels Desktop, from files rebuilt from public facts.

use inventory_parallels::Parallels;
use vmkit_plugin::{MachineState, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

#[test]
fn lists_machines_with_their_cards_disks_and_processes() {
    let arguments = [
        "/Applications/Parallels Desktop.app/Contents/MacOS//Parallels VM.app/Contents/MacOS/prl_vm_app",
        "--vm-name",
        "Windows 11",
        "--uuid",
        "{52090892-4313-46A7-A87A-995CDE047C11}",
        "--dir-uuid",
        "{52090892-4313-46a7-a87a-995cde047c14}",
    ];
    let process = ProcessAnswer {
        pid: 77,
        user: None,
        directory: None,
        arguments: arguments.map(str::to_owned).to_vec(),
    };
    let tree = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let machines =
        FakeHost::new().with_tree(tree).with_process(process).list::<Parallels>("{}").unwrap();
    let names: Vec<_> = machines.iter().map(|machine| machine.name.as_str()).collect();
    // Without the template.
    assert_eq!(names, ["web", "Windows 11 & tools", "broken", "macOS"]);
    let windows = &machines[1];
    assert_eq!(
        (&windows.state, &windows.pid),
        (&Reading::Known(MachineState::Running), &Reading::Known(77))
    );
    let cards = windows.cards.clone().known().unwrap();
    let cards: Vec<_> = cards.iter().map(ToString::to_string).collect();
    assert_eq!(cards, ["00:1c:42:d1:e5:a6 shared - -", "- bridged en7 -"]);
    let disks = ["/home/ann/Parallels/Windows 11.pvm/harddisk.hdd", "/Volumes/data/more.hdd"];
    assert_eq!(windows.disks, Reading::Known(disks.map(str::to_owned).to_vec()));
    let why = "/home/ann/Parallels/broken.pvm/config.pvs: XML, line 1: has a document type, which could define entities";
    assert_eq!(machines[2].state, Reading::Unknown(Unread::Malformed(why.to_owned())));
    assert_eq!(machines[0].state, Reading::Known(MachineState::Stopped));
}
