//! Capture by a BPF device. It is type-checked for macOS and has never run on a Mac.

mod device;

use std::{
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use self::device::Device;
pub(crate) use self::device::SockFilter;
use crate::{CaptureError, Counts, Frame, filter, records::record};

/// The least time that a read waits: the kernel counts in hundredths of a second, and takes no time
/// at all for no end.
const LEAST_WAIT: Duration = Duration::from_millis(10);
/// Where the time to the deadline is more than makes sense to count.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// The least ring: of two buffers, each with room for the longest frames.
const LEAST_BYTES: usize = 128 << 10;
/// The most memory that a capture may ask for; the kernel gives less by itself.
const MOST_BYTES: usize = 64 << 20;

/// A capture of DHCP and ARP that passes one interface, in either direction.
///
/// The interface is not made promiscuous: where machines are bridged, macOS has already done it,
/// and a diagnosis changes nothing. The filter cannot be locked, so the device is not handed on.
#[derive(Debug)]
pub struct Capture {
    interface: String,
    device: Device,
    buffer: Vec<u8>,
    filled: usize,
    place: usize,
    matched: u64,
}

impl Capture {
    /// Starts to capture on the interface, into two buffers of together this many bytes, or of as
    /// many as the kernel gives. Needs the right to `/dev/bpf*`, which root has.
    ///
    /// # Errors
    /// The ring cannot be that large or small, or the system refuses: the interface does not
    /// exist, or the right is missing ([`CaptureError::is_denied`]).
    pub fn open(interface: &str, ring_bytes: usize) -> Result<Self, CaptureError> {
        let size =
            CaptureError::RingSize { bytes: ring_bytes, least: LEAST_BYTES, most: MOST_BYTES };
        let fits = (LEAST_BYTES..=MOST_BYTES).contains(&ring_bytes);
        let half = u32::try_from(ring_bytes / 2).ok().filter(|_| fits).ok_or(size)?;
        let failed = |operation| {
            move |source: io::Error| CaptureError::System {
                interface: interface.to_owned(),
                operation,
                source,
            }
        };
        let device = Device::open().map_err(failed("open a BPF device"))?;
        let size = device.set_buffer(half).map_err(failed("set the buffers"))?;
        // Before the device is bound, so that not one other frame is ever in its buffers.
        device.set_filter(&filter::program()).map_err(failed("set the filter"))?;
        device.bind(interface).map_err(failed("bind to the interface"))?;
        device.set_immediate().map_err(failed("have frames at once"))?;
        device.set_header_complete().map_err(failed("send whole frames"))?;
        Ok(Self {
            interface: interface.to_owned(),
            device,
            buffer: vec![0; size as usize],
            filled: 0,
            place: 0,
            matched: 0,
        })
    }

    /// The next frame; `None` when none came before the deadline. A frame is lent until the next
    /// call.
    ///
    /// # Errors
    /// The interface went down or away.
    pub fn next(&mut self, deadline: Instant) -> Result<Option<Frame<'_>>, CaptureError> {
        let record = loop {
            let read = self.buffer.get(..self.filled).unwrap_or_default();
            if let Some(record) = record(read, self.place) {
                break record;
            }
            self.fill(deadline)?;
            if self.filled == 0 && Instant::now() >= deadline {
                return Ok(None);
            }
        };
        self.place = record.next;
        self.matched += 1;
        let (at, length) = (record.at, record.length);
        Ok(self.buffer.get(record.octets).map(|data| Frame { at, data, length }))
    }

    /// Sends one frame by the interface, from its Ethernet header on.
    ///
    /// # Errors
    /// The interface is down or away, or the frame too long for it.
    pub fn send(&self, frame: &[u8]) -> Result<(), CaptureError> {
        let sent =
            self.device.write(frame).map_err(|source| self.failed("send a frame", source))?;
        if sent == frame.len() {
            Ok(())
        } else {
            Err(self.failed("send a frame", io::ErrorKind::WriteZero.into()))
        }
    }

    /// How many frames passed the filter so far, and how many of them were lost. Those that lie in
    /// the kernel's buffers and were not read are not among them.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn counts(&self) -> Result<Counts, CaptureError> {
        let dropped = self.device.dropped();
        let dropped = dropped.map_err(|source| self.failed("read the counters", source))?.into();
        Ok(Counts { matched: self.matched + dropped, dropped })
    }

    /// Reads what is there, or what comes before the deadline.
    fn fill(&mut self, deadline: Instant) -> Result<(), CaptureError> {
        (self.filled, self.place) = (0, 0);
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = left.clamp(LEAST_WAIT, LONGEST_WAIT);
        let waited =
            self.device.set_timeout(timeout).and_then(|()| self.device.read(&mut self.buffer));
        match waited {
            Ok(filled) => self.filled = filled,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(self.failed("wait for frames", error)),
        }
        Ok(())
    }

    fn failed(&self, operation: &'static str, source: io::Error) -> CaptureError {
        CaptureError::System { interface: self.interface.clone(), operation, source }
    }
}

/// Always [`CaptureError::Unsupported`]: whoever holds a BPF device can take its filter off and bind
/// it elsewhere, so there is none that could be handed to a plugin.
pub fn open_arp_socket(interface: &str) -> Result<OwnedFd, CaptureError> {
    Err(CaptureError::Unsupported { interface: interface.to_owned() })
}
