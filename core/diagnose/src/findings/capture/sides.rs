//! The machine's messages at each capture point.

use std::time::SystemTime;

use vmkit_dhcp::{Message, Traffic};
use vmkit_types::Reading;

use crate::Facts;

/// Messages to and from the machine by time; `None`: nobody captured there.
pub(super) struct Sides<'a> {
    pub(super) guest: Option<Vec<&'a Message>>,
    pub(super) uplink: Option<Vec<&'a Message>>,
    /// When the capture at the machine's port ended, and that at the uplink.
    guest_end: Option<SystemTime>,
    pub(super) uplink_end: Option<SystemTime>,
}

impl<'a> Sides<'a> {
    pub(super) fn of(facts: &Facts<'a>) -> Self {
        let own = |side: &Reading<&'a Traffic>| {
            let traffic = match side {
                Reading::Known(traffic) => *traffic,
                Reading::Absent | Reading::Unknown(_) => return None,
            };
            let exchanges = traffic.exchanges.iter().filter(|exchange| {
                facts.machine.macs.contains(&exchange.chaddr)
                    || exchange.messages.iter().any(|m| facts.machine.macs.contains(&m.source_mac))
            });
            let mut messages: Vec<_> = exchanges.flat_map(|each| &each.messages).collect();
            messages.sort_by_key(|message| message.at);
            Some(messages)
        };
        let end = |side: &Reading<&Traffic>| {
            side.as_ref().known().and_then(|traffic| traffic.span).map(|(_, end)| end)
        };
        Self {
            guest: own(&facts.guest_traffic),
            uplink: own(&facts.uplink_traffic),
            guest_end: end(&facts.guest_traffic),
            uplink_end: end(&facts.uplink_traffic),
        }
    }

    /// The capture point that is nearer to the machine.
    pub(super) fn near(&self) -> Option<&[&'a Message]> {
        self.guest.as_deref().or(self.uplink.as_deref())
    }

    /// When the capture there ended.
    pub(super) fn near_end(&self) -> Option<SystemTime> {
        if self.guest.is_some() { self.guest_end } else { self.uplink_end }
    }
}
