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
use vmkit_plugin::{Cx, Error, ErrorCode, Link, Result, Subject, Target, Unread};

use crate::{
    exchange::{Exchange, Step},
    frame,
    outcome::{Answer, Outcome},
};

/// Addresses that are asked for in one call: three broadcasts each, which a link of Wi-Fi bears for a
/// second. More are in doubt only where a whole network is at fault.
const MOST_ASKED: usize = 256;
/// Frames taken off a link before the others have their turn.
const FRAMES_AT_ONCE: usize = 64;
/// Frames of earlier rounds that a socket can hold: four times what its buffer has room for.
const OLD_FRAMES: usize = 1024;
/// Room for one frame: the host's filter cuts it to 60 octets.
const FRAME: usize = 64;
/// Time kept back from the host's deadline to report what was found.
const MARGIN: Duration = Duration::from_millis(20);
/// How often a waiting round looks whether the host has cancelled it.
const CANCEL_CHECK: Duration = Duration::from_millis(25);

/// The questions on one link and the socket for them.
struct Line<'a> {
    link: &'a Link,
    socket: File,
    exchange: Exchange,
    failure: Option<Unread>,
}

/// Asks for all of them and returns what each gave. Those on no link of the host's are left out.
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
    let most = cx.remaining().saturating_sub(MARGIN);
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

/// The addresses by the link that they are on, and those that are too many to be asked for.
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

/// Asks and listens until everything is told or `most` has passed.
fn converse(lines: &mut [Line<'_>], began: Instant, most: Duration, cx: &Cx<'_>) -> Result<()> {
    lines.iter_mut().for_each(Line::forget);
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
    /// Drops the frames that came before anything was asked.
    fn forget(&mut self) {
        let mut frame = [0; FRAME];
        for _ in 0..OLD_FRAMES {
            if self.socket.read(&mut frame).is_err() {
                return;
            }
        }
    }

    /// Takes the frames that are there.
    fn listen(&mut self, began: Instant) {
        let mut frame = [0; FRAME];
        for _ in 0..FRAMES_AT_ONCE {
            match self.socket.read(&mut frame) {
                Ok(length) => {
                    let reply = frame.get(..length).and_then(|own| frame::reply(own, self.link));
                    if let Some(reply) = reply {
                        self.exchange.heard(reply, began.elapsed());
                    }
                }
                Err(error) => return self.fail_unless_busy("hear", &error),
            }
        }
    }

    /// Sends what is due; returns when to look again, `None` when everything is told.
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
                    self.fail_unless_busy("ask", &error);
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
