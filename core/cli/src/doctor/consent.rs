//! Asking the person at the terminal.

use std::{
    io::{self, BufRead as _, IsTerminal as _},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use crate::{arguments, output};

/// Whether DISCOVERs may be sent on this interface. Without a terminal nobody can be asked.
pub(crate) fn to_test(wanted: &arguments::Doctor, interface: &str) -> bool {
    if wanted.yes {
        return true;
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    let interface = vmkit_types::escaped(interface);
    output::note(&format!(
        "Ask the DHCP servers on {interface} for offers? This sends up to 13 DISCOVERs and takes no \
         lease; a server may hold an address for a moment. [y/N] "
    ));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Waits this long; `false`: the person at the terminal has pressed Enter, or ended the input.
pub(crate) fn goes_on_for(interval: Duration) -> bool {
    let stdin = io::stdin();
    let deadline = Instant::now() + interval;
    let is_terminal = stdin.is_terminal();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else { return true };
        // Input that is no terminal has nobody behind it who could end the wait.
        let flags = if is_terminal { PollFlags::IN } else { PollFlags::empty() };
        let mut watched = [PollFd::new(&stdin, flags)];
        let watched = if is_terminal { &mut watched[..] } else { &mut [] };
        match poll(watched, Some(&timeout)) {
            Ok(0) => return true,
            Ok(_) => return false,
            Err(Errno::INTR) if !left.is_zero() => {}
            Err(_) => return true,
        }
    }
}
