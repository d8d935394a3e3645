//! The parsers of untrusted input, for fuzzing.

use std::hint::black_box;

use crate::{architecture, former_guest::FormerGuest, image, ssh_key};

/// The first bytes of an image of a disk.
pub fn image(bytes: &[u8]) {
    _ = black_box(image::judge(bytes, bytes.len() as u64));
    black_box(architecture::of_partitions(bytes));
}

/// A file of public keys, or the user-data of a clone's source.
pub fn keys(text: &str) {
    _ = black_box(ssh_key::keys(text, "a file"));
    black_box(FormerGuest::parse(text));
}
