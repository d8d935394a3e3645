//! The machine's messages at each capture point.

use vmkit_dhcp::{Message, Traffic};
use vmkit_types::Reading;

use crate::Facts;

/// Messages to and from the machine by time; `None`: nobody captured there.
pub(super) struct Sides<'a> {
    pub(super) guest: Option<Vec<&'a Message>>,
    pub(super) uplink: Option<Vec<&'a Message>>,
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
        Self { guest: own(&facts.guest_traffic), uplink: own(&facts.uplink_traffic) }
    }

    /// The capture point that is nearer to the machine.
    pub(super) fn near(&self) -> Option<&[&'a Message]> {
        self.guest.as_deref().or(self.uplink.as_deref())
    }
}
