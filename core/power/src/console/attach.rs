//! Finds the console, shows what it said last, and joins both ends.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use vmkit_rights::peer;

use super::{
    escape::Escape,
    pump::{self, ConsoleEnd, Output},
    signals::Signals,
    tail,
    terminal::RawTerminal,
};
use crate::{error::PowerError, qmp::ConsoleSocket, running::Running, unix};

/// How a console is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsoleView {
    /// Every byte as the guest writes it, for a terminal whose user asked to be at the guest's. The guest can do
    /// to the terminal whatever a program on it can: move the cursor, set the title, write to the clipboard.
    Raw,
    /// As plain text: control characters are escaped.
    Plain,
}

/// Attaches input and output to the machine's console: first the last lines of its log, then what the guest
/// writes, until the end that is returned. At a terminal every key goes to the guest except Ctrl-], which
/// detaches; the terminal is restored at any end, also by a signal or a panic. The end of a pipe's input ends
/// nothing, since the guest may answer for long. There is no deadline: the user ends it.
///
/// # Errors
/// The machine has no console that can be attached, or another client is attached to it.
pub fn attach_console(
    running: &Running,
    view: ConsoleView,
    input: &impl AsFd,
    output: &impl AsFd,
) -> Result<ConsoleEnd, PowerError> {
    let files = running.files();
    match running.monitor().console()? {
        ConsoleSocket::Free => {}
        ConsoleSocket::InUse => return Err(PowerError::ConsoleInUse(files.name().to_owned())),
        ConsoleSocket::Missing => {
            let (name, log) = (files.name().to_owned(), files.console_log());
            return Err(PowerError::NoConsole { name, log });
        }
    }
    let path = files.console();
    let said = tail::last_lines(files);
    let console = connect(&path, running)?;
    let failed = || PowerError::system("attach", &path);
    let signals = Signals::new().map_err(failed())?;
    let escape = (view == ConsoleView::Plain).then(Escape::default);
    let mut output = Output { descriptor: output.as_fd(), escape, signals: &signals };
    let terminal = RawTerminal::of(input.as_fd(), view == ConsoleView::Plain);
    let terminal = terminal.map_err(|error| failed()(error.into()))?;
    let is_terminal = terminal.is_some();
    let end = match output.write(&said) {
        Ok(None) => pump::run(&console, input.as_fd(), is_terminal, &mut output),
        Ok(Some(end)) => Ok(end),
        Err(error) => Err(error),
    };
    if is_terminal && view == ConsoleView::Raw {
        output.reset_terminal();
    }
    drop(terminal);
    end.map_err(|error| failed()(error.into()))
}

fn connect(path: &Path, running: &Running) -> Result<OwnedFd, PowerError> {
    let failed = || PowerError::system("connect to the console", path);
    let console = unix::connect(path).map_err(|error| failed()(error.into()))?;
    let listener = peer(&console).map_err(failed())?.uid;
    if listener != 0 && listener != running.identity.user {
        let why = format!("user {listener} listens on it, who does not run the machine");
        return Err(failed()(io::Error::new(io::ErrorKind::PermissionDenied, why)));
    }
    Ok(console)
}
