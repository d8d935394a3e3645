//! Small texts: addresses, links, names, and text to show.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_types::{Mac, bounded, escaped};

fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    _ = black_box(text.parse::<Mac>());
    let shown = escaped(&text);
    assert!(!shown.contains(char::is_control), "a control character remains");
    assert!(bounded(&shown, 100).len() <= 100, "longer than its bound");
}

vmkit_fuzz::target!();
