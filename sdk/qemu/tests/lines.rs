//! Lines of real starts: the toolkit's, libvirt's and people's.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use vmkit_qemu::{CommandLine, LineCard};
use vmkit_types::{Net, Reading};

/// A line whose arguments are cut at white space.
fn read(line: &str) -> CommandLine {
    let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    CommandLine::parse(&arguments, vmkit_qemu::program(&arguments).unwrap_or(0))
}

/// The cards and the monitor of a line, as `CARD [+ CARD] | MONITOR`.
fn found(line: &str) -> String {
    let CommandLine { cards, qmp, .. } = read(line);
    let cards: Vec<String> = cards.into_iter().map(card).collect();
    let cards = if cards.is_empty() { "-".to_owned() } else { cards.join(" + ") };
    let qmp = qmp.unwrap_or_else(|| "-".to_owned());
    format!("{cards} | {qmp}")
}

/// `MAC, MODE INTERFACE PORT`, and the descriptor of a port behind it.
fn card(LineCard { mac, net, descriptor }: LineCard) -> String {
    let mac = match mac {
        Reading::Known(mac) => mac.to_string(),
        Reading::Absent => "-".to_owned(),
        Reading::Unknown(_) => "?".to_owned(),
    };
    let net = match net {
        Reading::Known(Net { mode, interface, port, netdev: _ }) => {
            let or = |name: Option<String>| name.unwrap_or_else(|| "-".to_owned());
            format!("{mode} {} {}", or(interface), or(port))
        }
        Reading::Absent => "-".to_owned(),
        Reading::Unknown(_) => "?".to_owned(),
    };
    let descriptor = descriptor.map(|number| format!(" fd={number}")).unwrap_or_default();
    format!("{mac}, {net}{descriptor}")
}

#[test]
fn reads_the_lines_of_real_starts() {
    let table = [
        (
            "qemu-system-aarch64 -machine virt,accel=hvf -cpu host -smp 4 -m 8192 \
             -drive file=/Users/u/vms/web/web.qcow2,if=virtio,format=qcow2 \
             -netdev vmnet-bridged,id=net0,ifname=en0 \
             -device virtio-net-pci,netdev=net0,mac=52:54:00:4b:5e:57 \
             -qmp unix:/Users/u/vms/web/web.qmp,server,nowait -pidfile /Users/u/vms/web/web.pid",
            "52:54:00:4b:5e:57, bridged en0 - | /Users/u/vms/web/web.qmp",
        ),
        (
            "qemu-system-x86_64 -netdev vmnet-shared,id=n0 -device e1000,netdev=n0,mac=52:54:0:4B:5E:57",
            "52:54:00:4b:5e:57, shared - - | -",
        ),
        (
            "qemu-system-x86_64 -netdev vmnet-host,id=n0 -device e1000,netdev=n0",
            "-, shared - - | -",
        ),
        (
            "qemu-system-x86_64 -accel tcg -netdev tap,id=n0,ifname=tap7,script=no,downscript=no \
             -device virtio-net-pci,netdev=n0,mac=52:54:00:00:00:01",
            "52:54:00:00:00:01, bridged - tap7 | -",
        ),
        (
            "qemu-system-x86_64 -netdev bridge,id=n0,br=virbr0 -device virtio-net,netdev=n0",
            "-, bridged virbr0 - | -",
        ),
        (
            "qemu-system-x86_64 -net nic,macaddr=52:54:00:00:00:02 -net bridge",
            "52:54:00:00:00:02, bridged br0 - | -",
        ),
        (
            "qemu-system-x86_64 -netdev user,id=u0,hostfwd=tcp::2222-:22 -device virtio-net,netdev=u0",
            "-, user - - | -",
        ),
        (
            "qemu-system-x86_64 -nic user,model=virtio,mac=52:54:00:00:00:03",
            "52:54:00:00:00:03, user - - | -",
        ),
        (
            "qemu-system-x86_64 -nic vmnet-bridged,ifname=en5,mac=52:54:00:00:00:03",
            "52:54:00:00:00:03, bridged en5 - | -",
        ),
        ("qemu-system-x86_64 --nic tap,ifname=tap1,script=no", "-, bridged - tap1 | -"),
        (
            "qemu-system-x86_64 -netdev tap,id=net0,fd=7 -device virtio-net-pci,netdev=net0,mac=52:54:00:00:00:04",
            "52:54:00:00:00:04, bridged - - fd=7 | -",
        ),
        ("qemu-system-x86_64 -nic tap,fds=4:5", "-, bridged - - fd=4 | -"),
        ("qemu-system-x86_64 -nic tap,fd=monitor", "-, bridged - - | -"),
        ("qemu-system-x86_64 -nic none", "- | -"),
        ("qemu-system-x86_64 -m 256", "- | -"),
        // The descriptor comes from a wrapper, which may still stand in front or not.
        (
            "/opt/socket_vmnet/bin/socket_vmnet_client /opt/homebrew/var/run/socket_vmnet.bridged.en0 \
             qemu-system-aarch64 -netdev socket,id=n0,fd=3 -device virtio-net-pci,netdev=n0,mac=52:54:00:00:00:04",
            "52:54:00:00:00:04, bridged en0 - | -",
        ),
        (
            "/opt/socket_vmnet/bin/socket_vmnet_client /opt/homebrew/var/run/socket_vmnet \
             qemu-system-aarch64 -netdev socket,id=n0,fd=3 -device virtio-net-pci,netdev=n0",
            "-, shared - - | -",
        ),
        (
            "qemu-system-aarch64 -netdev socket,id=n0,fd=3 -device virtio-net-pci,netdev=n0",
            "-, ? | -",
        ),
        (
            "qemu-system-aarch64 -netdev stream,id=n0,addr.type=unix,addr.path=/var/run/socket_vmnet \
             -device virtio-net-pci,netdev=n0",
            "-, shared - - | -",
        ),
        (
            "qemu-system-aarch64 -netdev stream,id=n0,addr.type=unix,addr.path=/var/run/socket_vmnet.bridged.en1",
            "-, bridged en1 - | -",
        ),
        // libvirt writes JSON and opens the port itself.
        (
            r#"/usr/bin/qemu-system-x86_64 -chardev socket,id=charmonitor,path=/run/m/monitor.sock,server=on,wait=off
             -mon chardev=charmonitor,id=monitor,mode=control
             -netdev {"type":"tap","fd":"33","vhost":true,"id":"hostnet0"}
             -device {"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:ab:cd:ef","bus":"pci.1"}"#,
            "52:54:00:ab:cd:ef, bridged - - fd=33 | /run/m/monitor.sock",
        ),
        ("qemu-system-x86_64 -device virtio-net,mac=ff:ff:ff:ff:ff:ff", "?, - | -"),
        ("qemu-system-x86_64 -device virtio-net,mac=00:00:00:00:00:00", "?, - | -"),
        ("qemu-system-x86_64 -device virtio-rng-pci -device", "- | -"),
        (
            "qemu-system-x86_64 -netdev {broken -device {\"mac\":7} -qmp tcp:localhost:4444",
            "-, ? | -",
        ),
        ("qemu-system-x86_64 -qmp unix:/a,,b=c/web.qmp,server=on", "- | /a,b=c/web.qmp"),
        ("", "- | -"),
    ];
    for (line, expected) in table {
        assert_eq!(found(line), expected, "{line}");
    }
}

