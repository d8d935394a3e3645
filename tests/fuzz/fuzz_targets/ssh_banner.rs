//! The first bytes of an SSH server.

#![cfg_attr(fuzzing, no_main)]

use signal_ssh::parse_for_test as read;

vmkit_fuzz::target!();
