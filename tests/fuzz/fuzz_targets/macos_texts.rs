//! The output of macOS's tools.

#![cfg_attr(fuzzing, no_main)]

fn read(bytes: &[u8]) {
    vmkit_platform::macos_text::parse_for_test(&String::from_utf8_lossy(bytes));
}

vmkit_fuzz::target!();
