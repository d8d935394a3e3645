//! Lines of real starts: the toolkit's, libvirt's and people's.

use super::*;

/// The arguments of a line that is cut at white space, and what is found in it, in one line.
fn found(line: &str) -> String {
    let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let program = crate::ownership::qemu_program(&arguments).unwrap_or(0);
    let CommandLine { mac, net, qmp, .. } = parse(&arguments, program);
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
    let qmp = qmp.map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    format!("{mac} | {net} | {qmp}")
}

#[test]
fn lines_of_real_starts_are_understood() {
    let table = [
        (
            "qemu-system-aarch64 -machine virt,accel=hvf -cpu host -smp 4 -m 8192 \
             -drive file=/Users/u/vms/web/web.qcow2,if=virtio,format=qcow2 \
             -netdev vmnet-bridged,id=net0,ifname=en0 \
             -device virtio-net-pci,netdev=net0,mac=52:54:00:4b:5e:57 \
             -qmp unix:/Users/u/vms/web/web.qmp,server,nowait -pidfile /Users/u/vms/web/web.pid",
            "52:54:00:4b:5e:57 | bridged en0 - | /Users/u/vms/web/web.qmp",
        ),
        (
            "qemu-system-x86_64 -netdev vmnet-shared,id=n0 -device e1000,netdev=n0,mac=52:54:0:4B:5E:57",
            "52:54:00:4b:5e:57 | shared - - | -",
        ),
        (
            "qemu-system-x86_64 -netdev vmnet-host,id=n0 -device e1000,netdev=n0",
            "- | shared - - | -",
        ),
        (
            "qemu-system-x86_64 -accel tcg -netdev tap,id=n0,ifname=tap7,script=no,downscript=no \
             -device virtio-net-pci,netdev=n0,mac=52:54:00:00:00:01",
            "52:54:00:00:00:01 | bridged - tap7 | -",
        ),
        (
            "qemu-system-x86_64 -netdev bridge,id=n0,br=virbr0 -device virtio-net,netdev=n0",
            "- | bridged virbr0 - | -",
        ),
        (
            "qemu-system-x86_64 -net nic,macaddr=52:54:00:00:00:02 -net bridge",
            "52:54:00:00:00:02 | bridged br0 - | -",
        ),
        (
            "qemu-system-x86_64 -netdev user,id=u0,hostfwd=tcp::2222-:22 -device virtio-net,netdev=u0",
            "- | user - - | -",
        ),
        (
            "qemu-system-x86_64 -nic user,model=virtio,mac=52:54:00:00:00:03",
            "52:54:00:00:00:03 | user - - | -",
        ),
        (
            "qemu-system-x86_64 -nic vmnet-bridged,ifname=en5,mac=52:54:00:00:00:03",
            "52:54:00:00:00:03 | bridged en5 - | -",
        ),
        ("qemu-system-x86_64 --nic tap,ifname=tap1,script=no", "- | bridged - tap1 | -"),
        ("qemu-system-x86_64 -nic none", "- | - | -"),
        ("qemu-system-x86_64 -m 256", "- | - | -"),
        // The descriptor comes from a wrapper, which may still stand in front or not.
        (
            "/opt/socket_vmnet/bin/socket_vmnet_client /opt/homebrew/var/run/socket_vmnet.bridged.en0 \
             qemu-system-aarch64 -netdev socket,id=n0,fd=3 -device virtio-net-pci,netdev=n0,mac=52:54:00:00:00:04",
            "52:54:00:00:00:04 | bridged en0 - | -",
        ),
        (
            "/opt/socket_vmnet/bin/socket_vmnet_client /opt/homebrew/var/run/socket_vmnet \
             qemu-system-aarch64 -netdev socket,id=n0,fd=3 -device virtio-net-pci,netdev=n0",
            "- | shared - - | -",
        ),
        (
            "qemu-system-aarch64 -netdev socket,id=n0,fd=3 -device virtio-net-pci,netdev=n0",
            "- | ? | -",
        ),
        (
            "qemu-system-aarch64 -netdev stream,id=n0,addr.type=unix,addr.path=/var/run/socket_vmnet \
             -device virtio-net-pci,netdev=n0",
            "- | shared - - | -",
        ),
        (
            "qemu-system-aarch64 -netdev stream,id=n0,addr.type=unix,addr.path=/var/run/socket_vmnet.bridged.en1",
            "- | bridged en1 - | -",
        ),
        // libvirt writes JSON and opens the port itself.
        (
            r#"/usr/bin/qemu-system-x86_64 -chardev socket,id=charmonitor,path=/run/m/monitor.sock,server=on,wait=off
             -mon chardev=charmonitor,id=monitor,mode=control
             -netdev {"type":"tap","fd":"33","vhost":true,"id":"hostnet0"}
             -device {"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:ab:cd:ef","bus":"pci.1"}"#,
            "52:54:00:ab:cd:ef | bridged - - | /run/m/monitor.sock",
        ),
        // The first card counts, with its own cable, in whatever order they stand.
        (
            "qemu-system-x86_64 -netdev user,id=a -netdev tap,id=b,ifname=tap9 \
             -device e1000,netdev=b,mac=52:54:00:00:00:0b -device e1000,netdev=a,mac=52:54:00:00:00:0a",
            "52:54:00:00:00:0b | bridged - tap9 | -",
        ),
        ("qemu-system-x86_64 -device virtio-net,mac=ff:ff:ff:ff:ff:ff", "? | - | -"),
        ("qemu-system-x86_64 -device virtio-net,mac=00:00:00:00:00:00", "? | - | -"),
        ("qemu-system-x86_64 -device virtio-rng-pci -device", "- | - | -"),
        (
            "qemu-system-x86_64 -netdev {broken -device {\"mac\":7} -qmp tcp:localhost:4444",
            "- | ? | -",
        ),
        ("qemu-system-x86_64 -qmp unix:/a,,b=c/web.qmp,server=on", "- | - | /a,b=c/web.qmp"),
        ("", "- | - | -"),
    ];
    for (line, expected) in table {
        assert_eq!(found(line), expected, "{line}");
    }
}

#[test]
fn the_channel_of_the_guest_agent_is_found() {
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
fn the_link_is_known_by_the_name_of_the_first_card_s_netdev() {
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
        let net = parse(&arguments, 0).net.known().expect(line);
        assert_eq!(net.netdev.as_deref(), expected, "{line}");
    }
}
