//! Watches DHCP at several interfaces at once, and tests which offers servers make to different
//! hardware addresses.
//!
//! [`Watch`] sends nothing. [`test_offers`] sends DISCOVERs and never a REQUEST, so it takes no lease.

#![forbid(unsafe_code)]

mod offers;
mod watch;

pub use offers::{OfferTest, OfferTestTarget, ProbeError, test_offers};
pub use watch::{Capture, Captures, Exchange, Watch};
