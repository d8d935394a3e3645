//! Lines of real starts: the toolkit's, libvirt's and people's.

use super::*;

/// The arguments of a line, cut at white space, as `CARD [+ CARD] | MONITOR`.
fn found(line: &str) -> String {
    let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let program = crate::ownership::qemu_program(&arguments).unwrap_or(0);
    let CommandLine { cards, qmp, .. } = parse(&arguments, program);
    let cards: Vec<String> = cards.into_iter().map(card).collect();
    let cards = if cards.is_empty() { "-".to_owned() } else { cards.join(" + ") };
    let qmp = qmp.map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    format!("{cards} | {qmp}")
}

/// `MAC, MODE INTERFACE PORT`.
fn card(LineCard { mac, net }: LineCard) -> String {
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
    format!("{mac}, {net}")
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
            "52:54:00:ab:cd:ef, bridged - - | /run/m/monitor.sock",
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
            "52:54:00:00:00:01, bridged - - + 52:54:00:00:00:02, bridged - - | -",
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
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(parse(&arguments, 0).guest_agent, expected.map(PathBuf::from), "{line}");
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
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let net = parse(&arguments, 0).cards.swap_remove(0).net.known().expect(line);
        assert_eq!(net.netdev.as_deref(), expected, "{line}");
    }
}

#[test]
fn reads_a_bounded_number_of_cards() {
    let arguments: Vec<String> =
        (0..1000).flat_map(|_| ["-nic".to_owned(), "user".to_owned()]).collect();
    assert_eq!(parse(&arguments, 0).cards.len(), MOST_CARDS);
}
