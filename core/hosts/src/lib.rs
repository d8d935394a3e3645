//! The hosts file: what it says, and how one block of it is kept right.
//!
//! Everything outside of the block stays byte for byte. [`plan`] is pure: the file's bytes, the
//! machines and the date in, the new bytes and a reason for each machine out.

#![forbid(unsafe_code)]

mod file;
mod line;
mod name;
mod plan;

pub use file::{Block, HostsFile, Malformed};
pub use line::{Entry, OwnLine};
pub use name::{InvalidName, check_name};
pub use plan::{Decision, Plan, Refusal, Request, Wanted, plan};
