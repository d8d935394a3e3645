//! Starts a machine's QEMU.

mod begin;
mod refused;
mod spawn;

pub use begin::{Started, start};
