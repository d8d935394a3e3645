//! A guest's console log.

#![cfg_attr(fuzzing, no_main)]

use signal_console::Console;
use vmkit_fuzz::discover;
use vmkit_testkit::FakeHost;

fn read(bytes: &[u8]) {
    discover::<Console>(&FakeHost::new().with_console(0, bytes));
}

vmkit_fuzz::target!();