#[test]
fn reads_every_card_with_its_connection() {
    let table = [
        // Each card has its own cable, in any order of the options.
        (
            "qemu-system-x86_64 -netdev user,id=a -netdev tap,id=b,ifname=tap9 \
             -device e1000,netdev=b,mac=52:54:00:00:00:0b -device e1000,netdev=a,mac=52:54:00:00:00:0a",
            "52:54:00:00:00:0b, bridged - tap9 + 52:54:00:00:00:0a, user - - | -",
        ),
        // Lima: the user network first, socket_vmnet second.
        (
            "qemu-system-aarch64 -netdev user,id=net0,net=192.168.5.0/24,hostfwd=tcp:127.0.0.1:60022-:22 \
             -device virtio-net-pci,netdev=net0,mac=52:55:55:00:00:01 \
             -netdev stream,id=net1,addr.type=unix,addr.path=/var/run/socket_vmnet \
             -device virtio-net-pci,netdev=net1,mac=52:55:55:00:00:02",
            "52:55:55:00:00:01, user - - + 52:55:55:00:00:02, shared - - | -",
        ),
        // minikube and vagrant-libvirt: two networks of libvirt.
        (
            r#"qemu-system-x86_64 -netdev {"type":"tap","fd":"33","id":"hostnet0"}
             -device {"driver":"virtio-net-pci","netdev":"hostnet0","mac":"52:54:00:00:00:01"}
             -netdev {"type":"tap","fd":"34","id":"hostnet1"}
             -device {"driver":"virtio-net-pci","netdev":"hostnet1","mac":"52:54:00:00:00:02"}"#,
            "52:54:00:00:00:01, bridged - - fd=33 + 52:54:00:00:00:02, bridged - - fd=34 | -",
        ),
        (
            "qemu-system-x86_64 -nic user -nic tap,ifname=tap1,mac=52:54:00:00:00:04",
            "-, user - - + 52:54:00:00:00:04, bridged - tap1 | -",
        ),
        (
            "qemu-system-x86_64 -net nic,macaddr=52:54:00:00:00:05 -net user \
             -nic bridge,br=br1,mac=52:54:00:00:00:06",
            "52:54:00:00:00:05, user - - + 52:54:00:00:00:06, bridged br1 - | -",
        ),
        // A cable that no card names goes to the card that names none.
        (
            "qemu-system-x86_64 -netdev user,id=a -device e1000,netdev=a -device e1000,mac=52:54:00:00:00:07",
            "-, user - - + 52:54:00:00:00:07, - | -",
        ),
    ];
    for (line, expected) in table {
        assert_eq!(found(line), expected, "{line}");
    }
}

