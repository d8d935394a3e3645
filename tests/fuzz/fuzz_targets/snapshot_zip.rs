//! Zips of snapshots.

#![cfg_attr(fuzzing, no_main)]

use std::{hint::black_box, io::Cursor, path::Path};

use vmkit_files::Directory;

fn read(bytes: &[u8]) {
    let to = Directory::temporary(Path::new("/fuzz.zip")).expect("a temporary directory");
    _ = black_box(vmkit_snapshot::unpack(Cursor::new(bytes), &to));
}

vmkit_fuzz::target!();
