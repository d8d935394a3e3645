//! Lists the machines that VirtualBox's files register.

use inventory_virtualbox::{LINUX, MACOS, VirtualBox};
use vmkit_plugin::ProcessAnswer;
use vmkit_testkit::{FakeHost, assert_declares, machine_lines};

const WEB: &str = "0b6f4e1c-2a3d-4f5b-9c8d-7e6f5a4b3c2d";

fn host(words: &[&str]) -> FakeHost {
    let arguments = words.iter().map(|word| (*word).to_owned()).collect();
    let process = ProcessAnswer { pid: 42, user: None, directory: None, arguments };
    FakeHost::new().with_tree("tests/data").with_process(process)
}

#[test]
fn lists_registered_machines_as_they_are_now() {
    let host = host(&["/usr/lib/virtualbox/VBoxHeadless", "--comment", "web", "--startvm", WEB]);
    let machines = host.list::<VirtualBox>("{}").unwrap();
    assert_eq!(
        machine_lines(&machines[0]),
        [
            &format!("{WEB} web & shop"),
            "state running",
            "pid 42",
            "card 08:00:27:4b:5e:57 user - -",
            "card 08:00:27:4b:5e:58 shared vboxnet0 -",
            "card 08:00:27:4b:5e:59 bridged eth0 -",
            "card 08:00:27:4b:5e:60 - - -",
            "card 08:00:27:4b:5e:61 user - -",
            "card 08:00:27:4b:5e:63 - - -",
            "console /home/ann/VirtualBox VMs/web/console.log",
            "ssh 127.0.0.1:2222",
            "forward tcp 127.0.0.1:2222 -:22",
            "forward udp 0.0.0.0:5353 10.0.2.15:53",
            "disk /home/ann/VirtualBox VMs/web/Snapshots/{55555555-2a3d-4f5b-9c8d-7e6f5a4b3c2d}.vdi",
        ]
    );
    let lines = machine_lines(&machines[1]);
    assert_eq!(lines[0], "11111111-2a3d-4f5b-9c8d-7e6f5a4b3c2d db");
    assert_eq!(lines[1..3], ["state stopped", "absent pid"]);
    assert!(lines[3].contains("db.vbox: XML, line 2: has a document type"), "{lines:?}");
    let gone = ["22222222-2a3d-4f5b-9c8d-7e6f5a4b3c2d gone", "state missing"];
    assert_eq!(machine_lines(&machines[2]), gone);
    assert_eq!(machines.len(), 3);
}

#[test]
fn a_machine_runs_if_a_process_starts_it() {
    let braced = format!("{{{}}}", WEB.to_uppercase());
    let rows: [(&[&str], &str); 6] = [
        (&["VirtualBoxVM", "--startvm", &braced], "state running"),
        (&["VBoxHeadless", "-s", "web & shop"], "state running"),
        (&["VBoxSDL", "--startvm", "web"], "state stopped"),
        (&["VBoxHeadless", "--comment", WEB], "state stopped"),
        (&["VBoxHeadless", "--startvm"], "state stopped"),
        (&[], "state stopped"),
    ];
    for (words, expected) in rows {
        let machines = host(words).list::<VirtualBox>("{}").unwrap();
        assert_eq!(machine_lines(&machines[0])[1], expected, "{words:?}");
    }
}

#[test]
fn a_machine_whose_file_cannot_be_read_runs_all_the_same() {
    let db = "11111111-2a3d-4f5b-9c8d-7e6f5a4b3c2d";
    let machines = host(&["VBoxHeadless", "--startvm", db]).list::<VirtualBox>("{}").unwrap();
    assert_eq!(machine_lines(&machines[1])[1..3], ["state running", "pid 42"]);
}

#[test]
fn the_manifest_names_the_registries() {
    assert_declares(include_str!("../plugin.json"), LINUX);
    assert_declares(include_str!("../plugin.json"), MACOS);
}
