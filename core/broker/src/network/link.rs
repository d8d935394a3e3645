//! Interfaces, by the kernel's word.

use std::{io, time::Duration};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::{
    RouteNetlinkMessage,
    link::{
        BridgeStpState, InfoBridge, InfoData, InfoKind, LinkAttribute, LinkFlags, LinkInfo,
        LinkMessage,
    },
};
use rustix::io::Errno;

use super::netlink::Netlink;

/// One tick of a bridge's times: the kernel's `USER_HZ` is 100 on every supported architecture.
const TICK: Duration = Duration::from_millis(10);

/// An interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) index: u32,
    pub(super) name: String,
    /// What drives it; `None`: a card.
    pub(super) kind: Option<InfoKind>,
    pub(super) alias: String,
    pub(super) mac: Vec<u8>,
    pub(super) mtu: Option<u32>,
    /// The number of the bridge that it is a port of.
    pub(super) bridge: Option<u32>,
    /// The number of the interface that it is on top of.
    pub(super) lower: Option<u32>,
    pub(super) has_carrier: bool,
    /// How long this bridge passes nothing of a new port on.
    pub(super) forwards_after: Duration,
}

impl Link {
    fn of(message: LinkMessage) -> Self {
        let has_carrier = message.header.flags.contains(LinkFlags::LowerUp);
        let mut link = Self { index: message.header.index, has_carrier, ..Self::default() };
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name = name,
                LinkAttribute::IfAlias(alias) => link.alias = alias,
                LinkAttribute::Address(mac) => link.mac = mac,
                LinkAttribute::Mtu(mtu) => link.mtu = Some(mtu),
                LinkAttribute::Controller(bridge) => link.bridge = Some(bridge),
                LinkAttribute::Link(lower) => link.lower = Some(lower),
                LinkAttribute::LinkInfo(infos) => link.take_infos(infos),
                _ => {}
            }
        }
        link
    }

    fn take_infos(&mut self, infos: Vec<LinkInfo>) {
        for info in infos {
            match info {
                LinkInfo::Kind(kind) => self.kind = Some(kind),
                LinkInfo::Data(InfoData::Bridge(bridge)) => {
                    self.forwards_after = forwards_after(&bridge);
                }
                _ => {}
            }
        }
    }
}

/// A port listens for the forward delay, and learns as long, if the bridge runs STP. Otherwise it
/// forwards at once.
fn forwards_after(bridge: &[InfoBridge]) -> Duration {
    let (mut stp, mut delay) = (false, Duration::ZERO);
    for information in bridge {
        match information {
            InfoBridge::StpState(state) => stp = *state != BridgeStpState::Disabled,
            InfoBridge::ForwardDelay(ticks) => delay = TICK * *ticks,
            _ => {}
        }
    }
    if stp { delay * 2 } else { Duration::ZERO }
}

impl Netlink {
    /// The interface of this name in this network, if there is one.
    pub(super) fn link(&mut self, name: &str) -> io::Result<Option<Link>> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.to_owned()));
        self.link_of(message)
    }

    /// The interface of this number, if there is one.
    pub(super) fn link_at(&mut self, index: u32) -> io::Result<Option<Link>> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        self.link_of(message)
    }

    fn link_of(&mut self, message: LinkMessage) -> io::Result<Option<Link>> {
        let mut found = None;
        let asked = self.get(RouteNetlinkMessage::GetLink(message), |answer| {
            if let RouteNetlinkMessage::NewLink(message) = answer {
                found = Some(Link::of(message));
            }
        });
        let unknown = [Errno::NODEV, Errno::RANGE, Errno::INVAL].map(Errno::raw_os_error);
        match asked {
            Ok(()) => Ok(found),
            Err(error) if error.raw_os_error().is_some_and(|code| unknown.contains(&code)) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// All interfaces of this network.
    pub(super) fn links(&mut self) -> io::Result<Vec<Link>> {
        let mut links = Vec::new();
        self.list(RouteNetlinkMessage::GetLink(LinkMessage::default()), |answer| {
            if let RouteNetlinkMessage::NewLink(message) = answer {
                links.push(Link::of(message));
            }
        })?;
        Ok(links)
    }

    /// Makes an interface of this kind, which is down.
    pub(super) fn add_link(
        &mut self,
        kind: InfoKind,
        data: InfoData,
        mut attributes: Vec<LinkAttribute>,
    ) -> io::Result<()> {
        attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind), LinkInfo::Data(data)]));
        let mut message = LinkMessage::default();
        message.attributes = attributes;
        self.change(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Gives the interface these attributes and sets it up.
    pub(super) fn set_up(&mut self, index: u32, attributes: Vec<LinkAttribute>) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        message.attributes = attributes;
        self.change(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Removes the interface.
    pub(super) fn remove_link(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        self.change(RouteNetlinkMessage::DelLink(message), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_port_waits_for_twice_the_forward_delay_if_the_bridge_runs_stp() {
        let rows = [
            (BridgeStpState::Disabled, 1500, 0),
            (BridgeStpState::KernelStp, 1500, 30_000),
            (BridgeStpState::UserStp, 400, 8_000),
            (BridgeStpState::KernelStp, 0, 0),
        ];
        for (stp, ticks, expected) in rows {
            let bridge = [InfoBridge::ForwardDelay(ticks), InfoBridge::StpState(stp)];
            assert_eq!(forwards_after(&bridge), Duration::from_millis(expected), "{stp:?} {ticks}");
        }
    }
}
