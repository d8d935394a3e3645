//! What makes the system's resolver ask `vm dns` for one domain: a file whose path and contents follow
//! from the domain and the server's address.
//!
//! `vm` shows with [`plan`] what would be written, and `vm-broker`, which has the rights, decides by the
//! same function and writes.

#![forbid(unsafe_code)]

mod check;
mod file;
mod objection;
mod plan;
mod setting;
mod suffix;

pub use check::whether_answered;
pub use file::{is_current, remove, write};
pub use objection::Objection;
pub use plan::{installed, plan};
pub use setting::Setting;
pub use suffix::{InvalidSuffix, Suffix};

/// The only port that the resolver is sent to. Where only root can bind it, nobody else can answer after
/// the server has ended.
pub const PORT: u16 = 53;
