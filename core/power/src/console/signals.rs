//! Signals that end an attachment, so that the terminal is restored.

use std::{io, os::unix::net::UnixStream};

use signal_hook::{
    SigId,
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM},
    low_level,
};

/// The signals by which a process is politely ended.
const SIGNALS: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// Holds the signals as long as it lives.
pub(crate) struct Signals {
    /// Becomes readable with each signal.
    pub(crate) arrived: UnixStream,
    registered: Vec<SigId>,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let (arrived, sender) = UnixStream::pair()?;
        let mut signals = Self { arrived, registered: Vec::new() };
        for signal in SIGNALS {
            let registered = low_level::pipe::register(signal, sender.try_clone()?)?;
            signals.registered.push(registered);
        }
        Ok(signals)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for registered in self.registered.drain(..) {
            low_level::unregister(registered);
        }
    }
}
