//! Bounded readers of the formats in which managers keep their machines.
//!
//! Files of managers belong to users, and other users or guests may have written them. Each reader here
//! keeps to the same bounds ([`MAX_BYTES`], [`MAX_DEPTH`], [`MAX_NODES`], [`MAX_TEXT`]) while it reads,
//! whatever the file says of itself, and an error names what it met and where, on one line. There is no
//! I/O here.

#![forbid(unsafe_code)]

mod error;
pub mod json;
mod limits;
pub mod pairs;
pub mod plist;
mod value;
pub mod xml;
pub mod yaml;

pub use error::{FormatError, Place};
pub use limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TEXT};
