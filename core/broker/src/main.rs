//! The only process of vmkit that keeps root's rights. It does the few things that need them, one
//! request at a time and each with its own checks, and nothing else.
//!
//! `vm-broker UID GID [PID]` serves the socket that is its standard input, for this user. It reads no file of
//! the user's, no environment and no configuration, and ends with its socket and, if it is named, with the process PID that started it.
//! On Linux it starts itself again for what outlives `vm`: networks and ports of running machines.

#![forbid(unsafe_code)]

mod agent;
mod capture;
mod children;
mod console;
mod discover;
mod hosts;
mod interface;
mod listen;
mod managers;
mod monitor;
mod named;
mod network;
mod place;
mod plugins;
mod process;
mod remedy;
mod resolver;
mod serve;
mod servers;
mod survey;
mod who_has;

use std::process::ExitCode;

use rustix::process::{getgid, getuid};
use vmkit_rights::Account;

fn main() -> ExitCode {
    // It is started by the number of a descriptor, which would be its name in a list of processes.
    #[cfg(target_os = "linux")]
    rustix::thread::set_name(c"vm-broker").ok();
    // A Ctrl-C ends `vm`, and the end of `vm` ends this.
    rustix::process::setsid().ok();
    if let Some(done) = network::mode(&std::env::args().skip(1).collect::<Vec<_>>()) {
        return if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let Some(user) = user() else { return ExitCode::FAILURE };
    if !ends_with_its_starter() {
        return ExitCode::FAILURE;
    }
    match serve::run(user) {
        Ok(()) => ExitCode::SUCCESS,
        // `vm` has left or speaks otherwise, so nobody can read a message.
        Err(_) => ExitCode::FAILURE,
    }
}

/// The user to serve. Only root can name another than its own.
fn user() -> Option<Account> {
    let mut named = std::env::args().skip(1).map(|word| word.parse::<u32>().ok());
    let (uid, gid) = (named.next()??, named.next()??);
    let own = Account { uid: getuid().as_raw(), gid: getgid().as_raw() };
    Some(if own.uid == 0 { Account { uid, gid } } else { own })
}

/// Makes the end of `vm` the end of this, where `vm` says its number: a copy of the socket in another
/// process does not keep root's rights alive. `false`: it has ended already.
fn ends_with_its_starter() -> bool {
    let Some(starter) = std::env::args().nth(3) else { return true };
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).ok();
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().to_string());
    parent == Some(starter)
}
