//! Hosts that are no machines, at the machines' addresses.

use std::process::Command;

use vmkit_lab::{GuestKind, GuestPlan, Lab, Namespace, PATIENCE, Process, run, wait_until};

use crate::{
    ADDRESS, NEXT_ADDRESS, healthy, inside, keep_neighbours,
    scenario::{DOUBTFUL, Expected, RESOLVED, Scenario},
    stranger, web,
};

const DUPLICATE: Scenario = Scenario {
    name: "duplicate-ip",
    title: "another host took the guest's address and announced it",
    why: "the address is the machine's, but a connection may end at the other host",
    machines: &[Expected {
        knowable: false,
        verdict: DOUBTFUL,
        flags: &[("192.168.77.50", &["duplicate-ip"])],
        notes: &["is also answered for by 3c:00:00:00:00:09"],
        ..RESOLVED
    }],
};

#[test]
fn doubts_an_address_that_another_host_took() {
    let Some((lab, _guest)) = healthy("duplicate-ip", &web()) else { return };
    let other = stranger(&lab, ADDRESS);
    let address = ADDRESS.to_string();
    let announce = ["arping", "-U", "-c", "1", "-I", "eth0", &address];
    run(other.command("busybox").args(announce)).expect("an announcement");
    keep_neighbours(&lab);
    DUPLICATE.check(&lab);
}

const TAKEN: Scenario = Scenario {
    name: "old-address-taken",
    title: "the guest has moved on, unheard of; another host lives at its old address",
    why: "the ARP table and who answers say that the old address is somebody else's",
    machines: &[Expected {
        truth: &["192.168.77.60"],
        knowable: false,
        verdict: "no-address",
        ip: None,
        flags: &[("192.168.77.50", &["mac-mismatch"])],
        says: &[("192.168.77.50", "with 3c:00:00:00:00:09 on br0, not a listed VM's MAC")],
        ..RESOLVED
    }],
};

#[test]
fn does_not_take_another_host_for_the_vm() {
    let Some((lab, mut guest)) = healthy("taken", &web()) else { return };
    guest.end_dhcp();
    inside(&guest).ip("address flush dev eth0").expect("no address");
    inside(&guest).ip(&format!("address add {NEXT_ADDRESS}/24 dev eth0")).expect("an address");
    let _other = stranger(&lab, ADDRESS);
    crate::forget_neighbours(&lab);
    lab.greet(ADDRESS).expect("an answer of the other host");
    guest.wait_for_age(crate::SETTLED).expect("a machine that is up");
    TAKEN.check(&lab);
}

const TAKEN_WITH_SSH: Scenario = Scenario {
    name: "old-address-taken-ssh",
    title: "the guest has moved on, unheard of; at its old address another host serves SSH",
    why: "that SSH answers says nothing of who does, and the MAC is somebody else's",
    machines: &[Expected {
        says: &[("192.168.77.50", "SSH-2.0-OpenSSH"), ("192.168.77.50", "with 3c:00:00:00:00:09")],
        ..TAKEN.machines[0]
    }],
};

/// OpenSSH's server in this namespace, with a new key of its own.
fn ssh_server(lab: &Lab, host: &Namespace) -> Process {
    let key = lab.folder().join("host-key");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))
        .expect("a key");
    // It wants its folder of Debian's package, which only the package's service makes.
    let script = format!(
        "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f /dev/null -o PidFile=none -h {}",
        key.display()
    );
    let mut server = host.command("sh");
    Process::start(server.args(["-c", &script]), &lab.folder().join("sshd.log")).expect("a server")
}

#[test]
fn does_not_take_another_ssh_server_for_the_vms() {
    let Some((lab, mut guest)) = healthy("taken-ssh", &web()) else { return };
    guest.end_dhcp();
    inside(&guest).ip("address flush dev eth0").expect("no address");
    inside(&guest).ip(&format!("address add {NEXT_ADDRESS}/24 dev eth0")).expect("an address");
    let other = stranger(&lab, ADDRESS);
    let _server = ssh_server(&lab, &other);
    guest.wait_for_age(crate::SETTLED).expect("a machine that is up");
    crate::forget_neighbours(&lab);
    wait_until(PATIENCE, "a banner of the other host", || {
        Ok(lab.status("web")?.to_string().contains("SSH-2.0-OpenSSH"))
    })
    .expect("an SSH server");
    TAKEN_WITH_SSH.check(&lab);
}

const PROXY_ARP: Scenario = Scenario {
    name: "proxy-arp",
    title: "the router answers ARP for the guests and forwards to them",
    why: "one MAC for many addresses says nothing of any; the guests' own words remain, which are \
          probable at most",
    machines: &[
        Expected {
            verdict: "probable",
            flags: &[("192.168.77.50", &["guest-claim-only"])],
            says: &[("192.168.77.50", "answers for several addresses")],
            ..RESOLVED
        },
        Expected {
            name: "db",
            truth: &["192.168.77.60"],
            verdict: "probable",
            ip: Some("192.168.77.60"),
            flags: &[("192.168.77.60", &["guest-claim-only"])],
            ..RESOLVED
        },
    ],
};

#[test]
fn a_router_with_proxy_arp_refutes_no_address() {
    let Some((mut lab, web)) = healthy("proxy-arp", &web()) else { return };
    let plan = GuestPlan::new("db", GuestKind::Namespace);
    let db = lab.start_at(&plan, NEXT_ADDRESS).expect("a guest with a lease");
    let router = lab.router_host();
    router.set("ipv4.ip_forward", "1").expect("a router that forwards");
    router.set("ipv4.conf.rt0.proxy_arp_pvlan", "1").expect("proxy ARP");
    router.set("ipv4.neigh.rt0.proxy_delay", "0").expect("no delay");
    router.set("ipv4.conf.rt0.send_redirects", "0").expect("no redirects");
    for (guest, address) in [(&web, ADDRESS), (&db, NEXT_ADDRESS)] {
        let entry = format!("neigh replace {address} lladdr {} dev rt0", guest.mac());
        router.ip(&entry).expect("a way to the guest");
    }
    // The access point keeps the guests' own answers from the host.
    let filter = "add table bridge proxy; \
                  add chain bridge proxy guests { type filter hook input priority 0; }; \
                  add rule bridge proxy guests iifname { tap1, tap2 } ether type arp drop";
    run(lab.host().command("nft").arg(filter)).expect("a filter");
    crate::forget_neighbours(&lab);
    lab.greet(ADDRESS).expect("an answer by the router");
    lab.greet(NEXT_ADDRESS).expect("an answer by the router");
    PROXY_ARP.check(&lab);
}
