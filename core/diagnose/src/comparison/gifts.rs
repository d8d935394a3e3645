//! Addresses that servers acknowledge or have written down, and for how long.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use vmkit_dhcp::{Message, MessageKind, Traffic};
use vmkit_model::Evidence;
use vmkit_types::{Kind, Mac};

use super::holders::Holders;
use crate::Machine;

/// A lease that both clients had at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecondGift {
    pub(crate) address: Ipv4Addr,
    /// The other client.
    pub(crate) other: String,
    /// The servers of both; `None`: a message named none.
    pub(crate) servers: [Option<Ipv4Addr>; 2],
}

/// One address of one client.
#[derive(Clone, Debug)]
struct Gift {
    address: Ipv4Addr,
    mac: Mac,
    server: Option<Ipv4Addr>,
    from: SystemTime,
    /// `None`: without end, or the server names none.
    to: Option<SystemTime>,
    /// The acknowledgement itself was captured.
    captured: bool,
}

/// All gifts by address.
#[derive(Clone, Debug, Default)]
pub(super) struct Gifts(BTreeMap<Ipv4Addr, Vec<Gift>>);

impl Gifts {
    pub(super) fn of(traffic: &[&Traffic], holders: &Holders) -> Self {
        let heard = traffic.iter().flat_map(|traffic| traffic.messages());
        let mut messages: Vec<&Message> = heard.filter(|it| holders.may_compare(it)).collect();
        messages.sort_by_key(|message| message.at);
        let mut gifts = Self::default();
        // What each client has at the time of the message.
        let mut held: BTreeMap<Mac, Gift> = BTreeMap::new();
        for message in messages {
            let ended = match message.kind {
                MessageKind::Ack => {
                    let Some(gift) = Gift::of(message) else { continue };
                    match held.get_mut(&gift.mac) {
                        // A renewal, or the same message at another point.
                        Some(old) if old.address == gift.address && old.server == gift.server => {
                            old.to = gift.to;
                            None
                        }
                        _ => held.insert(gift.mac, gift),
                    }
                }
                MessageKind::Release | MessageKind::Decline => held.remove(&message.chaddr),
                _ => None,
            };
            gifts.keep(ended.map(|gift| gift.ended(message.at)));
        }
        for gift in held.into_values() {
            gifts.keep(Some(gift));
        }
        gifts
    }

    /// Adds the leases that servers of this computer have written down and that run now.
    pub(super) fn with_leases(mut self, evidence: &[(&str, &Evidence)]) -> Self {
        for (_, item) in evidence.iter().filter(|(_, it)| it.observation.kind == Kind::LeaseCurrent)
        {
            let (Some(IpAddr::V4(address)), Some(mac)) =
                (item.observation.address, item.observation.mac)
            else {
                continue;
            };
            let from = item.received_at;
            self.keep(Some(Gift { address, mac, server: None, from, to: None, captured: false }));
        }
        self
    }

    fn keep(&mut self, gift: Option<Gift>) {
        if let Some(gift) = gift {
            self.0.entry(gift.address).or_default().push(gift);
        }
    }

    /// Whether this machine was seen to get one, and no other that may be on its link got it as well.
    pub(super) fn is_alone(&self, machine: &Machine, holders: &Holders) -> bool {
        let mut all = self.0.values().flatten();
        all.any(|gift| gift.captured && machine.macs.contains(&gift.mac))
            && self.pairs(machine, holders).all(|(_, _, share)| share == Some(false))
    }

    /// An address that another client on the machine's link has at the same time.
    pub(super) fn second(&self, machine: &Machine, holders: &Holders) -> Option<SecondGift> {
        let mut pairs = self.pairs(machine, holders);
        let (own, other, _) = pairs.find(|(_, _, share)| *share == Some(true))?;
        let (address, servers) = (own.address, [own.server, other.server]);
        Some(SecondGift { address, other: holders.of_mac(other.mac), servers })
    }

    /// Each address of the machine that another client had at the same time, and whether that client is on
    /// its link.
    fn pairs<'a>(
        &'a self,
        machine: &'a Machine,
        holders: &'a Holders,
    ) -> impl Iterator<Item = (&'a Gift, &'a Gift, Option<bool>)> {
        let own_names = holders.of_machine(machine);
        let own = |gift: &&Gift| machine.macs.contains(&gift.mac);
        let pairs = self.0.values().flat_map(move |gifts| {
            let own = gifts.iter().filter(own);
            own.flat_map(|own| gifts.iter().map(move |other| (own, other)))
        });
        pairs.filter(|(own, other)| own.overlaps(other)).filter_map(move |(own, other)| {
            let name = holders.of_mac(other.mac);
            let is_other = !own_names.contains(&name);
            is_other.then(|| (own, other, holders.share_link(&machine.name, &name)))
        })
    }
}

impl Gift {
    fn of(message: &Message) -> Option<Self> {
        let length = message.lease_s.filter(|length| *length != u32::MAX);
        let to = length
            .and_then(|length| message.at.checked_add(Duration::from_secs(u64::from(length))));
        Some(Self {
            address: message.yiaddr?,
            mac: message.chaddr,
            server: message.server,
            from: message.at,
            to,
            captured: true,
        })
    }

    fn ended(self, at: SystemTime) -> Self {
        Self { to: Some(self.to.map_or(at, |to| to.min(at))), ..self }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before_end = |from: SystemTime, to: Option<SystemTime>| to.is_none_or(|to| from < to);
        before_end(self.from, other.to) && before_end(other.from, self.to)
    }
}
