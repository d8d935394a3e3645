//! Asks by ARP who has addresses. No table shows that two hosts have one address, because it keeps
//! only one of them.

mod asker;
mod count;
mod exchange;
mod failure;
mod frame;
mod line;
mod link;
#[cfg(test)]
mod tests;

pub use asker::{ArpError, Asker};
pub use count::ArpCount;
pub use link::Link;

/// Reads a frame that came on this link, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(bytes: &[u8], link: &Link) {
    std::hint::black_box(frame::reply(bytes, link));
}
