//! Simulates a VM's DHCP: frames pass port, bridge, uplink, air and router, and faults act where they
//! do in reality.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

use super::{
    frames::{
        ACK, BROADCAST, DECLINE, DISCOVER, Dhcp, NAK, OFFER, RELEASE, REQUEST, arp,
        router_solicitation,
    },
    server::{Server, reply, servers},
    site::{Client, Loss, Site, Vm},
};

const NOBODY: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
const ALL: Mac = Mac::new([0xff; 6]);
/// How long a bridge with a forward delay of 15 s forwards nothing.
const FORWARD_DELAY_MS: u64 = 30_000;
/// How late the OFFERs of a slow server come: after every client has stopped waiting for them.
const LATE_MS: u64 = 19_000;

/// A step of the guest's DHCP client, for its console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Asked,
    Offered(Ipv4Addr, Ipv4Addr),
    Bound(Ipv4Addr, Ipv4Addr),
    Refused,
    Declined(Ipv4Addr),
    GaveUp,
}

/// The frames and the result.
#[derive(Default)]
pub(super) struct Played {
    pub(super) guest: Vec<(u64, Vec<u8>)>,
    pub(super) uplink: Vec<(u64, Vec<u8>)>,
    pub(super) steps: Vec<Step>,
    pub(super) bound: Option<Ipv4Addr>,
}

/// Seconds between a client's unanswered requests.
fn rhythm(client: Client) -> &'static [u64] {
    match client {
        Client::Udhcpc => &[3, 3, 4],
        Client::Dhclient => &[4, 7, 11],
        Client::Dhcpcd => &[4, 8, 9],
        Client::Networkd => &[2, 4, 8, 9],
    }
}

/// Lets the VM ask from `from` for `window` milliseconds, or until it has an address.
pub(super) fn play(site: &mut Site, vm: &Vm, from: u64, window: u64) -> Played {
    let mut played = Played::default();
    if !sends(site, vm) {
        return played;
    }
    let mut at = from;
    played.guest.push((at, router_solicitation(vm.mac)));
    if site.has("guest-static-wrong-subnet") && vm.ails {
        let own = Ipv4Addr::new(10, 211, 55, 9);
        for second in 0..window / 4000 {
            let frame =
                arp(1, (vm.mac, own), (Mac::new([0; 6]), Ipv4Addr::new(10, 211, 55, 1)), ALL);
            played.guest.push((from + second * 4000, frame));
        }
        return played;
    }
    if vm.ails && site.has_any(&["guest-no-dhcp-client", "guest-ipv6-only"]) {
        for second in 1..=window / 4000 {
            played.guest.push((from + second * 4000, router_solicitation(vm.mac)));
        }
        return played;
    }
    let mut xid = u32::try_from(site.random.within(1..=u64::from(u32::MAX))).unwrap_or(7);
    let mut pause = rhythm(vm.client).iter().cycle();
    while at < from + window && played.bound.is_none() {
        let before = played.steps.len();
        at = ask(site, vm, at, xid, &mut played);
        if played.bound.is_some() {
            break;
        }
        if played.steps.len() == before + 1 {
            at += pause.next().copied().unwrap_or(4) * 1000 + site.random.within(0..=300);
        } else {
            xid = xid.wrapping_add(0x0101_0101);
            at += 2000 + site.random.within(0..=1500);
        }
    }
    if played.bound.is_none() {
        played.steps.push(Step::GaveUp);
    }
    for frames in [&mut played.guest, &mut played.uplink] {
        // Late answers may not have come yet.
        frames.retain(|(at, _)| *at <= site.now);
        frames.sort_by_key(|(at, _)| *at);
    }
    played
}

/// Whether the VM's frames reach its port.
fn sends(site: &Site, vm: &Vm) -> bool {
    let silent = [
        "guest-not-booted",
        "guest-no-nic",
        "guest-link-down",
        "vm-not-running",
        "vm-paused",
        "vm-user-network",
    ];
    !(vm.ails && site.has_any(&silent))
}

/// Where a frame comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    FromVm,
    ToVm,
}

