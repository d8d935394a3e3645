//! What a guest writes to its serial console, in the words of its own programs.

use std::{fmt::Write as _, net::Ipv4Addr};

use super::{
    exchange::Step,
    site::{Client, Site, Vm},
};

/// The log of a VM whose DHCP client took these steps.
pub(super) fn log(site: &Site, vm: &Vm, steps: &[Step]) -> String {
    let has = |code: &str| vm.ails && site.has(code);
    let mut text = String::from("\u{1b}[2J\u{1b}[1;1HSeaBIOS (version 1.16.3-debian-1.16.3-2)\r\n");
    kernel(&mut text, site, vm);
    if has("guest-not-booted") {
        return text;
    }
    if !has("guest-no-nic") && !has("vm-user-network") {
        text.push_str("[    0.731120] virtio_net virtio0 eth0: renamed from enp0s1\r\n");
    }
    text.push_str("[    2.310022] systemd[1]: Hostname set to <");
    text.push_str(&vm.name);
    text.push_str(">.\r\n");
    network(&mut text, site, vm, steps);
    if has("guest-ssh-not-listening") && site.age.is_multiple_of(2) {
        text.push_str("[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.\r\n");
    } else if !has("guest-ssh-not-listening") {
        text.push_str("[  OK  ] Started ssh.service - OpenBSD Secure Shell server.\r\n");
    }
    write!(text, "\r\nDebian GNU/Linux 12 {} ttyS0\r\n\r\n{} login: ", vm.name, vm.name).ok();
    if has("other-guest-hung") {
        text.push_str("\r\n[   71.204417] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [kworker/0:1:19]\r\n[   99.204392] watchdog: BUG: soft lockup - CPU#0 stuck for 52s! [kworker/0:1:19]\r\n");
    }
    text
}

/// What the firmware and the kernel write. A boot that fails ends there.
fn kernel(text: &mut String, site: &Site, vm: &Vm) {
    let has = |code: &str| vm.ails && site.has(code);
    if has("guest-not-booted") && site.age.is_multiple_of(3) {
        text.push_str("Booting from Hard Disk...\r\nBoot failed: not a bootable disk\r\n\r\nNo bootable device.\r\n");
        return;
    }
    text.push_str("[    0.000000] Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org)\r\n[    0.412331] virtio_blk virtio1: [vda] 20971520 512-byte logical blocks\r\n");
    if has("guest-not-booted") {
        text.push_str(if site.age % 3 == 1 {
            "[    1.923411] VFS: Cannot open root device \"UUID=8a1c\" or unknown-block(0,0): error -6\r\n[    1.930220] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n[    1.931007] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\r\n"
        } else {
            "Gave up waiting for root file system device.  Common problems:\r\n - Boot args (cat /proc/cmdline)\r\nALERT!  UUID=8a1c does not exist.  Dropping to a shell!\r\n\r\nBusyBox v1.35.0 (Debian 1:1.35.0-4+b3) built-in shell (ash)\r\n(initramfs) \r\n"
        });
    }
}

/// What the network's setup writes.
fn network(text: &mut String, site: &Site, vm: &Vm, steps: &[Step]) {
    let has = |code: &str| vm.ails && site.has(code);
    if has("guest-link-down") {
        text.push_str(match vm.client {
            Client::Udhcpc => "[    3.020000] virtio_net virtio0 eth0: Link is Down\r\nudhcpc: started, v1.36.1\r\nudhcpc: sendto: Network is down\r\n",
            Client::Dhcpcd => "eth0: waiting for carrier\r\ntimed out\r\n",
            _ => "ip: RTNETLINK answers: Network is down\r\n2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc pfifo_fast state DOWN\r\n",
        });
    } else if has("guest-no-nic") {
        text.push_str(match vm.client {
            Client::Udhcpc => "udhcpc: SIOCGIFINDEX: No such device\r\nifup: failed to change interface state\r\n",
            Client::Dhclient => "Cannot find device \"eth0\"\r\nifup: failed to bring up eth0\r\n",
            Client::Dhcpcd => "dhcpcd: eth0: interface not found\r\n",
            Client::Networkd => "ci-info: ++++++++++++++++Net device info++++++++++++++++\r\nci-info: +--------+------+-----------+-----------+-------+------------+\r\nci-info: | Device |  Up  |  Address  |    Mask   | Scope | Hw-Address |\r\nci-info: +--------+------+-----------+-----------+-------+------------+\r\nci-info: |   lo   | True | 127.0.0.1 | 255.0.0.0 |  host |     .      |\r\nci-info: +--------+------+-----------+-----------+-------+------------+\r\n",
        });
    } else if has("guest-no-dhcp-client") {
        text.push_str(match vm.client {
            Client::Udhcpc => "/etc/init.d/S40network: line 12: udhcpc: not found\r\n",
            Client::Dhclient => {
                "/sbin/ifup: 1: dhclient: not found\r\nifup: failed to bring up eth0\r\n"
            }
            Client::Dhcpcd => "No DHCP client software found!\r\nifup: failed to bring up eth0\r\n",
            Client::Networkd => "sh: 1: dhclient: command not found\r\n",
        });
    } else if has("guest-static-wrong-subnet") {
        table(text, vm, Some(Ipv4Addr::new(10, 211, 55, 9)), None);
    } else if has("guest-ipv6-only") {
        table(text, vm, None, Some(&global(vm)));
    } else if has("vm-user-network") {
        client(
            text,
            vm,
            &[
                Step::Asked,
                Step::Offered(QEMU_GUEST, QEMU_HOST),
                Step::Bound(QEMU_GUEST, QEMU_HOST),
            ],
        );
    } else {
        client(text, vm, steps);
        let bound = steps.iter().rev().find_map(|step| match step {
            Step::Bound(address, _) => Some(*address),
            _ => None,
        });
        if vm.client == Client::Networkd && bound.is_some() && site.age.is_multiple_of(2) {
            table(text, vm, bound, None);
        }
    }
}

