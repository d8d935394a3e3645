//! What asking an address gives: ARP requests where vmkit may send them, SSH, an echo.

use std::net::IpAddr;

use vmkit_types::{Kind, Mac, NetworkMode, Observation, attribute};

use super::{
    collector::Collector,
    neighbours::{Entry, resolved},
};
use crate::{
    random::Random,
    world::{Port, Responder, World},
};

/// Chance that a busy network loses an exchange for good.
const LOST: f64 = 0.005;
/// Chance that the key exchange does not end before the deadline of the probe.
const KEY_MISSED: f64 = 0.05;
/// Chance that a connection to nobody fails at once, and not by the deadline of the probe, which
/// comes before the kernel's own: where the kernel has given up on the address just before.
const REFUSED_BY_KERNEL: f64 = 0.2;

/// Asks one candidate of one machine.
pub(super) fn confirm(
    world: &World,
    vm: usize,
    address: IpAddr,
    table: &[Entry],
    random: &mut Random,
    collector: &mut Collector,
) {
    let responders = world.responders(address);

    let reached = resolved(address, table, &responders).filter(|_| !random.chance(LOST));
    for fact in ssh(world, vm, reached, random) {
        collector.confirmed("ssh", fact.at(address));
    }
    if random.chance(0.8) {
        let echoes = reached.is_some_and(|responder| responder.echoes);
        let kind = if echoes { Kind::IcmpReply } else { Kind::IcmpSilent };
        collector.confirmed("icmp", Observation::new(vm, kind, "an echo").at(address));
    }
}

/// Sends ARP requests for one candidate. Every MAC that answers is heard, unless all is lost.
pub(super) fn ask_arp(
    world: &World,
    vm: usize,
    address: IpAddr,
    random: &mut Random,
    collector: &mut Collector,
) {
    let machine = &world.machines[vm];
    if !(machine.mac_known && address.is_ipv4()) {
        return;
    }
    let on = world.site.interface(if world.site.on_lan(address) {
        NetworkMode::Bridged
    } else {
        NetworkMode::Shared
    });
    let responders = world.responders(address);
    let heard = responders.iter().filter(|_| !random.chance(LOST));
    let mut heard: Vec<Mac> = heard.map(|responder| responder.mac).collect();
    heard.sort_unstable();
    heard.dedup();
    let own = heard.contains(&machine.mac);
    let fact = |code: &str| {
        let fact = Observation::new(vm, Kind::from_code(code), "asked just now");
        fact.at(address).with(attribute::INTERFACE, on)
    };
    if heard.is_empty() {
        collector.confirmed("arp-probe", fact("arp-silent"));
    }
    for mac in heard {
        let code = match (mac == machine.mac, own) {
            (true, _) => "arp-reply",
            (false, true) => "arp-duplicate",
            (false, false) => "neighbour-other-mac",
        };
        collector.confirmed("arp-probe", fact(code).on_mac(mac));
    }
}

fn ssh(
    world: &World,
    vm: usize,
    reached: Option<Responder>,
    random: &mut Random,
) -> Vec<Observation> {
    let fact = |kind| vec![Observation::new(vm, kind, "port 22")];
    let Some(responder) = reached else {
        let at_once = random.chance(REFUSED_BY_KERNEL);
        return fact(if at_once { Kind::SshUnreachable } else { Kind::SshTimeout });
    };
    match responder.ssh {
        Port::Open => {
            let mut facts = fact(Kind::SshReady);
            let key = host_key(world, vm, responder, random);
            facts.extend(key.into_iter().flat_map(|code| fact(Kind::from_code(code))));
            facts
        }
        Port::Refused => fact(Kind::SshRefused),
        Port::Other => fact(Kind::SshNoBanner),
        Port::Filtered => {
            // Some firewalls reject with "host prohibited" instead of dropping.
            let rejects = random.chance(0.15);
            fact(if rejects { Kind::SshUnreachable } else { Kind::SshTimeout })
        }
    }
}

/// What the host key tells, where the exchange comes to it.
fn host_key(
    world: &World,
    vm: usize,
    responder: Responder,
    random: &mut Random,
) -> Option<&'static str> {
    if random.chance(KEY_MISSED) {
        return None;
    }
    Some(match world.machines[vm].recorded_key {
        None => "ssh-new-host-key",
        recorded if recorded == responder.key => "ssh-host-key",
        Some(_) => "ssh-other-host-key",
    })
}
