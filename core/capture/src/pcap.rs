//! Writes classic pcap files.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use crate::Frame;

/// The first word of a file with times in microseconds, in the file's byte order.
const MAGIC: u32 = 0xa1b2_c3d4;
/// Longest frame in a record; the value that tcpdump writes.
const SNAPSHOT_LENGTH: u32 = 262_144;
const ETHERNET: u32 = 1;

/// Writes Ethernet frames as a pcap file in little-endian with microseconds.
#[derive(Debug)]
pub struct Writer<W> {
    file: W,
}

impl<W: Write> Writer<W> {
    /// Writes the file's header.
    ///
    /// # Errors
    /// Writing failed.
    pub fn new(mut file: W) -> io::Result<Self> {
        let mut header = [0; 24];
        header[..4].copy_from_slice(&MAGIC.to_le_bytes());
        header[4..6].copy_from_slice(&2_u16.to_le_bytes());
        header[6..8].copy_from_slice(&4_u16.to_le_bytes());
        header[16..20].copy_from_slice(&SNAPSHOT_LENGTH.to_le_bytes());
        header[20..].copy_from_slice(&ETHERNET.to_le_bytes());
        file.write_all(&header)?;
        Ok(Self { file })
    }

    /// Writes a frame, cut to the longest record. Times outside of 1970 to 2106, the format's range,
    /// become its ends.
    ///
    /// # Errors
    /// Writing failed.
    pub fn write(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let since_epoch = frame.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = u32::try_from(since_epoch.as_secs()).unwrap_or(u32::MAX);
        let kept = &frame.data[..frame.data.len().min(SNAPSHOT_LENGTH as usize)];
        // At most the snapshot length.
        let captured = u32::try_from(kept.len()).unwrap_or(SNAPSHOT_LENGTH);
        let words = [seconds, since_epoch.subsec_micros(), captured, frame.length.max(captured)];
        let mut header = [0; 16];
        for (place, word) in header.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.file.write_all(&header)?;
        self.file.write_all(kept)
    }

    /// The file with everything written so far.
    pub fn into_inner(self) -> W {
        self.file
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_the_format() {
        let at = SystemTime::UNIX_EPOCH + Duration::new(0x6555_4433, 9_000_999);
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.write(&Frame { at, data: b"frame", length: 60 }).unwrap();
        let written = writer.into_inner();
        let (header, record) = written.split_at(24);
        assert_eq!(header, b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0");
        assert_eq!(record, b"\x33\x44\x55\x65\x28\x23\0\0\x05\0\0\0\x3c\0\0\0frame");
    }

    #[test]
    fn cuts_long_frames_and_clamps_times() {
        let data = vec![0; SNAPSHOT_LENGTH as usize + 1];
        let at = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.write(&Frame { at, data: &data, length: 262_145 }).unwrap();
        let written = writer.into_inner();
        assert_eq!(written[24..40], *b"\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\x04\0");
        assert_eq!(written.len(), 24 + 16 + SNAPSHOT_LENGTH as usize);
    }
}
