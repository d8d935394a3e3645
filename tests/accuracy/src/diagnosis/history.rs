//! What happened before a snapshot: the VMs' exchanges, and the other traffic of the network.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

use super::{
    exchange::{Played, play},
    frames::{ACK, DISCOVER, Dhcp, REQUEST, arp},
    site::{Site, System, Vm},
};

/// The VM's whole history, and a capture of the last seconds.
pub(super) fn life(site: &mut Site, vm: &Vm, watched: bool) -> (Played, Played) {
    let start = site.now - site.age * 1000;
    let boot = start + 3000;
    let until = site.now.saturating_sub(boot + 800);
    let mut first = play(site, vm, boot, until.min(40_000));
    if watched || site.age < 60 {
        let window = Played {
            guest: first.guest.clone(),
            uplink: first.uplink.clone(),
            ..Played::default()
        };
        return (first, window);
    }
    let from = site.now - 21_000;
    let Some(own) = first.bound else {
        let window = play(site, vm, from, 20_000);
        first.steps.extend(&window.steps);
        first.bound = window.bound;
        return (first, window);
    };
    (first, quiet(site, vm, own))
}

/// A VM with an address, which sometimes asks for the gateway by ARP.
fn quiet(site: &mut Site, vm: &Vm, own: Ipv4Addr) -> Played {
    let mut window = Played::default();
    if vm.ails && site.has("other-guest-hung") {
        return window;
    }
    let gateway = site.gateway;
    let none = Mac::new([0; 6]);
    for second in [17_u64, 9, 2] {
        let at = site.now - second * 1000;
        let frame = arp(1, (vm.mac, own), (none, gateway), Mac::new([0xff; 6]));
        window.guest.push((at, frame));
        let source = if site.translates() { site.host_mac } else { vm.mac };
        window.uplink.push((at, arp(1, (source, own), (none, gateway), Mac::new([0xff; 6]))));
    }
    if site.has("dhcp-renewal-failing") && vm.ails {
        // An unanswered client asks again after at least a minute (RFC 2131, 4.4.5).
        for second in [190_u64, 127, 64, 1] {
            let renewal = message(site, vm, REQUEST, own);
            window.guest.insert(0, (site.now - second * 1000, renewal.frame()));
            let source = if site.translates() { site.host_mac } else { vm.mac };
            let frame = Dhcp { source, ..renewal }.frame();
            window.uplink.insert(0, (site.now - second * 1000, frame));
        }
        window.guest.sort_by_key(|(at, _)| *at);
    }
    window
}

fn message(site: &Site, vm: &Vm, kind: u8, own: Ipv4Addr) -> Dhcp {
    Dhcp {
        kind,
        xid: 0x7a00_0000 | u32::from(vm.mac.octets()[3]),
        flags: 0,
        source: vm.mac,
        destination: site.gateway_mac,
        from: own,
        to: site.gateway,
        chaddr: vm.mac,
        ciaddr: own,
        yiaddr: Ipv4Addr::UNSPECIFIED,
        client_id: vm.client_id.clone(),
        hostname: Some(vm.name.clone()),
        requested: None,
        server: None,
        terms: None,
        mtu: None,
        portal: None,
        checksum_wrong: false,
    }
}

/// Other traffic at the uplink: other clients and the computer itself.
pub(super) fn noise(site: &mut Site) -> Vec<(u64, Vec<u8>)> {
    let mut frames = Vec::new();
    if site.has("host-wrong-uplink") || site.random.chance(0.3) {
        return frames;
    }
    let phone = Mac::new([0xa4, 0x83, 0xe7, site.random.octet(0..=255), 4, 5]);
    let own = site.at(150);
    let at = site.now - site.random.within(2000..=18_000);
    let all = Mac::new([0xff; 6]);
    let stranger = Vm {
        name: "Johns-iPhone".to_owned(),
        mac: phone,
        client_id: None,
        ails: false,
        ..site.vms[0].clone()
    };
    let base = Dhcp {
        destination: all,
        from: Ipv4Addr::UNSPECIFIED,
        to: Ipv4Addr::BROADCAST,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        requested: Some(own),
        ..message(site, &stranger, if site.has("dhcp-no-server") { DISCOVER } else { REQUEST }, own)
    };
    frames.push((at, base.frame()));
    if !site.has("dhcp-no-server") && site.system == System::Linux {
        // On a wire, another client's ACK is visible only if the switch floods it.
        let ack = Dhcp {
            kind: ACK,
            source: site.gateway_mac,
            destination: all,
            from: site.gateway,
            yiaddr: own,
            requested: None,
            server: Some(site.gateway),
            terms: Some((Ipv4Addr::new(255, 255, 255, 0), site.gateway, 86_400)),
            ..base
        };
        frames.push((at + 3, ack.frame()));
    }
    for place in 0..site.random.within(0..=6) {
        let who = site.at(100 + u8::try_from(place).unwrap_or(0));
        let frame = arp(
            1,
            (Mac::new([0xf0, 0x18, 0x98, 1, 2, who.octets()[3]]), who),
            (Mac::new([0; 6]), site.gateway),
            all,
        );
        frames.push((at + place * 310, frame));
    }
    frames
}
