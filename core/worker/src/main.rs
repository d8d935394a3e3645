//! The only process that loads a plugin. It confines itself, loads one library or starts one program,
//! serves calls over its standard input, and ends.
//!
//! Limits, user, no new privileges, file and network rules and the list of system calls are in force
//! before the library's first byte is mapped, so its initialisers are confined as well. A program is
//! started as a child with seals of its own, and speaks with this process alone.

#![expect(
    unsafe_code,
    reason = "limits, descriptors and identity of the process have no safe interface for all of it, nor has \
              the start of a sealed program, and leaving without running a plugin's exit handlers needs _exit"
)]

mod account;
mod call;
mod channel;
mod confine;
mod descriptors;
mod loaded;
mod machine;
mod plugin;
mod program;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    // It is started by the number of a descriptor, which would be its name in a list of processes.
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(c"vm-worker").ok();
    // A descriptor that stays open would pass to the plugin.
    if descriptors::close_inherited().is_err() {
        return ExitCode::FAILURE;
    }
    match serve::run() {
        Ok(()) => ExitCode::SUCCESS,
        // The host has left or speaks another protocol, so nobody can read a message.
        Err(_) => ExitCode::FAILURE,
    }
}
