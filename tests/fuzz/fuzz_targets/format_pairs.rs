//! Lines of pairs, in every dialect.

#![cfg_attr(fuzzing, no_main)]

use std::hint::black_box;

use vmkit_formats::pairs::{Dialect, parse};

fn read(bytes: &[u8]) {
    for dialect in [Dialect::Vmx, Dialect::Ini, Dialect::Colon, Dialect::Shell, Dialect::Ssh] {
        if let Err(error) = black_box(parse(bytes, dialect)) {
            let shown = error.to_string();
            assert!(!shown.contains(char::is_control), "an error of several lines");
        }
    }
}

vmkit_fuzz::target!();
