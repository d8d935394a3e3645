//! Machines without an IPv4 address of the network, and with more than one card.

use std::fs;

use vmkit_lab::{Guest, Lab, Process};

use crate::{
    ADDRESS, SETTLED, forget_neighbours, give_up_soon, healthy, inside, own_files,
    scenario::{Expected, RESOLVED, Scenario},
    web,
};

/// Replaces what the guest has said on its console since it booted.
fn console_says(guest: &Guest, lines: &str) {
    let text = format!("[    0.000000] Linux version 6.1.0-lab\n{lines}");
    fs::write(guest.console_file(), text).expect("a console");
}

/// cloud-init's table with these lines.
fn net_info(guest: &Guest, rows: &[(&str, &str, &str, &str)]) {
    let head = "ci-info: ++++++++++Net device info++++++++++\n\
                ci-info: | Device | Up | Address | Mask | Scope | Hw-Address |\n";
    let row = |(device, address, mask, mac): &(&str, &str, &str, &str)| {
        format!("ci-info: | {device} | True | {address} | {mask} | global | {mac} |\n")
    };
    let lines: String = std::iter::once(head.to_owned()).chain(rows.iter().map(row)).collect();
    console_says(guest, &lines);
}

const IPV6_ONLY: Scenario = Scenario {
    name: "ipv6-only",
    title: "the guest has IPv6 addresses only",
    why: "without any IPv4 address the pick is the IPv6 one that is not link-local",
    machines: &[Expected {
        truth: &["fd77::50"],
        ip: Some("fd77::50"),
        flags: &[],
        says: &[("fd77::50", "console")],
        ..RESOLVED
    }],
};

#[test]
fn picks_ipv6_without_ipv4() {
    let Some((lab, mut guest)) = healthy("ipv6-only", &web()) else { return };
    lab.host().set("ipv6.conf.br0.disable_ipv6", "0").expect("IPv6 on the bridge");
    lab.host().ip("-6 address add fd77::10/64 dev br0 nodad").expect("the host's address");
    guest.end_dhcp();
    inside(&guest).ip("-4 address flush dev eth0").expect("no IPv4");
    inside(&guest).ip("-6 address add fd77::50/64 dev eth0 nodad").expect("an address");
    net_info(&guest, &[("eth0", "fd77::50/64", ".", &guest.mac().to_string())]);
    guest.wait_for_age(SETTLED).expect("a machine that is up");
    give_up_soon(&lab);
    forget_neighbours(&lab);
    IPV6_ONLY.check(&lab);
}

const TWO_CARDS: Scenario = Scenario {
    name: "two-cards",
    title: "the guest has a second card on another bridge, and its console names both",
    why: "the address on the machine's own MAC and network is the one to use",
    machines: &[Expected { truth: &["192.168.77.50", "10.99.0.7"], ..RESOLVED }],
};

#[test]
fn picks_the_address_of_the_registered_card() {
    let Some((lab, guest)) = healthy("two-cards", &web()) else { return };
    second_card(&lab, &guest);
    let own = guest.mac().to_string();
    let other = "52:54:00:99:00:07";
    net_info(
        &guest,
        &[
            ("eth1", "10.99.0.7", "255.255.255.0", other),
            ("eth0", &ADDRESS.to_string(), "255.255.255.0", &own),
        ],
    );
    lab.greet([10, 99, 0, 7].into()).expect("an answer of the second card");
    TWO_CARDS.check(&lab);
}

/// A card at 10.99.0.7, on a bridge of its own.
fn second_card(lab: &Lab, guest: &Guest) {
    let host = lab.host();
    let name = inside(guest).name();
    for command in [
        "link add br1 type bridge stp_state 0 forward_delay 0",
        "address add 10.99.0.1/24 dev br1",
        &format!("link add tapb type veth peer name eth1 netns {name}"),
        "link set tapb master br1 up",
        "link set br1 up",
    ] {
        host.ip(command).expect("a second bridge");
    }
    for command in [
        "link set eth1 address 52:54:00:99:00:07",
        "address add 10.99.0.7/24 dev eth1",
        "link set eth1 up",
    ] {
        inside(guest).ip(command).expect("a second card");
    }
}

const LINK_LOCAL: Scenario = Scenario {
    name: "link-local",
    title: "nobody answers the guest's DHCP requests, and it gave itself an address",
    why: "an address of 169.254/16 leads nowhere that a user wants",
    machines: &[Expected { truth: &[], verdict: "no-address", ip: None, flags: &[], ..RESOLVED }],
};

#[test]
fn ignores_a_link_local_address() {
    let Some((mut lab, mut guest)) = healthy("link-local", &web()) else { return };
    lab.router().stop_dhcp();
    guest.end_dhcp();
    inside(&guest).ip("address flush dev eth0").expect("no address");
    console_says(&guest, "");
    let mut client = inside(&guest).command("sh");
    // With `-y` it waits for a server no longer than a second.
    client.args(["-c", &own_files(&lab, "dhcpcd -4 -B -c /bin/true -y 1 eth0")]);
    let _client = Process::start(&mut client, &guest.console_file()).expect("dhcpcd");
    guest.wait_for_console("using IPv4LL address").expect("a link-local address");
    forget_neighbours(&lab);
    LINK_LOCAL.check(&lab);
}
