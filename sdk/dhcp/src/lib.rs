//! DHCP as seen at one or two points of the network: messages, exchanges, and both sides together.

#![forbid(unsafe_code)]

mod differential;
mod message;
mod traffic;

pub use differential::{Offer, TestCase, TestResult};
pub use message::{Checksum, Message, MessageKind};
pub use traffic::{Arp, Exchange, Traffic};
