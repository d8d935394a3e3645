//! The hosts file: what it says, and how one block of it is kept right.
//!
//! Everything outside of the block stays byte for byte. [`plan`] is pure: the file's bytes, the
//! machines and the date in, the new bytes and a reason for each machine out. [`Store`] reads and
//! writes: under a lock, whole or not at all, with a backup.

#![forbid(unsafe_code)]

mod attributes;
mod caches;
mod difference;
mod file;
mod line;
mod name;
mod new_file;
mod plan;
mod store;
mod write;

pub use caches::{Flushed, flush_caches};
pub use difference::unified;
pub use file::{Block, HostsFile, Malformed};
pub use line::{Entry, OwnLine};
pub use name::{InvalidName, check_name};
pub use plan::{Decision, Plan, Refusal, Request, Wanted, Withheld, plan};
pub use store::{Current, Store, StoreError, Writer};
pub use write::Way;