/// Whether a frame crosses the bridge between the port and the uplink.
fn crosses(site: &mut Site, vm: &Vm, at: u64, direction: Direction) -> bool {
    let shut = [
        "host-port-not-bridged",
        "host-bridge-without-uplink",
        "host-bridge-port-blocked",
        "host-wifi-cannot-bridge",
        "host-firewall-drops-bridged",
        "other-mac-bridge-stuck",
    ];
    if vm.ails && site.has_any(&shut) {
        return false;
    }
    let started = site.now - site.age * 1000;
    if site.has("host-bridge-forward-delay") && at < started + FORWARD_DELAY_MS {
        return false;
    }
    match site.loss {
        Some(Loss::InHost { by_rule: true, .. }) if direction == Direction::FromVm => true,
        Some(Loss::InHost { percent, .. }) => !site.random.chance(f64::from(percent) / 100.0),
        Some(Loss::Beyond { .. }) | None => true,
    }
}

/// Whether a frame is lost beyond the uplink.
fn lost_beyond(site: &mut Site) -> bool {
    let Some(Loss::Beyond { percent }) = site.loss else { return false };
    site.random.chance(f64::from(percent) / 100.0)
}

/// One DISCOVER and what follows. Returns the time afterwards.
fn ask(site: &mut Site, vm: &Vm, at: u64, xid: u32, played: &mut Played) -> u64 {
    let discover = discover(vm, xid);
    played.steps.push(Step::Asked);
    if !up(site, vm, at, &discover, played) {
        return at;
    }
    let mut taken = None;
    let answers = servers(site, vm);
    for (place, server) in answers.iter().enumerate() {
        let offer = reply(&discover, OFFER, *server, site);
        let late = site.has("other-late-offers");
        let when = at + 4 + place as u64 * 11 + if late { LATE_MS } else { 0 };
        if down(site, vm, when, &offer, played) && taken.is_none() && !late {
            taken = Some(*server);
        }
    }
    let Some(server) = taken else { return at };
    played.steps.push(Step::Offered(server.gives, server.address));
    if vm.ails && site.has_any(&["guest-discards-offer", "host-checksum-offload"]) {
        return at + 20;
    }
    let request = Dhcp {
        kind: REQUEST,
        requested: Some(server.gives),
        server: Some(server.address),
        ..discover
    };
    let when = at + 30;
    if !up(site, vm, when, &request, played) {
        return when;
    }
    if let Some(other) =
        answers.iter().find(|s| site.has("dhcp-nak-loop") && s.gives != server.gives)
    {
        // An authoritative server refuses addresses of other networks.
        let nak = Dhcp {
            yiaddr: NOBODY,
            terms: None,
            destination: ALL,
            to: Ipv4Addr::BROADCAST,
            ..reply(&request, NAK, *other, site)
        };
        if down(site, vm, when + 2, &nak, played) {
            played.steps.push(Step::Refused);
            return when;
        }
    }
    let ack = reply(&request, ACK, server, site);
    if !down(site, vm, when + 6, &ack, played) {
        return when;
    }
    if vm.ails && site.has("other-ack-ignored") {
        return when;
    }
    if vm.ails && site.has("other-released-at-once") {
        return release(site, vm, when + 40, server, request, played);
    }
    settle(site, vm, when + 10, server, &request, played)
}

/// Gives the lease back. Returns the time afterwards.
fn release(
    site: &mut Site,
    vm: &Vm,
    at: u64,
    server: Server,
    request: Dhcp,
    played: &mut Played,
) -> u64 {
    let release = Dhcp {
        kind: RELEASE,
        ciaddr: server.gives,
        from: server.gives,
        to: server.address,
        destination: server.mac,
        requested: None,
        ..request
    };
    up(site, vm, at, &release, played);
    at
}

