//! Asks QEMU guest agents for what they report, with the commands of a fixed list that only read, and has
//! one run the script that looks at its guest's network, which only reads, too.

mod ask;
mod connect;
mod conversation;
mod inside;
mod question;
#[cfg(test)]
mod tests;

pub use ask::{ask, ask_all, new_conversation};
pub use connect::connect;
pub use inside::look_inside;

/// Reads bytes that an agent sent, for tests from outside.
#[doc(hidden)]
pub fn parse_for_test(bytes: &[u8]) {
    let question = question::Question::Command(vmkit_types::AgentCommand::Interfaces);
    let (mut conversation, _) = conversation::Conversation::new(7, question);
    std::hint::black_box(conversation.take(bytes));
}
