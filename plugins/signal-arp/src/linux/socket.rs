//! A routing netlink socket for requests with a deadline.

use std::{io, time::Instant};

use netlink_packet_core::{NLM_F_DUMP_INTR, NLM_F_MULTIPART, NetlinkBuffer};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::{
    io::Errno,
    net::{
        RecvFlags,
        sockopt::{Timeout, set_socket_timeout},
    },
};
use vmkit_plugin::{Error, ErrorCode, Result};

use super::message::{self, Part};

/// The kernel fills at most 32 KiB per read of a dump. Twice that also has room for any single answer.
const READ_BUFFER: usize = 64 << 10;

/// Most requests in one message. The kernel answers all of them before the first answer is read: a route
/// takes a page of the receive buffer, which has some 200 KiB.
const AT_ONCE: usize = 32;

/// Why an answer did not come.
pub(super) enum ReadError {
    /// The kernel dropped a part of it.
    Overrun,
    /// The kernel refused.
    Refused(io::Error),
    /// Anything else.
    Failed(Error),
}

impl ReadError {
    /// Whether the kernel refused for this reason.
    pub(super) fn is_refusal(&self, reason: Errno) -> bool {
        let code = Some(reason.raw_os_error());
        matches!(self, Self::Refused(error) if error.raw_os_error() == code)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Overrun => {
                Self::new(ErrorCode::Io, "read the neighbour table: the kernel dropped a part")
            }
            ReadError::Refused(error) => Self::io("ask the kernel over netlink", &error),
            ReadError::Failed(error) => error,
        }
    }
}

/// A complete answer.
pub(super) struct Answer {
    /// Whether the table changed meanwhile, so that entries may be missing or duplicate.
    pub(super) interrupted: bool,
}

/// The socket.
pub(super) struct RouteSocket {
    socket: Socket,
    port: u32,
    sequence: u32,
    buffer: Vec<u8>,
}

impl RouteSocket {
    pub(super) fn open() -> Result<Self> {
        let failed = |error: io::Error| Error::io("open a routing netlink socket", &error);
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(failed)?;
        let port = socket.bind_auto().map_err(failed)?.port_number();
        Ok(Self { socket, port, sequence: 0, buffer: Vec::with_capacity(READ_BUFFER) })
    }

    /// Sends the request that `request` makes from a new sequence number, and calls `each` with each part
    /// of the answer until it is complete.
    pub(super) fn ask(
        &mut self,
        request: &dyn Fn(u32) -> Vec<u8>,
        deadline: Instant,
        mut each: impl FnMut(Part<'_>),
    ) -> Result<Answer, ReadError> {
        self.sequence += 1;
        self.send(&request(self.sequence))?;
        let mut answer = Answer { interrupted: false };
        loop {
            self.receive(deadline)?;
            if self.take(&mut answer, &mut each)? {
                return Ok(answer);
            }
        }
    }

    /// Sends the requests that `request` makes from each index below `count` and a new sequence number.
    /// Calls `each` with the one message that answers each request, or with the kernel's refusal.
    pub(super) fn ask_each(
        &mut self,
        count: usize,
        request: impl Fn(usize, u32) -> Vec<u8>,
        deadline: Instant,
        mut each: impl FnMut(usize, Part<'_>),
    ) -> Result<(), ReadError> {
        for from in (0..count).step_by(AT_ONCE) {
            let asked = from..count.min(from + AT_ONCE);
            let first = self.sequence + 1;
            let mut requests = Vec::new();
            for index in asked.clone() {
                self.sequence += 1;
                requests.extend(request(index, self.sequence));
            }
            self.send(&requests)?;
            let mut open = asked.len();
            while open > 0 {
                self.receive(deadline)?;
                for packet in packets(&self.buffer) {
                    let number = packet.sequence_number().wrapping_sub(first) as usize;
                    if packet.port_number() == self.port && number < asked.len() {
                        open = open.saturating_sub(1);
                        let part = message::part(packet.message_type(), packet.payload());
                        each(from + number, part);
                    }
                }
            }
        }
        Ok(())
    }

    fn send(&self, requests: &[u8]) -> Result<(), ReadError> {
        let sent = self.socket.send_to(requests, &SocketAddr::new(0, 0), 0);
        sent.map(drop)
            .map_err(|error| ReadError::Failed(Error::io("ask the kernel over netlink", &error)))
    }

    /// Receives messages. It first tries without waiting, because the kernel answers most requests while
    /// they are being sent.
    fn receive(&mut self, deadline: Instant) -> Result<(), ReadError> {
        let operation = "read the kernel's netlink answer";
        let failed = |error: &io::Error| ReadError::Failed(Error::io(operation, error));
        let mut flags = RecvFlags::DONTWAIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(failed(&io::ErrorKind::TimedOut.into()));
            }
            if flags.is_empty() {
                set_socket_timeout(&self.socket, Timeout::Recv, Some(left))
                    .map_err(|error| failed(&error.into()))?;
            }
            self.buffer.clear();
            match self.socket.recv_from(&mut self.buffer, flags.bits().cast_signed()) {
                // Any process may send to the socket; only the kernel has port 0.
                Ok((_, sender)) if sender.port_number() == 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !flags.is_empty() => {
                    flags = RecvFlags::empty();
                }
                Err(error) if error.raw_os_error() == Some(Errno::NOBUFS.raw_os_error()) => {
                    return Err(ReadError::Overrun);
                }
                Err(error) => return Err(failed(&error)),
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
            let ours =
                packet.sequence_number() == self.sequence && packet.port_number() == self.port;
            if !ours {
                continue;
            }
            answer.interrupted |= packet.flags() & NLM_F_DUMP_INTR != 0;
            match message::part(packet.message_type(), packet.payload()) {
                Part::Done => return Ok(true),
                Part::Refused(error) => return Err(ReadError::Refused(error)),
                part => each(part),
            }
            if packet.flags() & NLM_F_MULTIPART == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The messages in the buffer.
fn packets(buffer: &[u8]) -> impl Iterator<Item = NetlinkBuffer<&[u8]>> {
    let mut rest = buffer;
    std::iter::from_fn(move || {
        let packet = NetlinkBuffer::new_checked(rest).ok()?;
        // Messages are aligned to four bytes.
        let length = (packet.length() as usize).next_multiple_of(4);
        rest = rest.get(length..).unwrap_or_default();
        Some(packet)
    })
}
