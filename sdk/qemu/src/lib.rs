//! What the command line of a QEMU process says of its machine. No I/O.
//!
//! The user of a process chooses its command line, so nothing in it is trusted: every list is bounded,
//! and reading takes time that grows with its length.

#![forbid(unsafe_code)]

mod cards;
mod channels;
mod disks;
mod forwards;
mod line;
mod options;
mod program;

pub use cards::LineCard;
pub use forwards::forward;
pub use line::CommandLine;
pub use program::program;
