//! Both ends of an attachment: a guest that the test plays, and a pipe or a pseudo terminal.

use std::{
    fs::File,
    io::{PipeReader, PipeWriter, Read as _, Write as _, pipe},
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixStream,
    },
    thread,
};

use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};
use signal_hook::{consts::SIGTERM, low_level};

use super::{
    escape::Escape,
    pump::{ConsoleEnd, Output, run},
    signals::Signals,
    terminal::RawTerminal,
};

/// A pseudo terminal: the user's end, and the end of the program.
fn terminal() -> (File, OwnedFd) {
    let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&user).unwrap();
    unlockpt(&user).unwrap();
    let name = ptsname(&user, Vec::new()).unwrap();
    let program = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (user.into(), program)
}

/// The guest's end of a console, and the end of an attachment to it.
fn console() -> (UnixStream, OwnedFd) {
    let (guest, ours) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    (guest, ours.into())
}

/// Attaches a pipe whose input is this; the end and the output.
fn through_pipes(
    input: &PipeReader,
    output: &PipeWriter,
    console: &OwnedFd,
    escape: Option<Escape>,
) -> ConsoleEnd {
    let signals = Signals::new().unwrap();
    let mut output = Output { descriptor: output.as_fd(), escape, signals: &signals };
    run(console, input.as_fd(), false, &mut output).unwrap()
}

#[test]
fn a_pipe_carries_every_byte_and_its_end_ends_nothing() {
    let ((mut guest, console), (input, mut typed)) = (console(), pipe().unwrap());
    let (mut shown, output) = pipe().unwrap();
    typed.write_all(b"ls\x1d\n").unwrap();
    drop(typed);
    let attached = thread::spawn(move || through_pipes(&input, &output, &console, None));
    let mut heard = [0; 4];
    guest.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"ls\x1d\n");
    guest.write_all(b"\x1b[1mfile\n").unwrap();
    drop(guest);
    assert_eq!(attached.join().unwrap(), ConsoleEnd::MachineEnded);
    let mut text = Vec::new();
    shown.read_to_end(&mut text).unwrap();
    assert_eq!(text, b"\x1b[1mfile\n");
}

#[test]
fn plain_text_has_no_control_characters() {
    let ((mut guest, console), (input, _typed)) = (console(), pipe().unwrap());
    let (mut shown, output) = pipe().unwrap();
    guest.write_all(b"\x1b]0;title\x07login: \r\n").unwrap();
    drop(guest);
    let end = through_pipes(&input, &output, &console, Some(Escape::default()));
    assert_eq!(end, ConsoleEnd::MachineEnded);
    drop(output);
    let mut text = String::new();
    shown.read_to_string(&mut text).unwrap();
    assert_eq!(text, "\\x1b]0;title\\x07login: \n");
}

#[test]
fn an_output_that_nobody_reads_ends_it() {
    let ((mut guest, console), (input, _typed)) = (console(), pipe().unwrap());
    let (shown, output) = pipe().unwrap();
    drop(shown);
    guest.write_all(b"x").unwrap();
    assert_eq!(through_pipes(&input, &output, &console, None), ConsoleEnd::OutputClosed);
}

/// Attaches the terminal as a command does; the end.
fn at_terminal(terminal: &OwnedFd, console: &OwnedFd, signals: &Signals) -> ConsoleEnd {
    let raw = RawTerminal::of(terminal.as_fd(), false).unwrap();
    assert!(!tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ICANON));
    let mut output = Output { descriptor: terminal.as_fd(), escape: None, signals };
    let end = run(console, terminal.as_fd(), raw.is_some(), &mut output).unwrap();
    drop(raw);
    end
}

#[test]
fn a_key_detaches_and_the_terminal_is_as_before() {
    let ((mut guest, console), (mut user, terminal)) = (console(), terminal());
    let before = format!("{:?}", tcgetattr(&terminal).unwrap());
    let typist = thread::spawn(move || {
        let mut byte = [0; 1];
        guest.write_all(b"$").unwrap();
        // It comes once the terminal is raw.
        user.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"$");
        user.write_all(b"\x03\x1a\x1d more").unwrap();
        let mut heard = [0; 2];
        guest.read_exact(&mut heard).unwrap();
        (heard, guest, user)
    });
    let end = at_terminal(&terminal, &console, &Signals::new().unwrap());
    assert_eq!(end, ConsoleEnd::Detached);
    assert_eq!(format!("{:?}", tcgetattr(&terminal).unwrap()), before);
    assert_eq!(typist.join().unwrap().0, *b"\x03\x1a", "Ctrl-C and Ctrl-Z are the guest's");
}

#[test]
fn a_user_can_detach_from_a_guest_that_reads_nothing() {
    let ((_guest, console), (mut user, terminal)) = (console(), terminal());
    let mut filler = UnixStream::from(console.try_clone().unwrap());
    while filler.write(&[b'x'; 4096]).is_ok() {}
    user.write_all(b"typed\x1d").unwrap();
    let end = at_terminal(&terminal, &console, &Signals::new().unwrap());
    assert_eq!(end, ConsoleEnd::Detached);
}

#[test]
fn a_signal_or_a_closed_terminal_ends_it_and_the_terminal_is_as_before() {
    let ((_guest, console), (user, terminal)) = (console(), terminal());
    let before = format!("{:?}", tcgetattr(&terminal).unwrap());
    let signals = Signals::new().unwrap();
    low_level::raise(SIGTERM).unwrap();
    assert_eq!(at_terminal(&terminal, &console, &signals), ConsoleEnd::Interrupted);
    assert_eq!(format!("{:?}", tcgetattr(&terminal).unwrap()), before);
    drop((signals, user));
    let raw = RawTerminal::of(terminal.as_fd(), false);
    let signals = Signals::new().unwrap();
    let mut output = Output { descriptor: terminal.as_fd(), escape: None, signals: &signals };
    let end = run(&console, terminal.as_fd(), true, &mut output).unwrap();
    assert_eq!(end, ConsoleEnd::Interrupted);
    drop(raw);
}

#[test]
fn a_signal_ends_the_wait_for_a_reader_that_does_not_read() {
    let ((mut guest, console), (input, _typed)) = (console(), pipe().unwrap());
    let (_shown, output) = pipe().unwrap();
    // From here on a signal does not end this process.
    let signals = Signals::new().unwrap();
    let attached = thread::spawn(move || {
        let mut output = Output { descriptor: output.as_fd(), escape: None, signals: &signals };
        run(&console, input.as_fd(), false, &mut output).unwrap()
    });
    // It takes what fits into the pipe and the sockets, and is stuck then.
    guest.set_nonblocking(true).unwrap();
    let mut stuck = 0;
    while stuck < 1000 {
        match guest.write(&[b'x'; 4096]) {
            Ok(_) => stuck = 0,
            Err(_) => stuck += 1,
        }
        thread::yield_now();
    }
    low_level::raise(SIGTERM).unwrap();
    assert_eq!(attached.join().unwrap(), ConsoleEnd::Interrupted);
}
