//! Captures with a packet socket and a ring shared with the kernel (`TPACKET_V3`).

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

/// A capture of DHCP and ARP on one interface, in both directions.
///
/// The kernel delivers frames in blocks, when a block is full or a few milliseconds after its first
/// frame, so frames of the last 10 ms before a deadline may come with the next call.
///
/// Dropping it closes a packet socket, which takes 16 ms on an idle computer and 33 ms on a busy one
/// (measured): the kernel waits until no processor delivers to it. Keep one open instead of opening
/// several in turn, and leave closing to the end of the process where that is near.
#[derive(Debug)]
pub struct Capture {
    interface: String,
    // Declared first, so that it is unmapped before the socket closes.
    ring: Ring,
    socket: Socket,
    walk: Walk,
    /// The last frame whose tag was put back.
    tagged: Vec<u8>,
    counts: Cell<Counts>,
}

impl Capture {
    /// Starts to capture on the interface, into a ring of this many bytes (rounded down to blocks
    /// of 64 KiB). Opening needs the right to raw sockets, `CAP_NET_RAW`.
    ///
    /// # Errors
    /// The ring's size is out of range, the interface does not exist, or the right is missing
    /// ([`CaptureError::is_denied`]).
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
        // Before the socket is bound, so that no other frame can be in the ring.
        socket::attach_filter(&socket, &filter::program()).map_err(failed("attach the filter"))?;
        socket::set_ring(&socket, blocks).map_err(failed("make the ring"))?;
        let ring = Ring::map(&socket, blocks).map_err(failed("map the ring"))?;
        socket::bind(&socket, interface, libc::ETH_P_ALL)
            .map_err(failed("bind to the interface"))?;
        let (walk, counts) = (Walk::default(), Cell::default());
        let tagged = Vec::new();
        Ok(Self { interface: interface.to_owned(), ring, socket, walk, tagged, counts })
    }

    /// The next frame, borrowed until the next call. `None`: none came before the deadline.
    ///
    /// # Errors
    /// The interface is down or gone.
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
        let tagged = &mut self.tagged;
        Ok(self.ring.filled().and_then(|block| record.frame(block, tagged)))
    }

    /// Sends a frame, given from its Ethernet header on.
    ///
    /// # Errors
    /// The interface is down or gone, or the frame is too long.
    pub fn send(&self, frame: &[u8]) -> Result<(), CaptureError> {
        let sent = self.socket.send(frame).map_err(|source| self.failed("send a frame", source))?;
        if sent == frame.len() {
            Ok(())
        } else {
            Err(self.failed("send a frame", io::ErrorKind::WriteZero.into()))
        }
    }

    /// The number of frames that passed the filter so far, and of lost ones.
    ///
    /// # Errors
    /// The system call failed.
    pub fn counts(&self) -> Result<Counts, CaptureError> {
        // Reading resets the kernel's counters.
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

/// Used if the time to the deadline exceeds the system's range.
const LONGEST_WAIT: Timespec = Timespec { tv_sec: 3600, tv_nsec: 0 };
