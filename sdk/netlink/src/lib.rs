//! Requests to Linux by routing netlink, with a deadline. Empty on other systems.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod error;
mod message;
mod socket;

pub use error::ReadError;
pub use message::Part;
pub use socket::{Answer, RouteSocket};
