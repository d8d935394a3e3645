//! Frames: a length of four bytes, little endian, then as many bytes of JSON. Descriptors travel beside
//! the first byte.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::Instant,
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Serialize, de::DeserializeOwned};

/// Largest frame in bytes, enough for 50,000 machines. A peer that announces more is broken or
/// hostile.
pub const FRAME_LIMIT: usize = 8 << 20;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// Why a frame could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The peer closed the socket between two frames.
    #[error("the peer has left")]
    Closed,
    /// The deadline passed.
    #[error("no frame before the deadline")]
    TimedOut,
    /// The frame is longer than [`FRAME_LIMIT`].
    #[error("a frame of {0} bytes is over the limit")]
    TooLong(usize),
    /// The frame is not a message of this protocol.
    #[error("a frame that is not a message")]
    Garbage(#[source] serde_json::Error),
    /// The message announces a descriptor, and none came with it.
    #[error("a descriptor is missing")]
    NoDescriptor,
    /// The socket failed.
    #[error("the socket failed")]
    Socket(#[source] io::Error),
}

/// Sends one message, and these descriptors beside it.
pub fn send(
    socket: &UnixStream,
    message: &impl Serialize,
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), WireError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(WireError::Garbage)?;
    let length = frame.len() - 4;
    let header = u32::try_from(length).ok().filter(|_| length <= FRAME_LIMIT);
    frame[..4].copy_from_slice(&header.ok_or(WireError::TooLong(length))?.to_le_bytes());
    let mut sent = 0;
    while sent < frame.len() {
        let rest = &frame[sent..];
        // Some workers may not call `sendmsg`, so use `send` where there are no descriptors.
        let result = if sent == 0 && !descriptors.is_empty() {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
            sendmsg(socket, &[IoSlice::new(rest)], &mut ancillary, no_signal())
        } else {
            rustix::net::send(socket, rest, no_signal())
        };
        match result {
            Ok(count) => sent += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failure(error)),
        }
    }
    Ok(())
}

/// Makes a closed peer an error in place of a signal that ends the process.
fn no_signal() -> SendFlags {
    #[cfg(target_os = "macos")]
    return SendFlags::empty();
    #[cfg(not(target_os = "macos"))]
    SendFlags::NOSIGNAL
}

fn failure(error: rustix::io::Errno) -> WireError {
    match error {
        rustix::io::Errno::AGAIN | rustix::io::Errno::TIMEDOUT => WireError::TimedOut,
        rustix::io::Errno::PIPE | rustix::io::Errno::CONNRESET => WireError::Closed,
        error => WireError::Socket(error.into()),
    }
}

/// Receives frames from a socket.
#[derive(Debug, Default)]
pub struct Receiver {
    buffer: Vec<u8>,
    chunk: Vec<u8>,
    start: usize,
    descriptors: VecDeque<OwnedFd>,
    takes_descriptors: bool,
    received: usize,
}

impl Receiver {
    /// A receiver that accepts descriptors, for the worker, which trusts its host. In others, the kernel
    /// drops the descriptors that a peer attaches.
    pub fn with_descriptors() -> Self {
        Self { takes_descriptors: true, ..Self::default() }
    }

    /// Bytes received so far, to detect a flood.
    pub fn received(&self) -> usize {
        self.received
    }

    /// The next descriptor that came beside the frames so far.
    pub fn descriptor(&mut self) -> Result<OwnedFd, WireError> {
        self.descriptors.pop_front().ok_or(WireError::NoDescriptor)
    }

    /// The next message. Waits without end if there is no deadline.
    pub fn receive<T: DeserializeOwned>(
        &mut self,
        socket: &UnixStream,
        deadline: Option<Instant>,
    ) -> Result<T, WireError> {
        self.fill(socket, 4, deadline)?;
        let mut header = [0; 4];
        header.copy_from_slice(&self.buffer[self.start..self.start + 4]);
        let length = u32::from_le_bytes(header) as usize;
        if length > FRAME_LIMIT {
            return Err(WireError::TooLong(length));
        }
        self.fill(socket, 4 + length, deadline)?;
        let from = self.start + 4;
        self.start = from + length;
        serde_json::from_slice(&self.buffer[from..from + length]).map_err(WireError::Garbage)
    }

    /// Reads until `wanted` bytes are in the buffer.
    fn fill(
        &mut self,
        socket: &UnixStream,
        wanted: usize,
        deadline: Option<Instant>,
    ) -> Result<(), WireError> {
        if self.start > 0 && self.buffer.len() - self.start < wanted {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        while self.buffer.len() - self.start < wanted {
            if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(WireError::TimedOut);
                }
                socket.set_read_timeout(Some(left)).map_err(WireError::Socket)?;
            }
            // Kept between reads: most frames are short, and clearing it costs more than they do.
            self.chunk.resize(CHUNK, 0);
            let outcome = if self.takes_descriptors {
                read_with_descriptors(socket, &mut self.chunk, &mut self.descriptors)
            } else {
                rustix::io::read(socket, &mut self.chunk[..])
            };
            self.buffer.extend_from_slice(&self.chunk[..outcome.unwrap_or(0)]);
            match outcome {
                Ok(0) => return Err(WireError::Closed),
                Ok(count) => self.received += count,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(())
    }
}

fn read_with_descriptors(
    socket: &UnixStream,
    into: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> rustix::io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut into = [IoSliceMut::new(into)];
    #[cfg(target_os = "macos")]
    let flags = RecvFlags::empty();
    #[cfg(not(target_os = "macos"))]
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket.as_fd(), &mut into, &mut ancillary, flags)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(arrived) = message {
            descriptors.extend(arrived);
        }
    }
    Ok(received.bytes)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, time::Duration};

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn messages_and_descriptors_arrive_in_order() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let null = std::fs::File::open("/dev/null").unwrap();
        send(&ours, &"first", &[]).unwrap();
        send(&ours, &"second", &[null.as_fd()]).unwrap();
        let mut receiver = Receiver::with_descriptors();
        assert_eq!(receiver.receive::<String>(&theirs, Some(soon())).unwrap(), "first");
        assert_eq!(receiver.receive::<String>(&theirs, Some(soon())).unwrap(), "second");
        assert!(receiver.descriptor().is_ok());
        assert!(matches!(receiver.descriptor(), Err(WireError::NoDescriptor)));
    }

    #[test]
    fn distinguishes_a_silent_from_a_closed_peer() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut receiver = Receiver::default();
        let brief = Some(Instant::now() + Duration::from_millis(5));
        let silent = receiver.receive::<String>(&theirs, brief);
        assert!(matches!(silent, Err(WireError::TimedOut)));
        drop(ours);
        let closed = receiver.receive::<String>(&theirs, Some(soon()));
        assert!(matches!(closed, Err(WireError::Closed)));
    }

    #[test]
    fn reports_garbage_and_giant_frames() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(b"\x02\0\0\0{]").unwrap();
        let garbage = Receiver::default().receive::<String>(&theirs, Some(soon()));
        assert!(matches!(garbage, Err(WireError::Garbage(_))));
        ours.write_all(b"\xff\xff\xff\xff").unwrap();
        let giant = Receiver::default().receive::<String>(&theirs, Some(soon()));
        assert!(matches!(giant, Err(WireError::TooLong(0xffff_ffff))));
    }
}
