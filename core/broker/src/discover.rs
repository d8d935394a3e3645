//! Sends DISCOVERs. The broker makes them itself, so that neither a REQUEST nor another sender's MAC
//! can leave.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use vmkit_capture::Capture;
use vmkit_dhcp::{Discover, test_transaction};
use vmkit_rights::{DiscoverRequest, Refusal};
use vmkit_types::Mac;

use crate::{capture, interface};

/// The least time between two, so that servers and access points see no flood.
const PACE: Duration = Duration::from_millis(20);
/// Most DISCOVERs in the broker's life: those of twenty examinations with three machines each.
const MOST: u32 = 1000;
/// The smallest ring: nothing is received.
const RING_BYTES: usize = 128 << 10;
/// Longest client identifier: an option's content.
const LONGEST_CLIENT_ID: usize = 255;

/// Sends DISCOVERs, no faster than their pace.
#[derive(Debug, Default)]
pub(crate) struct Sender(Mutex<Pace>);

#[derive(Debug, Default)]
struct Pace {
    last: Option<Instant>,
    count: u32,
}

impl Sender {
    /// Sends one and returns its transaction id.
    pub(crate) fn send(&self, wanted: &DiscoverRequest) -> Result<u32, Refusal> {
        let interface = interface::attachable(&wanted.interface)?;
        let chaddr = Mac::new(wanted.chaddr);
        let group = chaddr.octets()[0] & 1 != 0;
        let identifier = wanted.client_id.as_deref().unwrap_or_default();
        let (Some(source), false) = (interface.mac, group) else {
            return Err(Refusal::denied(format!("{chaddr} is no client's hardware address")));
        };
        if identifier.len() > LONGEST_CLIENT_ID {
            let message = format!("a client identifier of {} octets is too long", identifier.len());
            return Err(Refusal::denied(message));
        }
        let xid = test_transaction(fastrand::u16(..));
        let discover = Discover {
            source,
            chaddr,
            xid,
            broadcast: wanted.broadcast,
            client_id: wanted.client_id.clone(),
        };
        let frame =
            discover.frame().ok_or_else(|| Refusal::failed("the DISCOVER cannot be encoded"))?;
        self.take_turn()?;
        let refused = |error| capture::refusal(&error);
        let socket = Capture::open(&wanted.interface, RING_BYTES).map_err(refused)?;
        socket.send(&frame).map_err(refused)?;
        // Closing takes the kernel some 16 ms, for which nobody has to wait.
        thread::spawn(move || drop(socket));
        Ok(xid)
    }

    /// Refuses a flood.
    fn take_turn(&self) -> Result<(), Refusal> {
        let mut pace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pace.count >= MOST {
            return Err(Refusal::denied(format!("{MOST} DISCOVERs were sent, and no more are")));
        }
        if pace.last.is_some_and(|last| last.elapsed() < PACE) {
            return Err(Refusal::denied("a DISCOVER was sent a moment ago"));
        }
        pace.count += 1;
        pace.last = Some(Instant::now());
        Ok(())
    }
}
