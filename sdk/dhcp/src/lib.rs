//! DHCP at one or two points of the network: messages, exchanges, and both sides together.
//!
//! Pure functions from frames and bytes of pcap files to values. All input is bounded, and none is
//! trusted.

#![forbid(unsafe_code)]

mod differential;
mod discover;
mod frame;
mod ladder;
mod message;
pub mod pcap;
mod traffic;

pub use differential::{Offer, TestCase, TestResult};
pub use discover::{Discover, FOREIGN_MAC, is_test, test_transaction};
pub use frame::{Arp, Checksum, Content, Datagram, Frame};
pub use ladder::{Ladder, Rung, Step};
pub use message::{Message, MessageKind};
pub use traffic::{Builder, Exchange, Traffic};
