//! A routing netlink socket that asks one thing at a time, each with a deadline.

use std::{io, time::Instant};

use netlink_packet_core::{NLM_F_DUMP_INTR, NLM_F_MULTIPART, NetlinkBuffer};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::{
    io::Errno,
    net::sockopt::{Timeout, set_socket_timeout},
};
use vmkit_plugin::{Error, ErrorCode, Result};

use super::message::{self, Part};

/// The kernel fills at most 32 KiB per read of a dump, and as much as the reader offers; twice
/// that holds any single answer too.
const READ_BUFFER: usize = 64 << 10;

/// Why an answer did not come.
pub(super) enum ReadError {
    /// The kernel had to drop a part of it.
    Overrun,
    /// The kernel says no.
    Refused(io::Error),
    /// Anything else.
    Failed(Error),
}

impl ReadError {
    /// Whether the kernel has said no for this reason.
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
    /// The table changed while it was read: entries may be missing or twice.
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

    /// Sends what `request` makes of a fresh sequence number and passes on each part of the
    /// answer until it is complete.
    pub(super) fn ask(
        &mut self,
        request: &dyn Fn(u32) -> Vec<u8>,
        deadline: Instant,
        mut each: impl FnMut(Part<'_>),
    ) -> Result<Answer, ReadError> {
        self.sequence += 1;
        self.socket
            .send_to(&request(self.sequence), &SocketAddr::new(0, 0), 0)
            .map_err(|error| ReadError::Failed(Error::io("ask the kernel over netlink", &error)))?;
        let mut answer = Answer { interrupted: false };
        loop {
            self.receive(deadline)?;
            if self.take(&mut answer, &mut each)? {
                return Ok(answer);
            }
        }
    }

    fn receive(&mut self, deadline: Instant) -> Result<(), ReadError> {
        let operation = "read the kernel's netlink answer";
        let failed = |error: &io::Error| ReadError::Failed(Error::io(operation, error));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(failed(&io::ErrorKind::TimedOut.into()));
            }
            set_socket_timeout(&self.socket, Timeout::Recv, Some(left))
                .map_err(|error| failed(&error.into()))?;
            self.buffer.clear();
            match self.socket.recv_from(&mut self.buffer, 0) {
                // Anybody on this computer may send to the socket; only the kernel is port 0.
                Ok((_, sender)) if sender.port_number() == 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(Errno::NOBUFS.raw_os_error()) => {
                    return Err(ReadError::Overrun);
                }
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    /// Passes on the parts in the buffer; true once the answer is complete.
    fn take(
        &self,
        answer: &mut Answer,
        each: &mut impl FnMut(Part<'_>),
    ) -> Result<bool, ReadError> {
        let mut rest = self.buffer.as_slice();
        while let Ok(packet) = NetlinkBuffer::new_checked(rest) {
            let ours =
                packet.sequence_number() == self.sequence && packet.port_number() == self.port;
            if ours {
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
            // Messages are aligned to four bytes.
            let length = (packet.length() as usize).next_multiple_of(4);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(false)
    }
}
