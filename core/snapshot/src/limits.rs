//! How much of a snapshot is read, since nothing in it is trusted.

/// The file that makes a directory a snapshot.
pub(crate) const DOCUMENT: &str = "snapshot.json";
/// Largest JSON document in bytes: the machines and interfaces of a large host.
pub(crate) const LARGEST_DOCUMENT: u64 = 16 << 20;
/// Largest artefact in bytes. Captures are the largest, and end at 8 MiB.
pub(crate) const LARGEST_ARTEFACT: u64 = 64 << 20;
/// Largest zip in bytes, packed and unpacked: captures of some 20 ports.
pub(crate) const LARGEST_ARCHIVE: u64 = 256 << 20;
/// Most artefacts of one directory: a console log for each of 10,000 machines.
pub(crate) const MOST_FILES: usize = 10_000;
