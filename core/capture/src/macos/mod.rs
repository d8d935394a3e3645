//! Captures with a BPF device. Compiled and linked for macOS; it has never run on a Mac.

mod device;

use std::{
    io,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use self::device::Device;
pub(crate) use self::device::SockFilter;
use crate::{CaptureError, Counts, Frame, filter, records::record};

/// Shortest wait of a read. The kernel counts hundredths of a second, and zero means no timeout.
const MIN_WAIT: Duration = Duration::from_millis(10);
/// Longest wait of a read.
const MAX_WAIT: Duration = Duration::from_secs(3600);
/// Smallest ring: two buffers with room for the longest frame each.
const MIN_BYTES: usize = 128 << 10;
/// Largest ring; the kernel may give less.
const MAX_BYTES: usize = 64 << 20;

/// A capture of DHCP and ARP on one interface, in both directions.
///
/// It does not make the interface promiscuous, since a diagnosis changes nothing and macOS has done
/// so where VMs are bridged. The filter cannot be locked, so the device is not passed on.
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
    /// Starts to capture on the interface, into two buffers of this many bytes together or what the
    /// kernel allows. Needs the right to `/dev/bpf*`, which root has.
    ///
    /// # Errors
    /// The ring's size is out of range, the interface does not exist, or the right is missing
    /// ([`CaptureError::is_denied`]).
    pub fn open(interface: &str, ring_bytes: usize) -> Result<Self, CaptureError> {
        let size = CaptureError::RingSize { bytes: ring_bytes, least: MIN_BYTES, most: MAX_BYTES };
        let fits = (MIN_BYTES..=MAX_BYTES).contains(&ring_bytes);
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
        // Before the device is bound, so that no other frame can be in its buffers.
        device.set_filter(&filter::program()).map_err(failed("set the filter"))?;
        device.bind(interface).map_err(failed("bind to the interface"))?;
        device.set_immediate().map_err(failed("set immediate delivery"))?;
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

    /// The next frame, borrowed until the next call. `None`: none came before the deadline.
    ///
    /// # Errors
    /// The interface is down or gone.
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

    /// Sends a frame, given from its Ethernet header on.
    ///
    /// # Errors
    /// The interface is down or gone, or the frame is too long.
    pub fn send(&self, frame: &[u8]) -> Result<(), CaptureError> {
        let sent =
            self.device.write(frame).map_err(|source| self.failed("send a frame", source))?;
        if sent == frame.len() {
            Ok(())
        } else {
            Err(self.failed("send a frame", io::ErrorKind::WriteZero.into()))
        }
    }

    /// The number of frames that passed the filter so far, and of lost ones, without unread frames in
    /// the kernel's buffers.
    ///
    /// # Errors
    /// The system call failed.
    pub fn counts(&self) -> Result<Counts, CaptureError> {
        let dropped = self.device.dropped();
        let dropped = dropped.map_err(|source| self.failed("read the counters", source))?.into();
        Ok(Counts { matched: self.matched + dropped, dropped })
    }

    /// Reads the available frames, or waits for some until the deadline.
    fn fill(&mut self, deadline: Instant) -> Result<(), CaptureError> {
        (self.filled, self.place) = (0, 0);
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = left.clamp(MIN_WAIT, MAX_WAIT);
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

/// Always [`CaptureError::Unsupported`]: the owner of a BPF device can remove its filter and bind it
/// elsewhere, so it cannot be given to a plugin.
pub fn open_arp_socket(interface: &str) -> Result<OwnedFd, CaptureError> {
    Err(CaptureError::Unsupported { interface: interface.to_owned() })
}
