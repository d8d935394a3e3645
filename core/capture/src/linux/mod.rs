//! Capture by a packet socket with a ring shared with the kernel (`TPACKET_V3`).

mod arp;
mod block;
mod ring;
mod socket;

use std::{cell::Cell, io, time::Instant};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use socket2::Socket;

pub use self::arp::open_arp_socket;
use self::{block::Walk, ring::Ring};
use crate::{CaptureError, Counts, Frame, filter};

/// A capture of DHCP and ARP that passes one interface, in either direction.
///
/// The kernel hands frames over in blocks, each when it is full or a few milliseconds after its
/// first frame: what passed in the last 10 ms before a deadline may come with the next call.
///
/// Dropping it closes a packet socket, for which the kernel waits until no processor delivers to
/// it or to its ring any more: 16 ms on a quiet computer, 33 ms measured on a busy one. Keep one
/// open in place of opening several in turn, and let a process that ends anyway close it by ending.
#[derive(Debug)]
pub struct Capture {
    interface: String,
    // Unmapped before the socket closes.
    ring: Ring,
    socket: Socket,
    walk: Walk,
    counts: Cell<Counts>,
}

impl Capture {
    /// Starts to capture on the interface, into a ring of this many bytes (rounded down to blocks
    /// of 64 KiB). Needs the right to raw sockets, `CAP_NET_RAW`, and no more once it is open.
    ///
    /// # Errors
    /// The ring cannot be that large or small, or the system refuses: the interface does not
    /// exist, or the right is missing ([`CaptureError::is_denied`]).
    pub fn open(interface: &str, ring_bytes: usize) -> Result<Self, CaptureError> {
        let blocks = ring::blocks(ring_bytes)?;
        let failed = |operation| {
            move |source: io::Error| CaptureError::System {
                interface: interface.to_owned(),
                operation,
                source,
            }
        };
        let socket = socket::open().map_err(failed("open a packet socket"))?;
        // Before the socket is bound, so that not one other frame is ever in the ring.
        socket::attach_filter(&socket, &filter::program()).map_err(failed("attach the filter"))?;
        socket::set_ring(&socket, blocks).map_err(failed("make the ring"))?;
        let ring = Ring::map(&socket, blocks).map_err(failed("map the ring"))?;
        socket::bind(&socket, interface, libc::ETH_P_ALL)
            .map_err(failed("bind to the interface"))?;
        let (walk, counts) = (Walk::default(), Cell::default());
        Ok(Self { interface: interface.to_owned(), ring, socket, walk, counts })
    }

    /// The next frame; `None` when none came before the deadline. A frame is lent until the next
    /// call.
    ///
    /// # Errors
    /// The interface went down or away.
    pub fn next(&mut self, deadline: Instant) -> Result<Option<Frame<'_>>, CaptureError> {
        let record = loop {
            if let Some(block) = self.ring.filled() {
                if let Some(record) = self.walk.next(block) {
                    break record;
                }
                self.ring.give_back();
                self.walk = Walk::default();
            } else if !self.wait(deadline)? {
                return Ok(None);
            }
        };
        Ok(self.ring.filled().and_then(|block| record.frame(block)))
    }

    /// Sends one frame by the interface, from its Ethernet header on.
    ///
    /// # Errors
    /// The interface is down or away, or the frame too long for it.
    pub fn send(&self, frame: &[u8]) -> Result<(), CaptureError> {
        let sent = self.socket.send(frame).map_err(|source| self.failed("send a frame", source))?;
        if sent == frame.len() {
            Ok(())
        } else {
            Err(self.failed("send a frame", io::ErrorKind::WriteZero.into()))
        }
    }

    /// How many frames passed the filter so far, and how many of them were lost.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn counts(&self) -> Result<Counts, CaptureError> {
        // The kernel starts anew with each reading.
        let more = socket::statistics(&self.socket)
            .map_err(|source| self.failed("read the counters", source))?;
        let before = self.counts.get();
        self.counts.set(Counts {
            matched: before.matched + more.matched,
            dropped: before.dropped + more.dropped,
        });
        Ok(self.counts.get())
    }

    /// Waits for a block; `false` at the deadline.
    fn wait(&self, deadline: Instant) -> Result<bool, CaptureError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).unwrap_or(LONGEST_WAIT);
        let mut sockets = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut sockets, Some(&timeout)) {
            Ok(0) => Ok(!left.is_zero() && Instant::now() < deadline),
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(self.failed("wait for frames", error.into())),
            Ok(_) if sockets[0].revents().contains(PollFlags::IN) => Ok(true),
            Ok(_) => {
                let reason = self.socket.take_error().ok().flatten();
                let reason = reason.unwrap_or_else(|| io::ErrorKind::NetworkDown.into());
                Err(self.failed("wait for frames", reason))
            }
        }
    }

    fn failed(&self, operation: &'static str, source: io::Error) -> CaptureError {
        CaptureError::System { interface: self.interface.clone(), operation, source }
    }
}

/// Where the time to the deadline is more than the system can count.
const LONGEST_WAIT: Timespec = Timespec { tv_sec: 3600, tv_nsec: 0 };
