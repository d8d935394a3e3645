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
use vmkit_doctor::Pause;

/// Signals that end a wait: Ctrl-C, a polite end, and a terminal that is closed.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// The signals of this process. They end it unless they are held.
pub(crate) struct Attention {
    /// Becomes readable with each signal.
    signals: UnixStream,
    /// Whether a signal ends the process.
    ends: Arc<AtomicBool>,
}

impl Attention {
    /// Handles the signals from now on.
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

    /// Holds signals: until they are released, a signal ends a wait and not the process.
    pub(crate) fn hold(&self) {
        let mut earlier = [0; 64];
        while matches!((&self.signals).read(&mut earlier), Ok(count) if count > 0) {}
        self.ends.store(false, Ordering::SeqCst);
    }

    /// Releases signals.
    pub(crate) fn release(&self) {
        self.ends.store(true, Ordering::SeqCst);
    }

    /// Waits this long, or until a signal or a line of input arrives.
    pub(crate) fn pause(&self, interval: Duration) -> Pause {
        let stdin = io::stdin();
        // Only at a terminal there is a person who could end the wait.
        let events = if stdin.is_terminal() { PollFlags::IN } else { PollFlags::empty() };
        let deadline = Instant::now() + interval;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(timeout) = Timespec::try_from(left) else { return Pause::Over };
            let mut watched =
                [PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&stdin, events)];
            let watched = if events.is_empty() { &mut watched[..1] } else { &mut watched[..] };
            match poll(watched, Some(&timeout)) {
                Ok(0) => return Pause::Over,
                Ok(_) => {
                    if watched.get(1).is_some_and(|stdin| !stdin.revents().is_empty()) {
                        // This line must not answer a later question.
                        stdin.read_line(&mut String::new()).ok();
                    }
                    return Pause::EndedByPerson;
                }
                Err(Errno::INTR) if !left.is_zero() => {}
                Err(_) => return Pause::Over,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_ends_all_waits_until_the_next_hold() {
        let attention = Attention::new().expect("signals");
        attention.hold();
        assert_eq!(attention.pause(Duration::ZERO), Pause::Over);
        low_level::raise(SIGINT).expect("a signal");
        let began = Instant::now();
        assert_eq!(attention.pause(Duration::from_mins(1)), Pause::EndedByPerson);
        assert_eq!(attention.pause(Duration::from_mins(1)), Pause::EndedByPerson);
        assert!(began.elapsed() < Duration::from_secs(30));
        attention.release();
        attention.hold();
        assert_eq!(attention.pause(Duration::ZERO), Pause::Over);
    }
}
