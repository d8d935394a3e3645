//! A snapshot in one file: a zip with a manifest.
//!
//! The file is others' work like any snapshot. Only the shape that `pack` writes is accepted, which
//! leaves no room for the tricks of zips: links, paths, several readings of one file, entries that
//! share their bytes, and sizes that explode.

mod error;
mod manifest;
mod pack;
mod shape;
mod target;
#[cfg(test)]
mod tests;
mod unpack;

pub use error::ArchiveError;
pub use manifest::Maker;
pub use target::Target;
pub(crate) use unpack::open;
pub use unpack::unpack;
