//! Asks QEMU guest agents for what they report, with the commands of a fixed list that only read.

mod ask;
mod connect;
mod conversation;
#[cfg(test)]
mod tests;

pub use ask::{ask, ask_all, new_conversation};
pub use connect::connect;

/// Reads bytes that an agent sent, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(bytes: &[u8]) {
    let (mut conversation, _) =
        conversation::Conversation::new(7, vmkit_types::AgentCommand::Interfaces);
    std::hint::black_box(conversation.take(bytes));
}
