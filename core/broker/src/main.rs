//! The only process of vmkit that keeps root's rights. It does the few things that need them, one
//! request at a time and each with its own checks, and nothing else.
//!
//! `vm-broker UID GID` serves the socket that is its standard input, for this user. It reads no file of
//! the user's, no environment and no configuration, and ends with its socket.

#![forbid(unsafe_code)]

mod capture;
mod discover;
mod interface;
mod serve;
mod survey;

use std::process::ExitCode;

fn main() -> ExitCode {
    // It is started by the number of a descriptor, which would be its name in a list of processes.
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(c"vm-broker").ok();
    // A Ctrl-C ends `vm`, and the end of `vm` ends this.
    rustix::process::setsid().ok();
    match serve::run() {
        Ok(()) => ExitCode::SUCCESS,
        // `vm` has left or speaks otherwise, so nobody can read a message.
        Err(_) => ExitCode::FAILURE,
    }
}
