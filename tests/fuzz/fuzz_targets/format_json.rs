//! JSON documents.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_formats::json;

fn read(bytes: &[u8]) {
    if let Err(error) = black_box(json::parse(bytes)) {
        let shown = error.to_string();
        assert!(!shown.contains(char::is_control), "an error of several lines");
    }
}

vmkit_fuzz::target!();
