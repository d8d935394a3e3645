//! Captured frames on their way from the broker.
//!
//! A record is a tag of one octet and its content, numbers in little endian: a frame (time in
//! nanoseconds since 1970, length on the wire, octets that follow), the counts at the end (frames that
//! matched, frames lost), or the reason of an early end (octets that follow).

use std::{
    io::{self, Read as _, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    time::{Duration, Instant, SystemTime},
};

use vmkit_capture::{Counts, Frame};

use crate::Refusal;

const FRAME: u8 = 0;
const COUNTS: u8 = 1;
const FAILURE: u8 = 2;

/// Tag, time, length, captured octets.
const FRAME_HEADER: usize = 1 + 8 + 4 + 4;
/// Tag and two numbers.
const COUNTS_LENGTH: usize = 1 + 8 + 8;
/// Tag and the length of the text.
const FAILURE_HEADER: usize = 1 + 4;
/// More octets than any frame or reason has: who announces more is broken.
const LONGEST: usize = 128 << 10;
/// Octets read at once.
const CHUNK: usize = 64 << 10;
/// How long the counts may take after the capture was stopped: one tick of the broker, and the rest for
/// a busy computer.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The frames of one interface, as they arrive.
#[derive(Debug)]
pub struct Frames {
    stream: UnixStream,
    buffer: Vec<u8>,
    /// Where the next record starts.
    start: usize,
}

/// One record that is whole in the buffer: its range, and what it is.
enum Record {
    Frame { nanoseconds: u64, length: u32, from: usize, to: usize },
    Counts(Counts),
    Failure(String),
}

impl Frames {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, buffer: Vec::new(), start: 0 }
    }

    /// The next frame, borrowed until the next call. `None`: none came before the deadline.
    ///
    /// # Errors
    /// The interface is down or gone, or the broker has ended.
    pub fn next(&mut self, deadline: Instant) -> Result<Option<Frame<'_>>, Refusal> {
        match self.record(deadline)? {
            None => Ok(None),
            Some(Record::Frame { nanoseconds, length, from, to }) => {
                let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds);
                Ok(self.buffer.get(from..to).map(|data| Frame { at, data, length }))
            }
            Some(Record::Failure(why)) => Err(Refusal::failed(why)),
            Some(Record::Counts(_)) => Err(Refusal::failed("vm-broker stopped the capture")),
        }
    }

    /// Stops the capture. Frames that are still on their way are dropped.
    ///
    /// # Errors
    /// The broker does not say how many there were.
    pub fn finish(mut self) -> Result<Counts, Refusal> {
        let stop = |error| Refusal::of_system("stop the capture", &error);
        self.stream.shutdown(Shutdown::Write).map_err(stop)?;
        let deadline = Instant::now() + LAST_WORDS;
        loop {
            match self.record(deadline)? {
                Some(Record::Counts(counts)) => return Ok(counts),
                Some(Record::Frame { .. }) => {}
                Some(Record::Failure(why)) => return Err(Refusal::failed(why)),
                None => return Err(Refusal::failed("vm-broker does not stop the capture")),
            }
        }
    }

    fn record(&mut self, deadline: Instant) -> Result<Option<Record>, Refusal> {
        loop {
            let (record, taken) = parse(&self.buffer[self.start..]).map_err(Refusal::failed)?;
            if let Some(record) = record {
                let start = self.start;
                self.start += taken;
                return Ok(Some(match record {
                    Record::Frame { nanoseconds, length, from, to } => {
                        Record::Frame { nanoseconds, length, from: start + from, to: start + to }
                    }
                    record => record,
                }));
            }
            if !self.fill(deadline)? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there, or waits for it; `false` at the deadline.
    fn fill(&mut self, deadline: Instant) -> Result<bool, Refusal> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let failed = |error: io::Error| Refusal::of_system("read captured frames", &error);
        self.stream.set_read_timeout(Some(left)).map_err(failed)?;
        let filled = self.buffer.len();
        self.buffer.resize(filled + CHUNK, 0);
        let read = self.stream.read(&mut self.buffer[filled..]);
        self.buffer.truncate(filled + read.as_ref().map_or(0, |count| *count));
        match read {
            Ok(0) => Err(Refusal::failed("vm-broker has ended")),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

/// The first record and its length, or `None` while it is not whole.
fn parse(bytes: &[u8]) -> Result<(Option<Record>, usize), &'static str> {
    let number = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes);
    let word = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes);
    let whole = |header: usize, length: Option<u32>| {
        let length = length.map(|length| length as usize);
        match length {
            Some(length) if length > LONGEST => Err("vm-broker sent a frame that is too long"),
            length => Ok(length.map(|length| header + length).filter(|to| *to <= bytes.len())),
        }
    };
    let record = match bytes.first() {
        None => None,
        Some(&FRAME) => whole(FRAME_HEADER, word(13))?.zip(number(1)).zip(word(9)).map(
            |((to, nanoseconds), length)| {
                (Record::Frame { nanoseconds, length, from: FRAME_HEADER, to }, to)
            },
        ),
        Some(&COUNTS) => number(1)
            .zip(number(9))
            .map(|(matched, dropped)| (Record::Counts(Counts { matched, dropped }), COUNTS_LENGTH)),
        Some(&FAILURE) => whole(FAILURE_HEADER, word(1))?.map(|to| {
            let why = String::from_utf8_lossy(&bytes[FAILURE_HEADER..to]).into_owned();
            (Record::Failure(why), to)
        }),
        Some(_) => return Err("vm-broker sent something that is no frame"),
    };
    Ok(record.map_or((None, 0), |(record, taken)| (Some(record), taken)))
}

