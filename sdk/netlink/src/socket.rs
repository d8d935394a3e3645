//! A routing netlink socket.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use netlink_packet_core::{NLM_F_DUMP_INTR, NLM_F_MULTIPART, NLM_F_REQUEST, NetlinkBuffer};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::{
    io::Errno,
    net::{
        RecvFlags,
        sockopt::{Timeout, set_socket_timeout},
    },
};

use crate::{
    ReadError,
    message::{Part, packets, serialized},
};

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// The kernel fills at most 32 KiB per read of a dump. Twice that also has room for any single answer.
const READ_BUFFER: usize = 64 << 10;

/// Most requests in one message. The kernel answers all of them before the first answer is read: a route
/// takes a page of the receive buffer, which has some 200 KiB.
const AT_ONCE: usize = 32;

/// A complete answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Whether the table changed meanwhile, so that entries may be missing or duplicate.
    pub interrupted: bool,
}

/// A socket for requests, or for events.
#[derive(Debug)]
pub struct RouteSocket {
    socket: Socket,
    port: u32,
    sequence: u32,
    buffer: Vec<u8>,
}

impl RouteSocket {
    /// Opens a socket, which needs no privilege.
    ///
    /// # Errors
    /// The kernel has none left, or forbids it.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        let port = socket.bind_auto()?.port_number();
        Ok(Self { socket, port, sequence: 0, buffer: Vec::with_capacity(READ_BUFFER) })
    }

    /// Has the kernel send the events of this group (`RTNLGRP_…` of `linux/rtnetlink.h`).
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn join(&self, group: u32) -> io::Result<()> {
        self.socket.add_membership(group).map(drop)
    }

    /// Forgets the events that have come.
    ///
    /// # Errors
    /// The socket fails.
    pub fn forget(&mut self) -> io::Result<()> {
        loop {
            self.buffer.clear();
            let flags = RecvFlags::DONTWAIT.bits().cast_signed();
            match self.socket.recv_from(&mut self.buffer, flags) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // Some events were lost, which are forgotten anyway.
                Err(error) if is(&error, Errno::NOBUFS) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => received.map(drop)?,
            }
        }
    }

    /// Sends one request with these flags besides `NLM_F_REQUEST`, and calls `each` with each part of the
    /// answer until it is complete.
    ///
    /// # Errors
    /// The kernel refuses, drops a part, or does not answer by then.
    pub fn ask(
        &mut self,
        message: RouteNetlinkMessage,
        flags: u16,
        deadline: Instant,
        mut each: impl FnMut(Part<'_>),
    ) -> Result<Answer, ReadError> {
        let sequence = self.next();
        self.send(&serialized(message, NLM_F_REQUEST | flags, sequence))?;
        let mut answer = Answer { interrupted: false };
        loop {
            self.receive(deadline)?;
            if self.take(&mut answer, &mut each)? {
                return Ok(answer);
            }
        }
    }

    /// Sends the request that `request` makes from each index below `count`. Calls `each` with the one
    /// message that answers each request, or with the kernel's refusal.
    ///
    /// # Errors
    /// The kernel drops a part, or does not answer by then.
    pub fn ask_each(
        &mut self,
        count: usize,
        request: impl Fn(usize) -> RouteNetlinkMessage,
        deadline: Instant,
        mut each: impl FnMut(usize, io::Result<Part<'_>>),
    ) -> Result<(), ReadError> {
        for from in (0..count).step_by(AT_ONCE) {
            let asked = from..count.min(from + AT_ONCE);
            let first = self.sequence.wrapping_add(1);
            let mut requests = Vec::new();
            for index in asked.clone() {
                let sequence = self.next();
                requests.extend(serialized(request(index), NLM_F_REQUEST, sequence));
            }
            self.send(&requests)?;
            let mut open = asked.len();
            while open > 0 {
                self.receive(deadline)?;
                for packet in packets(&self.buffer) {
                    let number = packet.sequence_number().wrapping_sub(first) as usize;
                    if packet.port_number() == self.port && number < asked.len() {
                        open = open.saturating_sub(1);
                        each(from + number, refusal(&packet).map_or(Ok(part(&packet)), Err));
                    }
                }
            }
        }
        Ok(())
    }

    fn next(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    fn send(&self, requests: &[u8]) -> Result<(), ReadError> {
        let sent = self.socket.send_to(requests, &SocketAddr::new(0, 0), 0);
        sent.map(drop).map_err(ReadError::Failed)
    }

    /// Receives messages. It first tries without waiting, because the kernel answers most requests while
    /// they are being sent.
    fn receive(&mut self, deadline: Instant) -> Result<(), ReadError> {
        let mut flags = RecvFlags::DONTWAIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ReadError::Failed(io::ErrorKind::TimedOut.into()));
            }
            if flags.is_empty() {
                set_socket_timeout(&self.socket, Timeout::Recv, Some(left))
                    .map_err(|error| ReadError::Failed(error.into()))?;
            }
            self.buffer.clear();
            match self.socket.recv_from(&mut self.buffer, flags.bits().cast_signed()) {
                // Any process may send to the socket; only the kernel has port 0.
                Ok((_, sender)) if sender.port_number() == 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // After a wait this is the timeout of the socket, which the deadline decides on.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    flags = RecvFlags::empty();
                }
                Err(error) if is(&error, Errno::NOBUFS) => return Err(ReadError::Overrun),
                Err(error) => return Err(ReadError::Failed(error)),
            }
        }
    }

    /// Calls `each` with the parts in the buffer; true once the answer is complete.
    fn take(
        &self,
        answer: &mut Answer,
        each: &mut impl FnMut(Part<'_>),
    ) -> Result<bool, ReadError> {
        for packet in packets(&self.buffer) {
            if packet.sequence_number() != self.sequence || packet.port_number() != self.port {
                continue;
            }
            answer.interrupted |= packet.flags() & NLM_F_DUMP_INTR != 0;
            match packet.message_type() {
                NLMSG_DONE | NLMSG_ERROR => return refusal(&packet).map_or(Ok(true), refused),
                _ => each(part(&packet)),
            }
            if packet.flags() & NLM_F_MULTIPART == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl AsFd for RouteSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn part<'a>(packet: &NetlinkBuffer<&'a [u8]>) -> Part<'a> {
    Part { kind: packet.message_type(), payload: packet.payload() }
}

/// The kernel's error; `None`: this is another message, the end of a whole dump, or the acknowledgement of
/// a change.
fn refusal(packet: &NetlinkBuffer<&[u8]>) -> Option<io::Error> {
    if !matches!(packet.message_type(), NLMSG_DONE | NLMSG_ERROR) {
        return None;
    }
    let code = packet.payload().first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
    (code < 0).then(|| io::Error::from_raw_os_error(code.wrapping_neg()))
}

fn refused(error: io::Error) -> Result<bool, ReadError> {
    Err(ReadError::Refused(error))
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use netlink_packet_core::NLM_F_DUMP;
    use netlink_packet_route::link::LinkMessage;

    use super::*;

    /// Enough for a busy computer: the kernel answers while the request is sent.
    const PATIENCE: Duration = Duration::from_mins(1);

    fn link(index: u32) -> RouteNetlinkMessage {
        let mut message = LinkMessage::default();
        message.header.index = index;
        RouteNetlinkMessage::GetLink(message)
    }

    fn socket() -> (RouteSocket, Instant) {
        (RouteSocket::open().unwrap(), Instant::now() + PATIENCE)
    }

    #[test]
    fn a_dump_that_failed_in_between_is_refused() {
        // The end of a dump has the kernel's error, or zero.
        for (code, expected) in [(0, None), (-Errno::MSGSIZE.raw_os_error(), Some(Errno::MSGSIZE))]
        {
            let mut bytes = vec![0; 20];
            let mut packet = NetlinkBuffer::new(&mut bytes);
            packet.set_length(20);
            packet.set_message_type(NLMSG_DONE);
            packet.set_flags(NLM_F_MULTIPART);
            packet.payload_mut().copy_from_slice(&i32::to_ne_bytes(code));
            let (mut socket, _) = socket();
            socket.sequence = 0;
            socket.port = 0;
            socket.buffer = bytes;
            let taken = socket.take(&mut Answer { interrupted: false }, &mut |_| {});
            match (taken, expected) {
                (Ok(is_complete), None) => assert!(is_complete),
                (Err(error), Some(errno)) => assert!(error.is_refusal(errno), "{error:?}"),
                (taken, _) => panic!("{code}: {taken:?}"),
            }
        }
    }

    fn index(part: &Part<'_>) -> u32 {
        match part.parsed() {
            Ok(RouteNetlinkMessage::NewLink(link)) => link.header.index,
            other => panic!("no interface: {other:?}"),
        }
    }

    #[test]
    fn a_dump_has_the_loopback_interface() {
        let (mut socket, deadline) = socket();
        let mut found = Vec::new();
        let each = |part: Part<'_>| found.push(index(&part));
        socket
            .ask(RouteNetlinkMessage::GetLink(LinkMessage::default()), NLM_F_DUMP, deadline, each)
            .unwrap();
        assert!(found.contains(&1), "{found:?}");
    }

    #[test]
    fn each_of_many_requests_gets_its_own_answer() {
        let (mut socket, deadline) = socket();
        // Interface 1 is the loopback of every namespace; nothing has a number this large.
        let asked = |at: usize| if at.is_multiple_of(3) { link(i32::MAX as u32) } else { link(1) };
        let mut answers = vec![None; AT_ONCE * 2 + 1];
        let each = |at: usize, answer: io::Result<Part<'_>>| {
            answers[at] =
                Some(answer.map(|part| index(&part)).map_err(|error| is(&error, Errno::NODEV)));
        };
        socket.ask_each(AT_ONCE * 2 + 1, asked, deadline, each).unwrap();
        for (at, answer) in answers.into_iter().enumerate() {
            let expected = if at.is_multiple_of(3) { Err(true) } else { Ok(1) };
            assert_eq!(answer, Some(expected), "request {at}");
        }
    }

    #[test]
    fn a_refusal_ends_one_request_and_not_the_socket() {
        let (mut socket, deadline) = socket();
        let refused = socket.ask(link(i32::MAX as u32), 0, deadline, |_| {}).unwrap_err();
        assert!(refused.is_refusal(Errno::NODEV), "{refused:?}");
        let mut found = None;
        socket.ask(link(1), 0, deadline, |part| found = Some(index(&part))).unwrap();
        assert_eq!(found, Some(1));
    }

    #[test]
    fn a_deadline_that_is_over_is_a_timeout() {
        let (mut socket, _) = socket();
        let late = socket.ask(link(1), 0, Instant::now(), |_| {}).unwrap_err();
        assert_eq!(io::Error::from(late).kind(), io::ErrorKind::TimedOut);
    }
}
