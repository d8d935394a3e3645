//! The questions on one link, on its socket.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use vmkit_types::{ArpAnswer, ArpFailure, ArpOutcome, Unread};

use super::{
    exchange::{Exchange, Step},
    failure::failure,
    frame,
    link::Link,
};

/// Frames read from one link before the next link gets its turn.
const FRAMES_AT_ONCE: usize = 64;
/// Most frames of earlier rounds that are dropped from a socket: four times what its buffer holds.
const OLD_FRAMES: usize = 1024;
/// Octets read of one frame; the socket's filter cuts each to 60.
pub(super) const FRAME: usize = 64;
/// How soon to try again after a full queue of the card.
const BUSY: Duration = Duration::from_millis(25);

/// One link with its socket and its questions.
pub(super) struct Line<'a> {
    link: &'a Link,
    socket: &'a File,
    exchange: Exchange,
    failure: Option<(Unread, ArpFailure)>,
}

/// Asks and listens until every question is answered or over, or the deadline has passed.
///
/// # Errors
/// The system cannot wait for frames.
pub(super) fn converse(lines: &mut [Line<'_>], deadline: Instant) -> io::Result<Vec<ArpAnswer>> {
    let began = Instant::now();
    let most = deadline.saturating_duration_since(began);
    lines.iter_mut().for_each(Line::drop_old_frames);
    loop {
        let mut next: Option<Duration> = None;
        for line in lines.iter_mut().filter(|line| line.failure.is_none()) {
            line.listen(began);
            let at = line.ask(began);
            next = next.into_iter().chain(at).min();
        }
        let now = began.elapsed();
        let Some(next) = next.filter(|_| now < most) else { break };
        wait_for_frames(lines, next.min(most).saturating_sub(now))?;
    }
    let now = began.elapsed();
    Ok(lines.iter().flat_map(|line| line.answers(now)).collect())
}

fn wait_for_frames(lines: &[Line<'_>], wait: Duration) -> io::Result<()> {
    let open = lines.iter().filter(|line| line.failure.is_none());
    let mut sockets: Vec<_> = open.map(|line| PollFd::new(line.socket, PollFlags::IN)).collect();
    let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
    match poll(&mut sockets, Some(&wait)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl<'a> Line<'a> {
    pub(super) fn new(link: &'a Link, socket: &'a File, addresses: &[Ipv4Addr]) -> Self {
        let exchange = Exchange::new(addresses.iter().copied());
        Self { link, socket, exchange, failure: None }
    }

    fn answers(&self, now: Duration) -> impl Iterator<Item = ArpAnswer> {
        self.exchange.outcomes(now).map(|(address, outcome)| ArpAnswer {
            address,
            interface: Some(self.link.interface.clone()),
            // What was answered before the failure stands.
            outcome: match (&self.failure, outcome) {
                (None, outcome) | (Some(_), outcome @ ArpOutcome::Replies(_)) => outcome,
                (Some((why, _)), _) => ArpOutcome::Unread(why.clone()),
            },
            failure: self.failure.as_ref().map(|(_, failure)| *failure),
        })
    }

    /// Drops the frames that came before the first question.
    fn drop_old_frames(&mut self) {
        let (mut socket, mut frame) = (self.socket, [0; FRAME]);
        for _ in 0..OLD_FRAMES {
            if socket.read(&mut frame).is_err() {
                return;
            }
        }
    }

    /// Reads the frames that have come.
    fn listen(&mut self, began: Instant) {
        let (mut socket, mut frame) = (self.socket, [0; FRAME]);
        for _ in 0..FRAMES_AT_ONCE {
            match socket.read(&mut frame) {
                Ok(length) => {
                    let reply = frame.get(..length).and_then(|own| frame::reply(own, self.link));
                    if let Some(reply) = reply {
                        self.exchange.replied(reply, began.elapsed());
                    }
                }
                Err(error) => return self.fail_unless_busy("receive", &error, began),
            }
        }
    }

    /// Sends the requests that are due; returns when to call again, or `None` when all questions are
    /// over.
    fn ask(&mut self, began: Instant) -> Option<Duration> {
        let mut socket = self.socket;
        loop {
            let now = began.elapsed();
            let address = match self.exchange.step(now) {
                Step::Ask(address) => address,
                Step::WaitUntil(at) => return Some(at),
                Step::Done => return None,
            };
            match socket.write_all(&frame::request(self.link, address)) {
                Ok(()) => self.exchange.asked(address, now),
                Err(error) => {
                    self.fail_unless_busy("send", &error, began);
                    return self.failure.is_none().then_some(now + BUSY);
                }
            }
        }
    }

    fn fail_unless_busy(&mut self, operation: &str, error: &io::Error, began: Instant) {
        let passing = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
        if !passing.contains(&error.kind()) {
            let interface = &self.link.interface;
            let why = Unread::Failed(format!("{operation} ARP on {interface}: {error}"));
            self.failure = Some((why, failure(error, began.elapsed())));
        }
    }
}
