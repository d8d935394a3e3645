//! Machines of command lines that people, scripts and managers start.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use inventory_qemu::Qemu;
use vmkit_plugin::{ListedMachine, ProcessAnswer, Reading, Unread};
use vmkit_testkit::FakeHost;

fn process(pid: u32, directory: Option<&str>, line: &str) -> ProcessAnswer {
    let arguments = line.split_whitespace().map(str::to_owned).collect();
    ProcessAnswer { pid, user: Some(1000), directory: directory.map(str::to_owned), arguments }
}

fn list(processes: impl IntoIterator<Item = ProcessAnswer>) -> Vec<ListedMachine> {
    let host = processes.into_iter().fold(FakeHost::new(), FakeHost::with_process);
    host.list::<Qemu>("{}").unwrap()
}

fn text(reading: &Reading<impl ToString>) -> String {
    match reading {
        Reading::Known(value) => value.to_string(),
        Reading::Absent => "-".to_owned(),
        Reading::Unknown(why) => format!("? {why}"),
    }
}

fn texts(reading: &Reading<Vec<impl ToString>>) -> String {
    let joined =
        |list: &Vec<_>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    text(&reading.as_ref().map(joined))
}

#[test]
fn lists_a_machine_that_somebody_started() {
    // The line that QEMU's documentation of user networking shows, with a name and a disk.
    let line = "qemu-system-x86_64 -name web -m 1G -drive file=web.qcow2,if=virtio \
        -netdev user,id=n0,hostfwd=tcp::2222-:22,hostfwd=tcp:127.0.0.1:8080-:80 \
        -device virtio-net-pci,netdev=n0,mac=52:54:00:4b:5e:57 \
        -serial file:./web.log -qmp unix:/run/web.qmp,server=on,wait=off \
        -chardev socket,path=web.qga,server=on,wait=off,id=ga -device virtio-serial \
        -device virtserialport,chardev=ga,name=org.qemu.guest_agent.0";
    let machine = list([process(4242, Some("/home/ann/vms"), line)]).remove(0);
    let rows = [
        (machine.id.clone(), "/home/ann/vms/web.qcow2"),
        (machine.name.clone(), "web"),
        (text(&machine.pid), "4242"),
        (texts(&machine.cards), "52:54:00:4b:5e:57 user - -"),
        (text(&machine.console), "/home/ann/vms/web.log"),
        (text(&machine.monitor), "/run/web.qmp"),
        (text(&machine.guest_agent), "/home/ann/vms/web.qga"),
        (text(&machine.ssh), "127.0.0.1:2222"),
        (texts(&machine.forwards), "tcp 0.0.0.0:2222 -:22, tcp 127.0.0.1:8080 -:80"),
        (texts(&machine.disks), "/home/ann/vms/web.qcow2"),
    ];
    for (found, expected) in rows {
        assert_eq!(found, expected);
    }
}

#[test]
fn ids_are_stable_and_no_two_machines_share_one() {
    let line = |rest: &str| format!("/usr/bin/qemu-system-x86_64 {rest}");
    let rows = [
        (line("-uuid 6F1C -name a"), "6f1c", "a"),
        (line("-hda /d.img"), "/d.img", "pid-11"),
        (line("-hda /d.img -name copy"), "/d.img pid-12", "copy"),
        (line("-qmp unix:/run/q,server"), "/run/q", "pid-13"),
        (line("-nic user"), "pid-14", "pid-14"),
        ("qemu-kvm -pidfile /run/p.pid".to_owned(), "/run/p.pid", "pid-15"),
    ];
    let processes = rows.iter().zip(10..).map(|((line, ..), pid)| process(pid, None, line));
    let listed = list(processes);
    let found: Vec<_> = listed.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
    let expected: Vec<_> = rows.iter().map(|(_, id, name)| (*id, *name)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_relative_path_without_a_known_directory_is_unknown() {
    let rows = [
        (Some("/vms"), "", "/vms/c.log"),
        (Some("/"), "", "/c.log"),
        (Some("/"), "-daemonize", "? process 7 has left the directory that it was started in"),
        (None, "", "? the directory of process 7 cannot be seen"),
    ];
    for (directory, more, expected) in rows {
        let line = format!("qemu-system-x86_64 -serial file:c.log -hda d.img {more}");
        let machine = list([process(7, directory, &line)]).remove(0);
        assert_eq!(text(&machine.console), expected);
        let unknown = matches!(machine.disks, Reading::Unknown(Unread::Failed(_)));
        assert_eq!(unknown, expected.starts_with('?'), "{directory:?}");
    }
}

#[test]
fn a_process_that_runs_no_machine_is_skipped() {
    // libvirt asks each QEMU what it can do, in this way.
    let probe = "/usr/bin/qemu-system-x86_64 -S -no-user-config -nodefaults -nographic \
        -machine none,accel=kvm:tcg -qmp unix:/var/lib/libvirt/qemu/qmp-1/qmp.monitor,server=on \
        -pidfile /var/lib/libvirt/qemu/qmp-1/qmp.pid -daemonize";
    assert!(list([process(7, Some("/"), probe)]).is_empty());
    assert!(list([]).is_empty());
}

#[test]
fn reads_the_line_that_libvirt_starts() {
    // Of libvirt 9.0 on Debian 12, shortened.
    let line = r#"/usr/bin/qemu-system-x86_64 -name guest=web,debug-threads=on -S
        -machine pc-q35-7.2,usb=off -accel tcg -uuid e7afecd9-ab34-49b3-a50a-c20fdac561ca
        -chardev socket,id=charmonitor,fd=27,server=on,wait=off
        -mon chardev=charmonitor,id=monitor,mode=control
        -blockdev {"driver":"file","filename":"/var/lib/libvirt/images/web.qcow2","node-name":"libvirt-1-storage","auto-read-only":true,"discard":"unmap"}
        -blockdev {"node-name":"libvirt-1-format","read-only":false,"driver":"qcow2","file":"libvirt-1-storage","backing":null}
        -netdev {"type":"tap","fd":"31","id":"hostnet0"}
        -device {"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:4b:5e:57"}
        -add-fd set=0,fd=25,opaque=serial0-source
        -chardev file,id=charserial0,path=/dev/fdset/0,append=on
        -device {"driver":"isa-serial","chardev":"charserial0","id":"serial0","index":0}
        -chardev socket,id=charchannel0,fd=26,server=on,wait=off
        -device {"driver":"virtserialport","chardev":"charchannel0","name":"org.qemu.guest_agent.0"}"#;
    let machine = list([process(3712, Some("/"), line)]).remove(0);
    assert_eq!(machine.id, "e7afecd9-ab34-49b3-a50a-c20fdac561ca");
    assert_eq!(machine.name, "web");
    assert_eq!(texts(&machine.cards), "52:54:00:4b:5e:57 - - -");
    assert_eq!(texts(&machine.disks), "/var/lib/libvirt/images/web.qcow2");
    // libvirt has opened them all, and the line has no path.
    assert_eq!([&machine.console, &machine.monitor, &machine.guest_agent], [&Reading::Absent; 3]);
}

#[test]
fn lists_many_machines_quickly() {
    let start = std::time::Instant::now();
    let line = |pid| format!("qemu-system-x86_64 -name vm{pid} -nic user,mac=52:54:00:00:00:01");
    let machines = list((0..1000).map(|pid| process(pid, Some("/"), &line(pid))));
    assert_eq!(machines.len(), 1000);
    // Quadratic time takes minutes.
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}
