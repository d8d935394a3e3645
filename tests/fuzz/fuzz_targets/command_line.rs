//! The command line of a process, with arguments ended by NUL.

#![cfg_attr(fuzzing, no_main)]

use vmkit_inventory::parsers;

fn read(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let arguments: Vec<_> = text.split_terminator('\0').map(str::to_owned).collect();
    parsers::command_line(&arguments);
}

vmkit_fuzz::target!();