fn discover(vm: &Vm, xid: u32) -> Dhcp {
    let flags = if vm.wants_broadcast { BROADCAST } else { 0 };
    Dhcp {
        kind: DISCOVER,
        xid,
        flags,
        source: vm.mac,
        destination: ALL,
        from: NOBODY,
        to: Ipv4Addr::BROADCAST,
        chaddr: vm.mac,
        ciaddr: NOBODY,
        yiaddr: NOBODY,
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

/// After the ACK the VM checks that the address is free, and uses it.
fn settle(
    site: &mut Site,
    vm: &Vm,
    at: u64,
    server: Server,
    request: &Dhcp,
    played: &mut Played,
) -> u64 {
    let (own, none) = (server.gives, Mac::new([0; 6]));
    let probe = arp(1, (vm.mac, NOBODY), (none, own), ALL);
    played.guest.push((at, probe.clone()));
    played.uplink.push((at, probe));
    if vm.ails && site.has("address-conflict") {
        let other = Mac::new([0xb8, 0x27, 0xeb, 0x41, 0x52, 0x63]);
        let answer = arp(2, (other, own), (vm.mac, NOBODY), vm.mac);
        played.uplink.push((at + 1, answer.clone()));
        played.guest.push((at + 1, answer));
        let decline = Dhcp { kind: DECLINE, ..request.clone() };
        up(site, vm, at + 20, &decline, played);
        played.steps.push(Step::Declined(own));
        return at + 8000;
    }
    if vm.ails && site.has_lease_of_zero() {
        played.steps.push(Step::Offered(own, server.address));
        return at;
    }
    if !(vm.ails && site.has_any(&["other-lease-not-applied", "arp-filtered"])) {
        played.guest.push((at + 5, arp(1, (vm.mac, own), (none, own), ALL)));
        let source = if site.translates() { site.host_mac } else { vm.mac };
        played.uplink.push((at + 5, arp(1, (source, own), (none, own), ALL)));
        played.guest.push((at + 9, arp(1, (vm.mac, own), (none, server.router), ALL)));
        let back = arp(2, (server.mac, server.router), (vm.mac, own), vm.mac);
        if !site.has("dhcp-bad-gateway") {
            played.guest.push((at + 10, back));
        }
    }
    played.steps.push(Step::Bound(own, server.address));
    played.bound = Some(own);
    at
}

/// Sends a message of the VM. Whether it reached the servers' network.
fn up(site: &mut Site, vm: &Vm, at: u64, message: &Dhcp, played: &mut Played) -> bool {
    let mut frame = message.frame();
    let tagged = vm.ails && site.has("other-vlan-tagged");
    if tagged {
        frame.splice(12..12, [0x81, 0x00, 0x00, 0x2a]);
    }
    played.guest.push((at, frame));
    let requests_dropped = vm.ails && site.has("dhcp-requests-blocked");
    if !crosses(site, vm, at, Direction::FromVm) || requests_dropped {
        return false;
    }
    // An uplink that is down sends no frame.
    if site.has("host-uplink-down") {
        return false;
    }
    let mut leaving = message.clone();
    if site.translates() {
        leaving.source = site.host_mac;
        leaving.flags |= BROADCAST;
    }
    let mut frame = leaving.frame();
    if tagged {
        frame.splice(12..12, [0x81, 0x00, 0x00, 0x2a]);
    }
    played.uplink.push((at, frame));
    !lost_beyond(site)
}

/// Sends a server's message. Whether the VM receives it.
fn down(site: &mut Site, vm: &Vm, at: u64, message: &Dhcp, played: &mut Played) -> bool {
    let mut message = message.clone();
    let by_broadcast = message.destination.is_broadcast();
    // Lost before the uplink, so no capture contains it.
    if lost_beyond(site) || vm.ails && by_broadcast && site.has("dhcp-broadcast-filtered") {
        return false;
    }
    if vm.ails && site.has("wifi-unicast-offer-lost") {
        message.destination = site.host_mac;
        message.to = message.yiaddr;
    }
    played.uplink.push((at, message.frame()));
    let lost = site.has("dhcp-replies-blocked")
        || site.has("wifi-unicast-offer-lost")
        || site.has("dhcp-ack-lost") && message.kind == ACK;
    if vm.ails && lost || !crosses(site, vm, at, Direction::ToVm) {
        return false;
    }
    message.checksum_wrong = vm.ails && site.has("host-checksum-offload");
    played.guest.push((at + 1, message.frame()));
    true
}
