//! Maintains one block of the hosts file.
//!
//! Everything outside of the block stays byte for byte. [`plan`] is pure: it takes the file's bytes,
//! the machines and the date, and gives the new bytes and a reason for each machine. [`Store`] reads
//! and writes the file atomically, under a lock, with a backup.

#![forbid(unsafe_code)]

mod attributes;
mod caches;
mod change;
mod difference;
mod file;
mod line;
mod name;
mod new_file;
mod plan;
mod store;
mod write;

pub use caches::{CacheFlush, flush_caches};
pub use change::{Bounds, InvalidChange, check_change, digest};
pub use difference::unified;
pub use file::{Block, HostsFile, Malformed};
pub use line::{Entry, OwnLine};
pub use name::{InvalidName, own_names};
pub use plan::{Decision, HostsMachine, Plan, Refusal, Request, Withheld, plan};
pub use store::{Current, Store, StoreError, Writer};
pub use write::WriteMethod;