#[test]
fn finds_the_channel_of_the_guest_agent() {
    let table = [
        (
            "-chardev socket,path=/vms/web/web.qga,server=on,wait=off,id=qga0 -device virtio-serial \
             -device virtserialport,chardev=qga0,name=org.qemu.guest_agent.0",
            Some("/vms/web/web.qga"),
        ),
        // The device may come first, and other channels mean something else.
        (
            r#"-device {"driver":"virtserialport","chardev":"b","name":"org.qemu.guest_agent.0"}
             -device virtserialport,chardev=a,name=com.redhat.spice.0
             -chardev socket,id=a,path=/run/spice -chardev socket,id=b,path=/run/agent,server"#,
            Some("/run/agent"),
        ),
        // libvirt hands over an open descriptor, and keeps the other end for itself.
        (
            "-chardev socket,id=charchannel0,fd=31,server=on,wait=off \
             -device virtserialport,chardev=charchannel0,name=org.qemu.guest_agent.0",
            None,
        ),
        ("-device virtserialport,name=org.qemu.guest_agent.0", None),
        ("-chardev socket,id=a,path=/run/a -device virtserialport,chardev=a", None),
    ];
    for (line, expected) in table {
        assert_eq!(read(line).guest_agent.as_deref(), expected, "{line}");
    }
}

#[test]
fn knows_the_link_of_a_card_by_its_netdev() {
    let table = [
        ("qemu-system-x86_64 -netdev tap,id=n0,ifname=t -device e1000,netdev=n0", Some("n0")),
        (
            "qemu-system-x86_64 -netdev user,id=a -netdev vmnet-shared,id=b -device e1000,netdev=b",
            Some("b"),
        ),
        ("qemu-system-x86_64 -netdev socket,id=s,fd=3,x=/run/socket_vmnet", Some("s")),
        ("qemu-system-x86_64 -net nic -net bridge", None),
    ];
    for (line, expected) in table {
        let net = read(line).cards.swap_remove(0).net.known().expect(line);
        assert_eq!(net.netdev.as_deref(), expected, "{line}");
    }
}

#[test]
fn reads_names_and_files() {
    type Row<'a> = (&'a str, &'a str, fn(&CommandLine) -> Option<String>);
    let name = |line: &CommandLine| line.name.clone();
    let uuid = |line: &CommandLine| line.uuid.clone();
    let console = |line: &CommandLine| line.console.clone();
    let pid_file = |line: &CommandLine| line.pid_file.clone();
    let machine = |line: &CommandLine| line.machine.clone();
    let disks = |line: &CommandLine| Some(line.disks.join(" ")).filter(|disks| !disks.is_empty());
    let rows: &[Row<'_>] = &[
        ("-name web", "web", name),
        ("-name guest=web,debug-threads=on", "web", name),
        ("-name web,process=qemu-web", "web", name),
        ("-name process=qemu-web", "-", name),
        ("-uuid 6f1c", "6f1c", uuid),
        ("-pidfile web.pid", "web.pid", pid_file),
        ("-machine q35,accel=kvm", "q35", machine),
        ("-M type=virt", "virt", machine),
        ("-serial file:/vms/web.log -serial file:/vms/second.log", "/vms/web.log", console),
        ("-serial mon:stdio", "-", console),
        ("-serial none -serial file:/vms/second.log", "-", console),
        ("-chardev file,id=c,path=c.log -serial chardev:c", "c.log", console),
        (
            "-device isa-serial,chardev=c -chardev pty,id=c,logfile=/vms/c.log",
            "/vms/c.log",
            console,
        ),
        ("-chardev file,id=c,path=/dev/fdset/3 -device isa-serial,chardev=c", "-", console),
        ("disk.img -m 1G", "disk.img", disks),
        ("-m 1G disk.img", "-", disks),
        ("-hda a.qcow2 -hdb /b.qcow2", "a.qcow2 /b.qcow2", disks),
        ("-drive file=/a,,b.qcow2,if=virtio -drive file=/x.iso,media=cdrom", "/a,b.qcow2", disks),
        ("-drive if=pflash,file=/usr/share/OVMF/CODE.fd -drive file=r,readonly=on", "-", disks),
        ("-drive file=nbd:localhost:10809 -drive file=fat:rw:/d", "-", disks),
        ("-cdrom /x.iso -kernel /boot/vmlinuz", "-", disks),
        (
            "-blockdev driver=qcow2,node-name=a,file.driver=file,file.filename=/a.qcow2",
            "/a.qcow2",
            disks,
        ),
        // libvirt: a disk with its base image, and an installation medium.
        (
            r#"-blockdev {"driver":"file","filename":"/base.qcow2","node-name":"s2","auto-read-only":true}
             -blockdev {"node-name":"f2","read-only":true,"driver":"qcow2","file":"s2","backing":null}
             -blockdev {"driver":"file","filename":"/web.qcow2","node-name":"s1"}
             -blockdev {"node-name":"f1","read-only":false,"driver":"qcow2","file":"s1","backing":"f2"}
             -blockdev {"driver":"file","filename":"/x.iso","node-name":"s3","read-only":true}
             -blockdev {"node-name":"f3","read-only":true,"driver":"raw","file":"s3"}"#,
            "/web.qcow2",
            disks,
        ),
    ];
    for (line, expected, field) in rows {
        let line = read(&format!("qemu-system-x86_64 {line}"));
        assert_eq!(field(&line).unwrap_or_else(|| "-".to_owned()), *expected, "{line:?}");
    }
}

