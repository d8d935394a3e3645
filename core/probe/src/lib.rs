//! What a diagnosis finds out on the wire: DHCP as it passes several interfaces at once, and the
//! offers that servers make for different hardware addresses.
//!
//! [`Watch`] sends nothing. [`ask`] sends DISCOVERs, and never a REQUEST: no lease is taken.

#![forbid(unsafe_code)]

mod dhcp_test;
mod watch;

pub use dhcp_test::{DhcpTest, ProbeError, Tested, ask};
pub use watch::{Asking, Seen, Watch, Watched};