/// Sends captured frames, for the broker.
#[derive(Debug)]
pub struct FrameWriter(UnixStream);

impl FrameWriter {
    /// Frames go to this socket.
    pub fn new(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// Whether nobody wants frames any more.
    pub fn is_stopped(&self) -> bool {
        let mut nothing = [0; 1];
        let peek = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
        match rustix::net::recv(&self.0, &mut nothing, peek) {
            Ok((count, _)) => count == 0,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => false,
            Err(_) => true,
        }
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// Nobody reads it.
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let since = frame.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let data = &frame.data[..frame.data.len().min(LONGEST)];
        let mut record = Vec::with_capacity(FRAME_HEADER + data.len());
        record.push(FRAME);
        record.extend(nanoseconds.to_le_bytes());
        record.extend(frame.length.to_le_bytes());
        record.extend(length(data).to_le_bytes());
        record.extend(data);
        self.0.write_all(&record)
    }

    /// Says how many frames there were, at the end.
    ///
    /// # Errors
    /// Nobody reads it.
    pub fn counts(&mut self, counts: Counts) -> io::Result<()> {
        let mut record = vec![COUNTS];
        record.extend(counts.matched.to_le_bytes());
        record.extend(counts.dropped.to_le_bytes());
        self.0.write_all(&record)
    }

    /// Says why no more frames come.
    ///
    /// # Errors
    /// Nobody reads it.
    pub fn failure(&mut self, why: &str) -> io::Result<()> {
        let mut record = vec![FAILURE];
        record.extend(length(why.as_bytes()).to_le_bytes());
        record.extend(why.as_bytes());
        self.0.write_all(&record)
    }
}

/// The length of what is bounded to [`LONGEST`].
fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + LAST_WORDS
    }

    #[test]
    fn frames_and_counts_arrive_as_they_were() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (mut frames, mut writer) = (Frames::new(ours), FrameWriter::new(theirs));
        let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789);
        let sent = Frame { at, data: b"a frame", length: 1500 };
        writer.frame(&sent).unwrap();
        writer.frame(&Frame { data: &[], ..sent }).unwrap();
        assert_eq!(frames.next(soon()).unwrap(), Some(sent));
        assert_eq!(frames.next(soon()).unwrap(), Some(Frame { data: &[], ..sent }));
        assert_eq!(frames.next(Instant::now()).unwrap(), None);
        assert!(!writer.is_stopped());
        let ends = std::thread::spawn(move || frames.finish().unwrap());
        while !writer.is_stopped() {
            std::thread::yield_now();
        }
        // A frame that was on its way is dropped.
        writer.frame(&sent).unwrap();
        let counts = Counts { matched: 3, dropped: 1 };
        writer.counts(counts).unwrap();
        assert_eq!(ends.join().unwrap(), counts);
    }

    #[test]
    fn reports_a_failure_and_what_is_no_frame() {
        let giant = [&[FRAME][..], &[0; 12], &u32::MAX.to_le_bytes()].concat();
        let rows: [(&[u8], &str); 4] = [
            (b"\x02\x04\0\0\0gone", "gone"),
            (b"\x07", "vm-broker sent something that is no frame"),
            (&giant, "vm-broker sent a frame that is too long"),
            (b"\x00", "vm-broker has ended"),
        ];
        for (bytes, expected) in rows {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            theirs.write_all(bytes).unwrap();
            drop(theirs);
            let refusal = Frames::new(ours).next(soon()).unwrap_err();
            assert_eq!(refusal.message, expected);
        }
    }
}
