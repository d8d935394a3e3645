//! The packets in question and their ways.

use std::net::Ipv4Addr;

use vmkit_survey::{DhcpKind, Ends, Packet, Passage, RuleSet, Way};
use vmkit_types::Mac;

use crate::{Attachment, Facts};

/// Programs that read frames before the IP filter does.
const RAW_SERVERS: [&str; 4] = ["dhcpd", "kea-dhcp4", "systemd-network", "systemd-networkd"];
/// Ports that no service has, to see whether a rule is about a service.
const NO_SERVICE: u16 = 49_153;
/// A MAC and an address that nobody has.
const NOBODY: Mac = Mac::new([2, 0, 0, 0, 0, 0xfe]);

/// What a rule of the firewall is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Frames: the tables of bridges and of single interfaces.
    Frames,
    /// IP, which bridged frames pass too if the kernel is set so.
    Ip,
}

/// Which rules drop the machine's DISCOVER on its way through this computer's bridge. `None`: none does, or it is
/// not known.
pub(crate) fn dropping_family(facts: &Facts<'_>, attachment: &Attachment<'_>) -> Option<Family> {
    let firewall = facts.survey.firewall.as_ref().known()?;
    let asked = Asked::of(facts, attachment, &firewall.rules)?;
    let Passage::Drops { rule } = asked.discover(Some(asked.own()), attachment.shared) else {
        return None;
    };
    let of_frames = ["bridge ", "netdev "].iter().any(|family| rule.chain.starts_with(family));
    Some(if of_frames { Family::Frames } else { Family::Ip })
}

/// Whether the rule that drops the machine's DISCOVER on its way to this computer's server is in the table
/// that iptables writes. `None`: no rule does, or it is not known.
pub(crate) fn server_drop(facts: &Facts<'_>, attachment: &Attachment<'_>) -> Option<bool> {
    let firewall = facts.survey.firewall.as_ref().known()?;
    let asked = Asked::of(facts, attachment, &firewall.rules)?;
    match asked.discover(Some(asked.own()), true) {
        Passage::Drops { rule } => Some(rule.chain.starts_with("ip filter ")),
        _ => None,
    }
}

/// Asks the rules about the packets of one machine.
pub(crate) struct Asked<'a> {
    rules: &'a RuleSet,
    own: Mac,
    bridge: &'a str,
    port: Option<&'a str>,
    uplink: Option<&'a str>,
    raw_server: bool,
}

impl<'a> Asked<'a> {
    /// `None`: the bridge or the MAC of the machine is not known.
    pub(crate) fn of(
        facts: &Facts<'a>,
        attachment: &Attachment<'a>,
        rules: &'a RuleSet,
    ) -> Option<Self> {
        let bridge = attachment.bridge?.name.as_str();
        let in_bridge = |name: &Option<String>| name.as_deref() == Some(bridge);
        let port = attachment.port.filter(|port| in_bridge(&port.bridge));
        let uplink = attachment.uplink.filter(|uplink| in_bridge(&uplink.bridge));
        let listeners = facts.survey.listeners.as_ref().known();
        let raw = |name: &String| RAW_SERVERS.contains(&name.as_str());
        Some(Self {
            rules,
            own: *facts.machine.macs.first()?,
            bridge,
            port: port.map(|port| port.name.as_str()),
            uplink: uplink.map(|uplink| uplink.name.as_str()),
            raw_server: listeners
                .is_some_and(|all| all.iter().any(|each| each.program.as_ref().is_some_and(raw))),
        })
    }

    /// The machine's MAC.
    pub(crate) fn own(&self) -> Mac {
        self.own
    }

    fn out(&self, packet: &Packet, to_host: bool) -> Passage {
        let way = if to_host {
            Way::to_host(self.bridge, self.port, self.raw_server)
        } else {
            Way::bridged(self.bridge, self.port, self.uplink)
        };
        self.rules.passage(packet, &way)
    }

    fn back(&self, packet: &Packet, from_host: bool) -> Passage {
        let way = if from_host {
            Way::from_host(self.bridge, self.port, self.raw_server)
        } else {
            Way::bridged(self.bridge, self.uplink, self.port)
        };
        self.rules.passage(packet, &way)
    }

    /// A DISCOVER, from a client whose MAC may be unknown.
    pub(crate) fn discover(&self, client: Option<Mac>, to_host: bool) -> Passage {
        self.out(&Packet::discover(client), to_host)
    }

    /// The same datagram to one address and not to all.
    pub(crate) fn discover_to_one(&self) -> Passage {
        self.out(
            &Packet::discover(Some(self.own)).to(NOBODY, Ipv4Addr::new(198, 51, 100, 77)),
            false,
        )
    }

    /// The same datagram to another service.
    pub(crate) fn discover_elsewhere(&self) -> Passage {
        self.out(&Packet::discover(Some(self.own)).between(NO_SERVICE, NO_SERVICE), false)
    }

    /// An OFFER or ACK.
    pub(crate) fn reply(
        &self,
        kind: DhcpKind,
        client: Option<Mac>,
        to_all: bool,
        from_host: bool,
    ) -> Passage {
        self.back(&Packet::reply(kind, client, None, to_all), from_host)
    }

    /// A datagram like an OFFER, of another service.
    pub(crate) fn reply_elsewhere(&self, from_host: bool) -> Passage {
        let offer = Packet::reply(DhcpKind::Offer, Some(self.own), None, true);
        self.back(&offer.between(NO_SERVICE, NO_SERVICE), from_host)
    }

    /// ARP in both directions, between the machine and this computer or its network.
    pub(crate) fn arp(&self, shared: bool) -> Vec<Passage> {
        let own = Some(self.own);
        let asks = Packet::arp_request(own, None, None);
        let answers = Packet::arp_reply(self.own, None, None);
        let asked = Packet::arp_request(None, None, None);
        let to_host = Way::arp_to_host(self.bridge, self.port);
        let mut ways = vec![
            (asked.clone(), Way::arp_from_host(self.bridge, self.port)),
            (answers.clone(), to_host),
        ];
        if !shared {
            let out = || Way::bridged(self.bridge, self.port, self.uplink);
            ways.push((asks, out()));
            ways.push((answers, out()));
            ways.push((asked, Way::bridged(self.bridge, self.uplink, self.port)));
        }
        ways.iter().map(|(packet, way)| self.rules.passage(packet, way)).collect()
    }

    /// A connection of this computer to the machine's port, and the machine's answer.
    pub(crate) fn connection(&self, address: Option<Ipv4Addr>, port: u16) -> [Passage; 2] {
        let there = Ends { to: Some(self.own), destination: address, ..Ends::default() };
        let back = Ends { from: Some(self.own), source: address, ..Ends::default() };
        let first = Packet::connection(there, port);
        let answer = Packet::answer(back, port);
        [
            self.rules.passage(&first, &Way::from_host(self.bridge, self.port, false)),
            self.rules.passage(&answer, &Way::to_host(self.bridge, self.port, false)),
        ]
    }
}
