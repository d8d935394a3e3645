//! Takes requests and answers them.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use vmkit_rights::{Account, Refusal, Reply, Request};
use vmkit_wire::{Receiver, WireError, send};

use crate::{
    agent::{self, Asked},
    capture, console,
    discover::Sender,
    hosts, listen, managers, monitor,
    network::{self, Port},
    plugins, process,
    remedy::Remedies,
    resolver, survey,
    who_has::Links,
};

/// How long a request may take to arrive: it is written at once.
const ARRIVAL: Duration = Duration::from_secs(5);
/// How long an answer may take to leave: it is read at once.
const DEPARTURE: Duration = Duration::from_secs(5);
/// Most requests at one time: a capture for each interface and a few more.
const MOST_AT_ONCE: usize = 64;

/// What requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) sender: Sender,
    pub(crate) remedies: Remedies,
    pub(crate) links: Links,
    user: Account,
    running: AtomicUsize,
}

/// Serves until the socket closes.
pub(crate) fn run(user: Account) -> Result<(), WireError> {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(WireError::Socket)?;
    let socket = UnixStream::from(stdin);
    let mut receiver = Receiver::with_descriptors();
    let shared = Arc::new(Shared {
        sender: Sender::default(),
        remedies: Remedies::of(user),
        links: Links::default(),
        user,
        running: AtomicUsize::new(0),
    });
    loop {
        match receiver.receive::<()>(&socket, None) {
            Ok(()) => {}
            Err(WireError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        }
        let channel = UnixStream::from(receiver.descriptor()?);
        if shared.running.fetch_add(1, Ordering::Relaxed) >= MOST_AT_ONCE {
            shared.running.fetch_sub(1, Ordering::Relaxed);
            answer(&channel, &Reply::Refused(Refusal::failed("too many requests at one time")));
            continue;
        }
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            serve(&channel, &shared);
            shared.running.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// One request on its own socket.
fn serve(channel: &UnixStream, shared: &Shared) {
    let mut receiver = Receiver::with_descriptors();
    // A request that is not understood is not answered: the other side has left or is broken.
    if let Ok(request) = receiver.receive(channel, Some(Instant::now() + ARRIVAL)) {
        serve_request(request, channel, receiver, shared);
    }
}

fn serve_request(request: Request, channel: &UnixStream, mut receiver: Receiver, shared: &Shared) {
    match request {
        Request::Capture { interface } => with_stream(channel, &mut receiver, |to| {
            capture::run(&interface, to, |reply| answer(channel, reply));
        }),
        Request::Discover(wanted) => {
            respond(channel, shared.sender.send(&wanted).map(|xid| Reply::Sent { xid }));
        }
        Request::Hosts { base } => {
            let written = stream(&mut receiver).and_then(|from| hosts::replace(base, from));
            respond(channel, written.map(Reply::Hosts));
        }
        Request::UndoHosts { base } => respond(channel, hosts::undo(base).map(Reply::Hosts)),
        Request::Listen { address } => hand_over(channel, listen::sockets(address)),
        Request::Resolver { suffix, server } => {
            respond(channel, resolver::change(&suffix, server).map(Reply::Resolver));
        }
        Request::PluginLock(change) => {
            respond(channel, plugins::change(change).map(|()| Reply::Done));
        }
        Request::Remedy { words } => {
            respond(channel, shared.remedies.run(&words).map(Reply::Ran));
        }
        Request::WhoHas(wanted) => {
            respond(channel, shared.links.who_has(&wanted).map(Reply::Holders));
        }
        Request::CountArp(wanted) => respond(channel, shared.links.count(&wanted)),
        Request::Process { pid } => {
            respond(channel, process::facts(pid, shared.user).map(Reply::Process));
        }
        Request::Monitor { pid, path, command } => with_stream(channel, &mut receiver, |to| {
            let answer = |reply: &Reply| answer(channel, reply);
            monitor::run((pid, &path), &command, shared.user, &to, answer);
        }),
        Request::GuestAgent { pid, path, command, patience_ms } => {
            with_stream(channel, &mut receiver, |to| {
                let asked = (Asked::Command(&command), patience_ms);
                agent::run((pid, &path), asked, shared.user, &to, |reply| answer(channel, reply));
            });
        }
        Request::GuestInside { pid, path, patience_ms } => {
            with_stream(channel, &mut receiver, |to| {
                let asked = (Asked::Inside, patience_ms);
                agent::run((pid, &path), asked, shared.user, &to, |reply| answer(channel, reply));
            });
        }
        Request::ManagerFile { path } => {
            hand_over(channel, managers::open(&path).map(|file| [file.into()]));
        }
        Request::ManagerFiles { pattern } => {
            respond(channel, managers::list(&pattern).map(Reply::Paths));
        }
        Request::Console { pid, path } => {
            let log = console::open(pid, &path, shared.user);
            hand_over(channel, log.map(|log| [log.into()]));
        }
        Request::Port(wanted) => hand_over_port(channel, network::port(&wanted)),
        Request::Survey(part) => with_stream(channel, &mut receiver, |to| {
            survey::run(part, shared.user, to, |reply| answer(channel, reply));
        }),
    }
}

/// Does this with the socket that came with the request.
fn with_stream(channel: &UnixStream, receiver: &mut Receiver, run: impl FnOnce(UnixStream)) {
    match stream(receiver) {
        Ok(socket) => run(socket),
        Err(refusal) => answer(channel, &Reply::Refused(refusal)),
    }
}

fn stream(receiver: &mut Receiver) -> Result<UnixStream, Refusal> {
    let descriptor: Result<OwnedFd, _> = receiver.descriptor();
    let missing = || Refusal::failed("no socket came with the request");
    descriptor.map(UnixStream::from).map_err(|_| missing())
}

/// Answers with these descriptors, or why there are none.
fn hand_over<const N: usize>(channel: &UnixStream, opened: Result<[OwnedFd; N], Refusal>) {
    match opened {
        Ok(descriptors) => {
            answer_with(channel, &Reply::Done, &descriptors.each_ref().map(OwnedFd::as_fd));
        }
        Err(refusal) => answer(channel, &Reply::Refused(refusal)),
    }
}

fn hand_over_port(channel: &UnixStream, made: Result<Port, Refusal>) {
    match made {
        Ok(Port { reply, descriptor }) => {
            answer_with(channel, &Reply::Port(Box::new(reply)), &[descriptor.as_fd()]);
        }
        Err(refusal) => answer(channel, &Reply::Refused(refusal)),
    }
}

fn respond(channel: &UnixStream, outcome: Result<Reply, Refusal>) {
    answer(channel, &outcome.unwrap_or_else(Reply::Refused));
}

fn answer(channel: &UnixStream, reply: &Reply) {
    answer_with(channel, reply, &[]);
}

fn answer_with(channel: &UnixStream, reply: &Reply, descriptors: &[BorrowedFd<'_>]) {
    // Who does not read the answer does not want it.
    channel.set_write_timeout(Some(DEPARTURE)).ok();
    send(channel, reply, descriptors).ok();
}
