//! Has guests say what they know of their own network: runs one fixed script that reads, by a login with SSH,
//! with a key and only where the host key is known as the machine's, or by the machine's guest agent.

mod answer;
mod login;
mod run;
mod session;
mod ways;

pub use answer::GuestAnswer;
pub(crate) use session::Session;
