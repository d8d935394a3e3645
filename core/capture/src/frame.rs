//! What a capture gives.

use std::time::SystemTime;

/// One captured frame, in the memory that the kernel put it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When it passed the interface.
    pub at: SystemTime,
    /// From the Ethernet header on. A VLAN tag that the network card took off is not in it.
    pub data: &'a [u8],
    /// Octets that it had on the wire: more than `data` where it was cut to fit the ring.
    pub length: u32,
}

/// How many frames passed the filter since the capture was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them, those that were lost included.
    pub matched: u64,
    /// Those that found no room in the ring and were lost.
    pub dropped: u64,
}
