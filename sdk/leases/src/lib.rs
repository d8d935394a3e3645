//! Leases that DHCP servers wrote down: one type for the formats of all servers.
//!
//! Pure functions from texts to values. A text may be of any size and content.

#![forbid(unsafe_code)]

mod client_id;
mod formats;
mod lease;

pub use formats::Format;
pub use lease::{Lease, NotThisFormat, Validity};
