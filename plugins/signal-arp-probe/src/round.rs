//! All addresses of a batch at once, each on its link.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use vmkit_plugin::{Cx, Error, ErrorCode, Link, Result, Subject, Unread};
use vmkit_probing::{CANCEL_CHECK, Target, time_left};

use crate::{
    exchange::{Exchange, Step},
    frame,
    outcome::{Answer, Outcome},
};

/// Most addresses that one call asks for: three broadcasts each keep a Wi-Fi link busy for up to a
/// second. More addresses are in doubt only if a whole network is at fault.
const MOST_ASKED: usize = 256;
/// Frames read from one link before the next link gets its turn.
const FRAMES_AT_ONCE: usize = 64;
/// Most frames of earlier rounds that are dropped from a socket: four times what its buffer holds.
const OLD_FRAMES: usize = 1024;
/// Octets read of one frame; the host's filter cuts each to 60.
const FRAME: usize = 64;

/// One link with its socket and its questions.
struct Line<'a> {
    link: &'a Link,
    socket: File,
    exchange: Exchange,
    failure: Option<Unread>,
}

/// Asks for the targets and returns each answer. Addresses that are on no link of the host are
/// skipped.
///
/// # Errors
/// `Denied`: the host may not open raw sockets.
pub(crate) fn run(targets: &[Target], vms: &[Subject], cx: &Cx<'_>) -> Result<Vec<Answer>> {
    let mut answers = Vec::new();
    let mut lines = Vec::new();
    let (asked, beyond) = on_links(targets, vms);
    for (link, addresses) in &asked {
        match cx.raw_socket(&link.interface) {
            Ok(socket) => {
                let exchange = Exchange::new(addresses.iter().copied());
                lines.push(Line { link, socket, exchange, failure: None });
            }
            Err(error) if error.code == ErrorCode::Denied => return Err(error),
            Err(error) => {
                let why = match error.code {
                    ErrorCode::NotFound => Unread::Unsupported,
                    _ => Unread::Failed(error.message),
                };
                answers.extend(addresses.iter().map(|address| unread(link, *address, &why)));
            }
        }
    }
    let not_tried = beyond.iter().map(|(link, address)| unread(link, *address, &Unread::NotTried));
    answers.extend(not_tried);
    let began = Instant::now();
    let most = time_left(cx);
    converse(&mut lines, began, most, cx)?;
    for Line { link, exchange, failure, .. } in lines {
        answers.extend(exchange.outcomes(began.elapsed()).map(|(address, outcome)| {
            let outcome = failure.clone().map_or(outcome, Outcome::Unread);
            Answer { address, interface: Some(link.interface.clone()), outcome, age: None }
        }));
    }
    Ok(answers)
}

type OnLinks<'a> = Vec<(&'a Link, Vec<Ipv4Addr>)>;

/// The addresses by link, and those beyond the most that one call asks for.
fn on_links<'a>(
    targets: &[Target],
    vms: &'a [Subject],
) -> (OnLinks<'a>, Vec<(&'a Link, Ipv4Addr)>) {
    let mut asked: OnLinks<'_> = Vec::new();
    let mut beyond = Vec::new();
    let mut count = 0;
    for target in targets {
        let IpAddr::V4(address) = target.address else { continue };
        let machines = target.machines.iter().filter_map(|&vm| vms.get(vm));
        let links = machines.flat_map(|vm| &vm.links).filter(|link| link.holds(address));
        let Some(link) = links.max_by_key(|link| link.length) else { continue };
        count += 1;
        if count > MOST_ASKED {
            beyond.push((link, address));
        } else if let Some((_, addresses)) = asked.iter_mut().find(|(known, _)| *known == link) {
            addresses.push(address);
        } else {
            asked.push((link, vec![address]));
        }
    }
    (asked, beyond)
}

fn unread(link: &Link, address: Ipv4Addr, why: &Unread) -> Answer {
    let outcome = Outcome::Unread(why.clone());
    Answer { address, interface: Some(link.interface.clone()), outcome, age: None }
}

/// Asks and listens until every question is answered or over, or `most` has passed.
fn converse(lines: &mut [Line<'_>], began: Instant, most: Duration, cx: &Cx<'_>) -> Result<()> {
    lines.iter_mut().for_each(Line::drop_old_frames);
    loop {
        cx.check()?;
        let mut next: Option<Duration> = None;
        for line in lines.iter_mut().filter(|line| line.failure.is_none()) {
            line.listen(began);
            let at = line.ask(began);
            next = next.into_iter().chain(at).min();
        }
        let now = began.elapsed();
        let Some(next) = next.filter(|_| now < most) else { return Ok(()) };
        let wait = next.min(most).saturating_sub(now).min(CANCEL_CHECK);
        wait_for_frames(lines, wait)?;
    }
}

fn wait_for_frames(lines: &[Line<'_>], wait: Duration) -> Result<()> {
    let open = lines.iter().filter(|line| line.failure.is_none());
    let mut sockets: Vec<_> = open.map(|line| PollFd::new(&line.socket, PollFlags::IN)).collect();
    let wait = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut sockets, Some(&wait)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(Error::io("wait for ARP replies", &error.into())),
    }
}

impl Line<'_> {
    /// Drops the frames that came before the first question.
    fn drop_old_frames(&mut self) {
        let mut frame = [0; FRAME];
        for _ in 0..OLD_FRAMES {
            if self.socket.read(&mut frame).is_err() {
                return;
            }
        }
    }

    /// Reads the frames that have come.
    fn listen(&mut self, began: Instant) {
        let mut frame = [0; FRAME];
        for _ in 0..FRAMES_AT_ONCE {
            match self.socket.read(&mut frame) {
                Ok(length) => {
                    let reply = frame.get(..length).and_then(|own| frame::reply(own, self.link));
                    if let Some(reply) = reply {
                        self.exchange.replied(reply, began.elapsed());
                    }
                }
                Err(error) => return self.fail_unless_busy("receive", &error),
            }
        }
    }

    /// Sends the requests that are due; returns when to call again, or `None` when all questions are
    /// over.
    fn ask(&mut self, began: Instant) -> Option<Duration> {
        loop {
            let now = began.elapsed();
            let address = match self.exchange.step(now) {
                Step::Ask(address) => address,
                Step::WaitUntil(at) => return Some(at),
                Step::Done => return None,
            };
            let request = frame::request(self.link, address)?;
            match self.socket.write_all(&request) {
                Ok(()) => self.exchange.asked(address, now),
                Err(error) => {
                    self.fail_unless_busy("send", &error);
                    return self.failure.is_none().then_some(now + CANCEL_CHECK);
                }
            }
        }
    }

    fn fail_unless_busy(&mut self, operation: &str, error: &io::Error) {
        let passing = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
        if !passing.contains(&error.kind()) {
            let interface = &self.link.interface;
            self.failure = Some(Unread::Failed(format!("{operation} ARP on {interface}: {error}")));
        }
    }
}
