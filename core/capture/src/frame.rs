//! Captured frames and their counts.

use std::time::SystemTime;

/// A captured frame, borrowed from the kernel's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it passed the interface.
    pub at: SystemTime,
    /// The frame from the Ethernet header on. On macOS without a VLAN tag that the network card removed.
    pub data: &'a [u8],
    /// Octets on the wire: more than `data` if the frame was cut to fit the ring.
    pub length: u32,
}

/// Frames that passed the filter since the capture was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All frames, including lost ones.
    pub matched: u64,
    /// Frames lost because the ring was full.
    pub dropped: u64,
}
