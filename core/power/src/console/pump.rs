//! Carries bytes between a console and a terminal or pipe.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read, write},
    net::{RecvFlags, SendFlags, recv, send},
};

use super::{escape::Escape, signals::Signals};

/// Ctrl-].
const DETACH: u8 = 0x1d;

/// Most keys that wait for a guest that reads none; the rest is dropped.
const MOST_UNSENT: usize = 64 * 1024;

/// Ends what a guest may have switched on in a terminal: attributes, a hidden cursor, reports of the mouse, and
/// marked pastes.
const RESET: &[u8] =
    b"\x1b[!p\x1b[0m\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\r\n";

/// Avoids SIGPIPE when the machine has ended.
#[cfg(not(target_vendor = "apple"))]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND_FLAGS: SendFlags = SendFlags::empty();

/// Why an attachment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsoleEnd {
    /// By its key.
    Detached,
    /// QEMU ended.
    MachineEnded,
    /// Nobody reads the output any more.
    OutputClosed,
    /// By a signal, or the terminal was closed.
    Interrupted,
}

/// Most bytes that are written at once: as many as a pipe with any room takes without waiting.
const PIECE: usize = 512;

/// Where the console is shown.
pub(crate) struct Output<'a> {
    pub(crate) descriptor: BorrowedFd<'a>,
    /// For plain text.
    pub(crate) escape: Option<Escape>,
    /// What ends the wait for a reader that does not read.
    pub(crate) signals: &'a Signals,
}

impl Output<'_> {
    /// Shows the bytes. The end of the attachment, if nobody reads them.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<Option<ConsoleEnd>, Errno> {
        match &mut self.escape {
            Some(escape) => {
                let text = escape.text(piece);
                self.write_all(text.as_bytes())
            }
            None => self.write_all(piece),
        }
    }

    pub(crate) fn reset_terminal(&self) {
        // A terminal that is gone needs none.
        self.write_all(RESET).ok();
    }

    fn write_all(&self, mut bytes: &[u8]) -> Result<Option<ConsoleEnd>, Errno> {
        while !bytes.is_empty() {
            let mut polled = [
                PollFd::new(&self.signals.arrived, PollFlags::IN),
                PollFd::from_borrowed_fd(self.descriptor, PollFlags::OUT),
            ];
            poll(&mut polled, None).or_else(again)?;
            let [has_signal, has_room] = polled.map(|each| !each.revents().is_empty());
            if has_room {
                match write(self.descriptor, &bytes[..bytes.len().min(PIECE)]) {
                    Ok(count) => bytes = &bytes[count..],
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(Errno::PIPE) => return Ok(Some(ConsoleEnd::OutputClosed)),
                    Err(error) => return Err(error),
                }
            } else if has_signal {
                return Ok(Some(ConsoleEnd::Interrupted));
            }
        }
        Ok(None)
    }
}

fn again(error: Errno) -> Result<usize, Errno> {
    if error == Errno::INTR { Ok(0) } else { Err(error) }
}

/// Carries bytes until the end. `console` never waits.
pub(crate) fn run(
    console: &OwnedFd,
    input: BorrowedFd<'_>,
    is_terminal: bool,
    output: &mut Output<'_>,
) -> Result<ConsoleEnd, Errno> {
    let mut keys = Keys { input, is_terminal, is_open: true, detaches: false, unsent: Vec::new() };
    loop {
        let (wants_keys, wants_room) = (keys.is_wanted(), !keys.unsent.is_empty());
        let room = if wants_room { PollFlags::OUT } else { PollFlags::empty() };
        let mut polled = vec![
            PollFd::new(&output.signals.arrived, PollFlags::IN),
            PollFd::new(console, PollFlags::IN | room),
        ];
        if wants_keys {
            polled.push(PollFd::from_borrowed_fd(input, PollFlags::IN));
        }
        poll(&mut polled, None).or_else(again)?;
        let ready: Vec<bool> = polled.iter().map(|each| !each.revents().is_empty()).collect();
        if ready[0] {
            return Ok(ConsoleEnd::Interrupted);
        }
        if wants_keys && ready[2] && !keys.read()? {
            return Ok(ConsoleEnd::Interrupted);
        }
        if let Some(end) = keys.send(console)? {
            return Ok(end);
        }
        if ready[1]
            && let Some(end) = show(console, output)?
        {
            return Ok(end);
        }
    }
}

/// Shows what has come.
fn show(console: &OwnedFd, output: &mut Output<'_>) -> Result<Option<ConsoleEnd>, Errno> {
    let mut piece = [0_u8; 4096];
    let count = match recv(console, &mut piece[..], RecvFlags::empty()) {
        Ok((0, _)) | Err(Errno::CONNRESET) => return Ok(Some(ConsoleEnd::MachineEnded)),
        Ok((count, _)) => count,
        Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
        Err(error) => return Err(error),
    };
    output.write(&piece[..count])
}

/// What the user types, on its way to the guest.
struct Keys<'a> {
    input: BorrowedFd<'a>,
    is_terminal: bool,
    is_open: bool,
    /// The user has pressed the key that detaches, which what was typed before goes ahead of.
    detaches: bool,
    unsent: Vec<u8>,
}

impl Keys<'_> {
    /// Whether more is read: a pipe waits until everything has been sent, and a person may detach from a guest
    /// that reads nothing.
    fn is_wanted(&self) -> bool {
        self.is_open && !self.detaches && (self.is_terminal || self.unsent.is_empty())
    }

    /// Whether there may be more. A terminal's input ends with the terminal.
    fn read(&mut self) -> Result<bool, Errno> {
        let mut chunk = [0_u8; 1024];
        let count = match read(self.input, &mut chunk) {
            Ok(count) => count,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(true),
            Err(Errno::IO) if self.is_terminal => return Ok(false),
            Err(error) => return Err(error),
        };
        self.is_open = count > 0;
        let typed = &chunk[..count];
        let key = typed.iter().position(|byte| *byte == DETACH).filter(|_| self.is_terminal);
        self.detaches = key.is_some();
        let room = MOST_UNSENT.saturating_sub(self.unsent.len());
        self.unsent.extend_from_slice(&typed[..key.unwrap_or(count).min(room)]);
        Ok(self.is_open || !self.is_terminal)
    }

    fn send(&mut self, console: &OwnedFd) -> Result<Option<ConsoleEnd>, Errno> {
        if !self.unsent.is_empty() {
            match send(console.as_fd(), &self.unsent, SEND_FLAGS) {
                Ok(count) => drop(self.unsent.drain(..count)),
                // A user who detaches does not wait for a guest that reads nothing.
                Err(Errno::AGAIN) if self.detaches => return Ok(Some(ConsoleEnd::Detached)),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Ok(Some(ConsoleEnd::MachineEnded)),
                Err(error) => return Err(error),
            }
        }
        Ok((self.detaches && self.unsent.is_empty()).then_some(ConsoleEnd::Detached))
    }
}
