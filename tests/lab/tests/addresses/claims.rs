//! What guests and names claim, and nobody else confirms.

use vmkit_lab::{GuestKind, GuestPlan, PATIENCE, wait_until};

use crate::{
    ADDRESS, NEXT_ADDRESS, SETTLED, forget_neighbours, give_up_soon, healthy, inside,
    scenario::{DOUBTFUL, Expected, RESOLVED, Scenario},
    web,
};

const CONTAINERS: Scenario = Scenario {
    name: "containers",
    title: "the guest's console and its agent name Docker's bridge beside the card",
    why: "172.17.0.1 is on another card than the machine's and on no network of the host",
    machines: &[Expected {
        says: &[("192.168.77.50", "guest-agent"), ("192.168.77.50", "console")],
        ..RESOLVED
    }],
};

#[test]
fn ignores_the_address_of_a_container_bridge() {
    let plan = GuestPlan::new("web", GuestKind::Machine).with_containers();
    let Some((lab, guest)) = healthy("containers", &plan) else { return };
    guest.wait_for_console("172.17.0.1").expect("a console that names the bridge");
    wait_until(PATIENCE, "an answer of the guest agent", || {
        Ok(lab.status("web")?.to_string().contains("agent-address"))
    })
    .expect("a guest agent");
    // Without the ARP table it is the guest's word alone.
    forget_neighbours(&lab);
    CONTAINERS.check(&lab);
}

const STALE_DNS: Scenario = Scenario {
    name: "stale-dns",
    title: "lease, name and console say the old address; the guest has moved on, unheard of",
    why: "nobody answers at the old address, and nobody has named the new one",
    machines: &[Expected {
        truth: &["192.168.77.60"],
        knowable: false,
        verdict: DOUBTFUL,
        ip: Some("192.168.77.50"),
        flags: &[],
        says: &[("192.168.77.50", "dns"), ("192.168.77.50", "nobody answers ARP")],
        ..RESOLVED
    }],
};

#[test]
fn does_not_trust_a_stale_name() {
    let Some((mut lab, mut guest)) = healthy("stale-dns", &web()) else { return };
    let resolver = lab.folder().join("resolv.conf");
    let text = format!("nameserver {}\nsearch lab\n", vmkit_lab::ROUTER_ADDRESS);
    std::fs::write(&resolver, text).expect("a list of resolvers");
    lab.mount(&resolver, "/etc/resolv.conf");
    guest.end_dhcp();
    let inside = inside(&guest);
    inside.ip("address flush dev eth0").expect("no address");
    inside.ip(&format!("address add {NEXT_ADDRESS}/24 dev eth0")).expect("another address");
    forget_neighbours(&lab);
    give_up_soon(&lab);
    assert!(guest.says_it_has(ADDRESS).expect("a console"));
    guest.wait_for_age(SETTLED).expect("a machine that is up");
    STALE_DNS.check(&lab);
}