#[test]
fn reads_forwarded_ports() {
    let rows = [
        ("-nic user,hostfwd=tcp::2222-:22", "tcp 0.0.0.0:2222 -:22"),
        (
            "-netdev user,id=n,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22,hostfwd=udp::53-:53",
            "tcp 127.0.0.1:2222 10.0.2.15:22, udp 0.0.0.0:53 -:53",
        ),
        (
            r#"-netdev {"type":"user","id":"n","hostfwd":[{"str":"tcp:127.0.0.1:1-:22"},{"str":"::2-:80"}]}"#,
            "tcp 127.0.0.1:1 -:22, tcp 0.0.0.0:2 -:80",
        ),
        ("-nic user,hostfwd=tcp:[::1]:2222-:22", "tcp [::1]:2222 -:22"),
        ("-nic user,hostfwd=unix:/a-:22,hostfwd=tcp::0-:22,hostfwd=tcp::99999-:22,hostfwd=", ""),
        ("-nic tap,hostfwd=tcp::2222-:22", ""),
    ];
    for (line, expected) in rows {
        let forwards = read(&format!("qemu-system-x86_64 {line}")).forwards;
        let forwards: Vec<String> = forwards.iter().map(ToString::to_string).collect();
        assert_eq!(forwards.join(", "), expected, "{line}");
    }
}

#[test]
fn a_hostile_line_is_read_in_linear_time_and_bounded() {
    let start = std::time::Instant::now();
    let pairs = |option: &str, value: fn(usize) -> String| {
        let option = option.to_owned();
        (0..100_000).flat_map(move |index| [option.clone(), value(index)])
    };
    let wrapper = (0..100_000).map(|index| format!("w{index}"));
    let lines: [Vec<String>; 7] = [
        pairs("-nic", |_| "user,hostfwd=tcp::1-:1".to_owned()).collect(),
        pairs("-device", |index| format!("e1000,netdev=n{index}"))
            .chain(pairs("-netdev", |index| format!("socket,id=m{index}")))
            .collect(),
        pairs("-chardev", |index| format!("socket,id=c{index},path=/c"))
            .chain(pairs("-mon", |index| format!("chardev=d{index},mode=control")))
            .collect(),
        pairs("-blockdev", |index| format!("driver=file,filename=/{index},node-name={index}"))
            .collect(),
        vec!["-netdev".to_owned(), format!("user{}", ",hostfwd=tcp::1-:1".repeat(100_000))],
        vec![
            "-device".to_owned(),
            format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
        ],
        wrapper
            .chain(["qemu-system-x86_64".to_owned()])
            .chain(pairs("-netdev", |_| "socket,fd=3".to_owned()))
            .collect(),
    ];
    for line in lines {
        let found = CommandLine::parse(&line, vmkit_qemu::program(&line).unwrap_or(0));
        assert!(found.cards.len() <= 32 && found.disks.len() <= 64 && found.forwards.len() <= 64);
    }
    // Quadratic time takes minutes, linear time milliseconds.
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}
