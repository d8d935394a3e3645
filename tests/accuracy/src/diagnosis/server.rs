//! The DHCP servers of a drawn network, and what they answer.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

use super::{
    frames::{BROADCAST, Dhcp},
    site::{Site, Vm},
};

/// One DHCP server.
#[derive(Clone, Copy)]
pub(super) struct Server {
    pub(super) address: Ipv4Addr,
    pub(super) mac: Mac,
    pub(super) gives: Ipv4Addr,
    pub(super) router: Ipv4Addr,
}

/// The servers that receive the VM's request and answer.
pub(super) fn servers(site: &Site, vm: &Vm) -> Vec<Server> {
    let deaf = [
        "dhcp-pool-exhausted",
        "host-dhcp-server-down",
        "virtual-network-not-started",
        "host-firewall-blocks-dhcp-server",
        "router-drops-foreign-chaddr",
        "router-blocks-vm-mac",
        "wifi-foreign-mac-dropped",
        "host-uplink-down",
        "host-wrong-uplink",
        "wired-foreign-mac-dropped",
        "other-vlan-tagged",
    ];
    let shared_without_address = site.shared && site.has("host-no-bridge-address");
    let nobody_serves =
        shared_without_address || site.has_any(&["dhcp-no-server", "wifi-private-address-changed"]);
    if nobody_serves || vm.ails && site.has_any(&deaf) {
        return Vec::new();
    }
    let (mut gives, mut router) = (vm.address, site.gateway);
    if site.has("dhcp-wrong-subnet") && vm.ails {
        (gives, router) = (Ipv4Addr::new(10, 50, 7, 33), Ipv4Addr::new(10, 50, 7, 1));
    }
    if site.has("dhcp-bad-gateway") {
        router = Ipv4Addr::new(10, 99, 0, 1);
    }
    if site.has("dhcp-gives-host-address") && vm.ails {
        gives = site.host;
    }
    if site.has_any(&["guest-duplicate-client-id", "dhcp-gives-address-twice"]) {
        gives = site.vms[0].address;
    }
    let first = Server { address: site.gateway, mac: site.gateway_mac, gives, router };
    let mut servers =
        vec![if site.shared { Server { mac: site.bridge_mac, ..first } } else { first }];
    let second_mac = Mac::new([0x00, 0x1e, 0x42, 0x10, 0x20, 0x30]);
    if site.has("dhcp-rogue-server") {
        let address = site.at(3);
        servers.push(Server { address, mac: second_mac, gives: site.at(222), router: address });
    }
    if site.has("dhcp-nak-loop") {
        let address = Ipv4Addr::new(192, 168, 9, 1);
        let gives = Ipv4Addr::new(192, 168, 9, 77);
        servers.push(Server { address, mac: second_mac, gives, router: address });
    }
    servers
}

/// A server's answer to this message of a VM.
pub(super) fn reply(to: &Dhcp, kind: u8, server: Server, site: &Site) -> Dhcp {
    let broadcast = to.flags & BROADCAST != 0 || site.translates();
    let mask = match site.age % 2 {
        _ if !site.has("dhcp-wrong-mask") => Ipv4Addr::new(255, 255, 255, 0),
        0 => Ipv4Addr::new(255, 255, 255, 128),
        _ => Ipv4Addr::new(255, 255, 0, 0),
    };
    let lease = match site.age % 20 {
        _ if site.has_lease_of_zero() => 0,
        more if site.has("dhcp-short-lease") => 10 + u32::try_from(more).unwrap_or(0),
        _ => 86_400,
    };
    Dhcp {
        kind,
        source: server.mac,
        destination: if broadcast { Mac::new([0xff; 6]) } else { to.chaddr },
        from: server.address,
        to: if broadcast { Ipv4Addr::BROADCAST } else { server.gives },
        flags: to.flags | if site.translates() { BROADCAST } else { 0 },
        ciaddr: Ipv4Addr::UNSPECIFIED,
        yiaddr: server.gives,
        client_id: None,
        hostname: None,
        requested: None,
        server: Some(server.address),
        terms: Some((mask, server.router, lease)),
        mtu: site.has("dhcp-small-mtu").then_some(576),
        portal: site.has("captive-portal").then_some("https://login.guest.example/api"),
        ..to.clone()
    }
}
