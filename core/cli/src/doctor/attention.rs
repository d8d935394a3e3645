//! A wait that a person can end at any moment: by Enter, Ctrl-D or Ctrl-C.

use std::{
    io::{self, IsTerminal as _, Read as _},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag, low_level,
};

/// Signals that end a wait: Ctrl-C, a polite end, and a terminal that is closed.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Signals of this process. Until they are held off, they end it, as they do by themselves.
pub(crate) struct Attention {
    /// Becomes readable with each signal.
    signals: UnixStream,
    /// Whether a signal ends the process.
    ends: Arc<AtomicBool>,
}

impl Attention {
    /// Takes the signals over.
    pub(crate) fn new() -> io::Result<Self> {
        let (signals, sender) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        let ends = Arc::new(AtomicBool::new(true));
        for signal in SIGNALS {
            flag::register_conditional_default(signal, Arc::clone(&ends))?;
            low_level::pipe::register(signal, sender.try_clone()?)?;
        }
        Ok(Self { signals, ends })
    }

    /// From now on a signal ends a wait and not the process, until what is returned is dropped.
    pub(crate) fn hold(&self) -> Held<'_> {
        let mut earlier = [0; 64];
        while matches!((&self.signals).read(&mut earlier), Ok(count) if count > 0) {}
        self.ends.store(false, Ordering::SeqCst);
        Held(self)
    }
}

/// Signals that are held off.
pub(crate) struct Held<'a>(&'a Attention);

impl Held<'_> {
    /// Waits this long; `false`: the person wants the answer now.
    pub(crate) fn pause(&self, interval: Duration) -> bool {
        let stdin = io::stdin();
        // Input that is no terminal has nobody behind it who could end the wait.
        let asked = if stdin.is_terminal() { PollFlags::IN } else { PollFlags::empty() };
        let deadline = Instant::now() + interval;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(timeout) = Timespec::try_from(left) else { return true };
            let mut watched =
                [PollFd::new(&self.0.signals, PollFlags::IN), PollFd::new(&stdin, asked)];
            let watched = if asked.is_empty() { &mut watched[..1] } else { &mut watched[..] };
            match poll(watched, Some(&timeout)) {
                Ok(0) => return true,
                Ok(_) => {
                    if watched.get(1).is_some_and(|stdin| !stdin.revents().is_empty()) {
                        // The line is no answer to a later question.
                        stdin.read_line(&mut String::new()).ok();
                    }
                    return false;
                }
                Err(Errno::INTR) if !left.is_zero() => {}
                Err(_) => return true,
            }
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.ends.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_all_waits_until_the_next_hold() {
        let attention = Attention::new().expect("signals");
        let held = attention.hold();
        assert!(held.pause(Duration::ZERO));
        low_level::raise(SIGINT).expect("a signal");
        let began = Instant::now();
        assert!(!held.pause(Duration::from_mins(1)));
        assert!(!held.pause(Duration::from_mins(1)));
        assert!(began.elapsed() < Duration::from_secs(30));
        drop(held);
        assert!(attention.hold().pause(Duration::ZERO));
    }
}
