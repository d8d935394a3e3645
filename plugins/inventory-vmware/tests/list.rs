//! Lists machines out of files of VMware.

use inventory_vmware::{LINUX, MACOS, Vmware, list};
use vmkit_plugin::{ProcessAnswer, Reading};
use vmkit_testkit::{FakeHost, assert_declares, machine_lines};

fn vmx(pid: u32, path: &str) -> ProcessAnswer {
    let words = ["/usr/lib/vmware/bin/vmware-vmx", "-s", "vmx.stdio.keep=TRUE", "-qx", path];
    let arguments = words.iter().map(|word| (*word).to_owned()).collect();
    ProcessAnswer { pid, user: Some(0), directory: None, arguments }
}

#[test]
fn lists_machines_of_folders_and_of_the_library() {
    let host = FakeHost::new()
        .with_tree("tests/data/linux")
        .with_process(vmx(42, "/home/ann/vmware/web/web.vmx"))
        .with_process(vmx(43, "/home/ann/vmware/web/web.vmx2"));
    let machines = host.list::<Vmware>("{}").unwrap();
    let lines: Vec<_> = machines.iter().map(machine_lines).collect();
    let broken = "malformed /home/ann/vmware/broken/broken.vmx: VMX, line 1: is not UTF-8";
    let fields = ["state", "pid", "card", "console", "ssh", "forward", "disk"];
    let unread = fields.iter().map(|field| format!("unknown {field} {broken}"));
    let first = "/home/ann/vmware/broken/broken.vmx broken".to_owned();
    assert_eq!(lines[0], std::iter::once(first).chain(unread).collect::<Vec<_>>());
    assert_eq!(
        lines[1],
        [
            "/home/ann/vmware/db/db.vmx db",
            "state stopped",
            "absent pid",
            "unknown card malformed /home/ann/vmware/db/db.vmx: ethernet0: the MAC \
             `00:0c:29:00:00` is not six octets in hexadecimal",
            "absent console",
            "absent ssh",
            "disk",
        ]
    );
    assert_eq!(
        lines[2],
        [
            "/home/ann/vmware/web/web.vmx web \"one\"",
            "state running",
            "pid 42",
            "card 00:0c:29:4b:5e:57 shared vmnet8 -",
            "card 00:50:56:00:00:01 bridged - -",
            "card - - vmnet2 -",
            "card 00:0c:29:4b:5e:75 shared vmnet1 -",
            "console /home/ann/vmware/web/console.log",
            "absent ssh",
            "disk /home/ann/vmware/web/web.vmdk",
        ]
    );
    assert_eq!(lines[3], ["/home/ann/vmware/gone/gone.vmx gone", "state missing"]);
    assert_eq!(lines.len(), 4);
}

#[test]
fn lists_a_machine_of_fusion() {
    let path = "/home/ann/Virtual Machines.localized/web.vmwarevm/web.vmx";
    let host = FakeHost::new().with_tree("tests/data/macos").with_process(vmx(7, path));
    let machines = list(&host.context(), &MACOS).unwrap();
    let expected = [
        &format!("{path} web"),
        "state running",
        "pid 7",
        "card 00:0c:29:4b:5e:57 shared - -",
        "absent console",
        "absent ssh",
        "disk",
    ];
    assert_eq!(machine_lines(&machines[0]), expected);
}

#[test]
fn another_users_process_is_not_the_machines() {
    let mut process = vmx(42, "/home/ann/vmware/web/web.vmx");
    // The files belong to the user who runs the test.
    process.user = Some(u32::MAX);
    let host = FakeHost::new().with_tree("tests/data/linux").with_process(process);
    let machines = host.list::<Vmware>("{}").unwrap();
    assert!(machines.iter().all(|machine| machine.pid.as_ref().known().is_none()));
}

#[test]
fn lists_nothing_where_vmware_is_not() {
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(FakeHost::new().with_tree(&nowhere).list::<Vmware>("{}"), Ok(Vec::new()));
}

#[test]
fn a_library_that_cannot_be_read_alone_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home/ann/.vmware");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("inventory.vmls"), b"\xff").unwrap();
    let error = FakeHost::new().with_tree(&place).list::<Vmware>("{}").unwrap_err();
    assert_eq!(
        error.message,
        "not understood: {home}/.vmware/inventory.vmls: VMX, line 1: is not UTF-8"
    );
}

#[test]
fn a_hundred_megabytes_are_refused_and_others_are_listed() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home/ann/vmware");
    for name in ["huge", "web"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("a.vmx"), "displayName = \"web\"").unwrap();
    }
    let huge = std::fs::File::create(folder.join("huge/a.vmx")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let machines = FakeHost::new().with_tree(&place).list::<Vmware>("{}").unwrap();
    let Reading::Unknown(why) = &machines[0].cards else { panic!("{machines:?}") };
    assert_eq!(why.detail(), "/home/ann/vmware/huge/a.vmx: more than 1048576 bytes");
    assert_eq!(machines[1].name, "web");
}

#[test]
fn the_manifest_names_the_places() {
    let manifest = include_str!("../plugin.json");
    for places in [LINUX, MACOS] {
        assert_declares(manifest, places.machines);
        assert_declares(manifest, &[places.library]);
    }
}
