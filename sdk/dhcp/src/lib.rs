//! DHCP at one or two points of the network: messages, exchanges, and both sides together.
//!
//! Pure functions from frames and bytes of pcap files to values. All input is bounded, and none is
//! trusted.

#![forbid(unsafe_code)]

mod differential;
mod discover;
mod frame;
mod ladder;
mod loss;
mod message;
pub mod pcap;
mod plan;
mod traffic;

pub use differential::{Offer, TestCase, TestResult};
pub use discover::{Discover, FOREIGN_MAC, is_test, test_transaction};
pub use frame::{Arp, Checksum, Content, Datagram, Frame};
pub use ladder::{Ladder, Rung, Step};
pub use loss::{Loss, Outcome};
pub use message::{Message, MessageKind};
pub use plan::{Plan, PlanStep};
pub use traffic::{Builder, Exchange, Traffic};