/// What QEMU's user network gives to everybody.
const QEMU_GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
const QEMU_HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

/// The global IPv6 address that the machine forms from its MAC.
pub(super) fn global(vm: &Vm) -> String {
    let own = vm.mac.octets();
    format!(
        "2a02:8071:5ad0:1c00:{:x}{:02x}:{:x}ff:fe{:02x}:{:x}",
        own[0] ^ 2,
        own[1],
        own[2],
        own[3],
        u16::from(own[4]) << 8 | u16::from(own[5])
    )
}

fn table(text: &mut String, vm: &Vm, v4: Option<Ipv4Addr>, v6: Option<&str>) {
    let stamp = "[    8.120331] cloud-init[387]: ci-info:";
    writeln!(text, "{stamp} | Device | Up | Address | Mask | Scope | Hw-Address |\r").ok();
    let mut row = |device: &str, address: &str, mask: &str, scope: &str, mac: &str| {
        let cells = format!("{device} | True | {address} | {mask} | {scope} | {mac}");
        writeln!(text, "{stamp} | {cells} |\r").ok();
    };
    let mac = vm.mac.to_string();
    match (v4, v6) {
        (Some(address), _) => row(" eth0 ", &address.to_string(), "255.255.255.0", "global", &mac),
        (None, Some(address)) => row(" eth0 ", &format!("{address}/64"), ".", "global", &mac),
        (None, None) => {}
    }
    row("  lo  ", "127.0.0.1", "255.0.0.0", "host", ".");
    let head = "[    8.120000] cloud-init[387]: ci-info: +++++++++Net device info+++++++++\r\n";
    let at = text.find("[    8.120331]").unwrap_or(text.len());
    text.insert_str(at, head);
    let row = "ci-info: +--------+------+\r\n";
    text.push_str(row);
}

/// What the client says of each step.
fn client(text: &mut String, vm: &Vm, steps: &[Step]) {
    let mut line = |words: String| {
        writeln!(text, "{words}\r").ok();
    };
    match vm.client {
        Client::Udhcpc => line("udhcpc: started, v1.36.1".to_owned()),
        Client::Dhclient => line(format!("Listening on LPF/eth0/{}", vm.mac)),
        Client::Dhcpcd => line("dhcpcd-9.4.1 starting\r\neth0: carrier acquired".to_owned()),
        Client::Networkd => {
            line("[  OK  ] Started systemd-networkd.service - Network Configuration.".to_owned());
        }
    }
    for step in steps {
        let words = match (vm.client, step) {
            (Client::Udhcpc, Step::Asked) => "udhcpc: broadcasting discover".to_owned(),
            (Client::Udhcpc, Step::Offered(a, s)) => format!("udhcpc: broadcasting select for {a}, server {s}"),
            (Client::Udhcpc, Step::Bound(a, s)) => format!("udhcpc: lease of {a} obtained from {s}, lease time 86400"),
            (Client::Udhcpc, Step::Refused) => "udhcpc: received DHCP NAK".to_owned(),
            (Client::Udhcpc, Step::Declined(_)) => "udhcpc: offered address is in use (got ARP reply), declining".to_owned(),
            (Client::Udhcpc, Step::GaveUp) => "udhcpc: no lease, failing".to_owned(),
            (Client::Dhclient, Step::Asked) => "DHCPDISCOVER on eth0 to 255.255.255.255 port 67 interval 7".to_owned(),
            (Client::Dhclient, Step::Offered(a, s)) => format!("DHCPOFFER of {a} from {s}\r\nDHCPREQUEST for {a} on eth0 to 255.255.255.255 port 67"),
            (Client::Dhclient, Step::Bound(a, s)) => format!("DHCPACK of {a} from {s}\r\nbound to {a} -- renewal in 40117 seconds."),
            (Client::Dhclient, Step::Refused) => "DHCPNAK from 192.168.9.1".to_owned(),
            (Client::Dhclient, Step::Declined(a)) => format!("DHCPDECLINE of {a} on eth0 to 255.255.255.255 port 67"),
            (Client::Dhclient, Step::GaveUp) => "No DHCPOFFERS received.\r\nNo working leases in persistent database - sleeping.".to_owned(),
            (Client::Dhcpcd, Step::Asked) => "eth0: soliciting a DHCP lease".to_owned(),
            (Client::Dhcpcd, Step::Offered(a, s)) => format!("eth0: offered {a} from {s}"),
            (Client::Dhcpcd, Step::Bound(a, _)) => format!("eth0: leased {a} for 86400 seconds"),
            (Client::Dhcpcd, Step::Refused) => "eth0: NAK: from 192.168.9.1".to_owned(),
            (Client::Dhcpcd, Step::Declined(a)) => format!("eth0: DAD detected {a}"),
            (Client::Dhcpcd, Step::GaveUp) => {
                let own = vm.mac.octets();
                format!("eth0: probing for an IPv4LL address\r\neth0: using IPv4LL address 169.254.{}.{}", own[3], own[4] | 1)
            }
            (Client::Networkd, Step::Bound(a, s)) => format!("[   12.201117] systemd-networkd[312]: eth0: DHCPv4 address {a}/24, gateway {s} acquired from {s}"),
            (Client::Networkd, Step::GaveUp) => "[FAILED] Failed to start systemd-networkd-wait-online.service - Wait for Network to be Configured.".to_owned(),
            (Client::Networkd, _) => continue,
        };
        line(words);
    }
}
