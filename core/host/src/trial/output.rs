//! What a plugin prints.

use std::{
    io::{self, PipeReader, Read as _},
    os::fd::OwnedFd,
    thread::{self, JoinHandle},
};

/// Most bytes that are kept.
const KEPT: u64 = 4 << 10;

/// Takes what the worker prints until its end.
pub(super) struct Output(JoinHandle<Vec<u8>>);

impl Output {
    /// Begins to take it. Returns the ends for standard output and standard error.
    pub(super) fn begin() -> io::Result<(Self, OwnedFd, OwnedFd)> {
        let (reader, writer) = io::pipe()?;
        let (first, second) = (writer.try_clone()?, writer);
        let taken = thread::spawn(move || take(reader));
        Ok((Self(taken), first.into(), second.into()))
    }

    /// The beginning of what was printed. The worker has ended, and with it all its ends of the pipe.
    pub(super) fn end(self) -> String {
        let bytes = self.0.join().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn take(mut reader: PipeReader) -> Vec<u8> {
    let mut kept = Vec::new();
    reader.by_ref().take(KEPT).read_to_end(&mut kept).ok();
    // The rest is taken as well, so that nobody waits who prints.
    io::copy(&mut reader, &mut io::sink()).ok();
    kept
}
