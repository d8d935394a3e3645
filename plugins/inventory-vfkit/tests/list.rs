//! Lists machines out of command lines of vfkit, which are rebuilt from `doc/usage.md` of crc-org/vfkit
//! 0.6 and from the drivers of crc-org/crc and kubernetes/minikube, with values of our own.

use inventory_vfkit::{Vfkit, machine};
use vmkit_plugin::ProcessAnswer;
use vmkit_testkit::{FakeHost, machine_lines};

fn vfkit(pid: u32, words: &[&str]) -> ProcessAnswer {
    let words = std::iter::once(&"/opt/vfkit/bin/vfkit").chain(words);
    let arguments = words.map(|word| (*word).to_owned()).collect();
    ProcessAnswer { pid, user: None, directory: Some("/Users/ann/vms".to_owned()), arguments }
}

#[test]
fn lists_a_machine_for_each_process() {
    let web = [
        "--cpus",
        "2",
        "--bootloader",
        "efi,variable-store=efi,create",
        "--device",
        "virtio-net,nat,mac=52:54:00:4b:5e:57",
        "--device=virtio-blk,path=web.img",
        "--device",
        "virtio-blk,path=/isos/debian.iso",
        "--device",
        "nvme,path=/Users/ann/vms/../disks/data.img",
        "--device",
        "usb-mass-storage,path=/stick.img,readonly",
        "--device",
        "virtio-serial,logFilePath=/Users/ann/vms/web.log",
        "--device",
        "virtio-serial,stdio",
        "--device",
    ];
    let host = FakeHost::new().with_process(vfkit(42, &web)).with_process(vfkit(43, &[]));
    let machines = host.list::<Vfkit>("{}").unwrap();
    assert_eq!(
        machine_lines(&machines[0]),
        [
            "/Users/ann/vms/web.img web",
            "state running",
            "pid 42",
            "card 52:54:00:4b:5e:57 shared - -",
            "console /Users/ann/vms/web.log",
            "disk /Users/ann/vms/web.img",
            "disk /Users/ann/disks/data.img",
        ]
    );
    assert_eq!(
        machine_lines(&machines[1]),
        ["process 43 vfkit", "state running", "pid 43", "card", "absent console", "disk"]
    );
}

#[test]
fn a_card_is_where_its_device_says() {
    let rows = [
        ("virtio-net", "card - shared - -"),
        ("virtio-net,nat", "card - shared - -"),
        ("virtio-net,fd=3,mac=52:54:0:4b:5e:57", "card 52:54:00:4b:5e:57 - - -"),
        // podman and OpenShift Local, whose machines all have this MAC.
        ("virtio-net,unixSocketPath=/tmp/gv.sock,mac=5A:94:EF:E4:0C:EE", "card - user - -"),
        // minikube with vmnet-helper, and others with socket_vmnet.
        (
            "virtio-net,unixSocketPath=/m/vmnet-helper.sock,mac=52:54:00:4b:5e:57",
            "card 52:54:00:4b:5e:57 shared - -",
        ),
        ("virtio-network,mac=52:54:00:4b:5e:57", "card"),
        (
            "virtio-net,mac=52:54",
            "unknown card malformed vfkit: virtio-net: the MAC `52:54` is not six octets in hexadecimal",
        ),
    ];
    for (device, expected) in rows {
        let lines = machine_lines(&machine(&vfkit(1, &["--device", device])));
        assert_eq!(lines[3], expected, "{device}");
    }
}

#[test]
fn hostile_command_lines_are_bounded() {
    let words: Vec<&str> =
        ["--device", "virtio-net", "--device", "nvme,path=a\u{1b}\nb,path=,,=,="]
            .into_iter()
            .cycle()
            .take(4000)
            .collect();
    let machine = machine(&vfkit(1, &words));
    assert_eq!(machine.name, "a\\x1b\\nb");
    assert_eq!(machine.cards.known().unwrap().len(), 32);
    assert_eq!(machine.disks.known().unwrap().len(), 32);
}
