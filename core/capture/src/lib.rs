//! Passive capture of DHCP and ARP on one interface, and pcap files.
//!
//! On Linux, [`Capture`] is a packet socket with a ring shared with the kernel. A kernel filter,
//! attached and locked before the socket is bound to an interface, drops everything else. On macOS it
//! is a BPF device with the same filter; that part is compiled and linked and has never run on a Mac.
//! [`open_arp_socket`] gives a socket that sends and receives ARP, on Linux only.
//!
//! ```no_run
//! use std::time::{Duration, Instant};
//! use vmkit_capture::{Capture, DEFAULT_RING_BYTES, pcap};
//!
//! let mut capture = Capture::open("tap0", DEFAULT_RING_BYTES)?;
//! let mut file = pcap::Writer::new(std::fs::File::create("guest-web.pcap")?)?;
//! let deadline = Instant::now() + Duration::from_secs(5);
//! while let Some(frame) = capture.next(deadline)? {
//!     file.write(&frame)?;
//! }
//! println!("{} frames lost", capture.counts()?.dropped);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![expect(
    unsafe_code,
    reason = "options of packet sockets and BPF devices, and memory shared with the kernel, have no safe interface"
)]

mod error;
mod filter;
mod frame;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
pub mod pcap;
#[cfg(any(target_os = "macos", test))]
mod records;

pub use error::CaptureError;
pub use frame::{Counts, Frame};
#[cfg(target_os = "linux")]
pub use linux::{Capture, open_arp_socket};
#[cfg(target_os = "macos")]
pub use macos::{Capture, open_arp_socket};

/// Room for about 2,000 DHCP frames: a minute of a very busy bridge.
pub const DEFAULT_RING_BYTES: usize = 1 << 20;
