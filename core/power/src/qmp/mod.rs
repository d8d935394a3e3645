//! QEMU's monitors: they say how their machines are, and carry out commands.

mod answers;
mod devices;
mod exchange;
mod link;
mod monitor;
mod questions;
mod session;
mod socket;

pub use link::{Link, LinkError};
pub use monitor::Monitor;
pub use questions::{Questions, ask};
pub use session::{ConsoleSocket, Session, Step};
pub use socket::Socket;
