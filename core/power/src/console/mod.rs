//! Attaches a terminal or a pipe to a machine's console.

mod attach;
mod escape;
mod pump;
mod signals;
mod tail;
mod terminal;
#[cfg(test)]
mod tests;

pub use attach::{ConsoleView, attach_console};
pub use pump::ConsoleEnd;
