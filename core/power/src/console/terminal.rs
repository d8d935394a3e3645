//! The terminal that a console is shown on.

use std::os::fd::BorrowedFd;

use rustix::{
    io::Errno,
    termios::{OptionalActions, OutputModes, Termios, isatty, tcgetattr, tcsetattr},
};

/// A terminal that passes each key on as it is pressed. It is as before when this is dropped.
pub(crate) struct RawTerminal<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> RawTerminal<'a> {
    /// `None`: the input is no terminal. `begins_lines`: whether the terminal goes on with a new line at its left,
    /// which a guest's own programs do themselves.
    pub(crate) fn of(input: BorrowedFd<'a>, begins_lines: bool) -> Result<Option<Self>, Errno> {
        if !isatty(input) {
            return Ok(None);
        }
        let before = tcgetattr(input)?;
        let mut raw = before.clone();
        raw.make_raw();
        if begins_lines {
            raw.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
        }
        tcsetattr(input, OptionalActions::Now, &raw)?;
        Ok(Some(Self { terminal: input, before }))
    }
}

impl Drop for RawTerminal<'_> {
    fn drop(&mut self) {
        // Unread input is dropped: the guest can have the terminal send answers, which a shell would read.
        tcsetattr(self.terminal, OptionalActions::Flush, &self.before).ok();
    }
}
