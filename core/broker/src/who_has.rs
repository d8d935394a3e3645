//! Asks by ARP who has addresses. The broker makes the requests itself, so that no other frame can
//! leave, and looks up by itself which networks the interfaces are on.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use vmkit_proxy::arp::{ArpError, Asker, Link};
use vmkit_rights::{CountArpRequest, Refusal, Reply, WhoHasRequest};
use vmkit_types::{ArpAnswer, ArpOutcome, Attributes, Interface, Unread};

use crate::interface;

/// Longest time that one request may take: more than a call of a plugin has.
const LONGEST: Duration = Duration::from_mins(1);
/// Longest time of a count: twice what all of its requests take.
const LONGEST_COUNT: Duration = Duration::from_secs(3);
/// Most interfaces of one request: more than machines are attached to.
const MOST_INTERFACES: usize = 64;

/// The sockets for ARP. One request at a time has them, which limits the rate of all together.
#[derive(Debug, Default)]
pub(crate) struct Links(Mutex<Asker>);

impl Links {
    /// What came of asking for each address.
    pub(crate) fn who_has(&self, wanted: &WhoHasRequest) -> Result<Vec<Attributes>, Refusal> {
        let deadline = Instant::now() + Duration::from_millis(wanted.patience_ms).min(LONGEST);
        if wanted.asked.len() > MOST_INTERFACES {
            return Err(Refusal::denied(format!("more than {MOST_INTERFACES} interfaces")));
        }
        let (mut on_links, mut answers) = (Vec::new(), Vec::new());
        for (name, addresses) in &wanted.asked {
            let links = links(interface::attachable(name)?);
            let (on, off) = by_link(name, &links, addresses);
            on_links.extend(on);
            answers.extend(off);
        }
        let mut asker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.extend(asker.who_has(&on_links, deadline).map_err(|error| refused(&error))?);
        Ok(answers.iter().map(ArpAnswer::attributes).collect())
    }

    /// How many requests for the address are answered.
    pub(crate) fn count(&self, wanted: &CountArpRequest) -> Result<Reply, Refusal> {
        let (name, address) = (&wanted.interface, wanted.address);
        let links = links(interface::attachable(name)?);
        let holding = links.iter().filter(|link| link.holds(address));
        let nobody = || Refusal::denied(format!("{address} is no other host's at {name}"));
        let link = holding.max_by_key(|link| link.length).ok_or_else(nobody)?;
        let mut asker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let deadline = Instant::now() + LONGEST_COUNT;
        let counted = asker
            .count(link, address, wanted.requests, deadline)
            .map_err(|error| refused(&error))?;
        let count = counted.ok_or_else(nobody)?;
        Ok(Reply::Counted { asked: count.asked, answered: count.answered })
    }
}

fn refused(error: &ArpError) -> Refusal {
    match error {
        ArpError::Denied(_) => Refusal::denied(error.to_string()),
        ArpError::Wait(why) => Refusal::failed(format!("{error}: {why}")),
    }
}

/// The networks that the interface is on.
fn links(interface: Interface) -> Vec<Link> {
    let Interface { name, mac, addresses, .. } = interface;
    let of_prefix = |prefix: vmkit_types::Prefix| match (prefix.address, mac) {
        (IpAddr::V4(address), Some(mac)) => {
            Some(Link { interface: name.clone(), mac, address, length: prefix.length })
        }
        _ => None,
    };
    addresses.into_iter().filter_map(of_prefix).collect()
}

/// The addresses by the smallest network that holds them, and answers for those that none holds.
fn by_link(
    name: &str,
    links: &[Link],
    addresses: &[Ipv4Addr],
) -> (Vec<(Link, Vec<Ipv4Addr>)>, Vec<ArpAnswer>) {
    let mut on: Vec<(Link, Vec<Ipv4Addr>)> = Vec::new();
    let mut off = Vec::new();
    for &address in addresses {
        let holding = links.iter().filter(|link| link.holds(address));
        match holding.max_by_key(|link| link.length) {
            None => {
                let why = Unread::Failed(format!("{address} is in no network of {name}"));
                let outcome = ArpOutcome::Unread(why);
                let interface = Some(name.to_owned());
                off.push(ArpAnswer { address, interface, outcome, failure: None });
            }
            Some(link) => match on.iter_mut().find(|(known, _)| known == link) {
                Some((_, addresses)) => addresses.push(address),
                None => on.push((link.clone(), vec![address])),
            },
        }
    }
    (on, off)
}

#[cfg(test)]
mod tests {
    use vmkit_types::{InterfaceKind, Mac, Prefix};

    use super::*;

    #[test]
    fn asks_in_the_smallest_network_of_the_interface_and_nowhere_else() {
        let prefix = |address: [u8; 4], length| Prefix { address: address.into(), length };
        let links = links(Interface {
            name: "br0".to_owned(),
            mac: Some(Mac::new([2, 0, 0, 0, 0, 1])),
            addresses: vec![
                prefix([10, 0, 0, 1], 8),
                prefix([10, 0, 7, 1], 24),
                Prefix { address: "fe80::1".parse().unwrap(), length: 64 },
            ],
            kind: InterfaceKind::Bridge,
            up: true,
            bridge: None,
        });
        let asked = [[10, 0, 7, 5], [10, 1, 1, 1], [8, 8, 8, 8]].map(Ipv4Addr::from);
        let (on, off) = by_link("br0", &links, &asked);
        let on: Vec<_> = on.iter().map(|(link, asked)| (link.length, asked.as_slice())).collect();
        assert_eq!(on, [(24, &asked[..1]), (8, &asked[1..2])]);
        let off: Vec<_> = off.iter().map(|answer| answer.address).collect();
        assert_eq!(off, asked[2..]);
    }
}
