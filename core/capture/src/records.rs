//! Finds the frames in the bytes of one read from a BPF device of macOS.

use std::{
    ops::Range,
    time::{Duration, SystemTime},
};

/// Offsets of the fields of `struct bpf_hdr` on 64-bit macOS, from `<net/bpf.h>`.
const SECONDS: usize = 0;
const MICROSECONDS: usize = 4;
const KEPT: usize = 8;
const LENGTH: usize = 12;
const HEADER: usize = 16;
/// Octets up to the end of the last field.
const MIN_HEADER: usize = 18;
/// Each record begins at a multiple of this, `BPF_ALIGNMENT`.
const ALIGNMENT: usize = 4;

/// A frame's place in the bytes that were read, and its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The frame.
    pub(crate) octets: Range<usize>,
    /// Octets on the wire.
    pub(crate) length: u32,
    /// The capture time.
    pub(crate) at: SystemTime,
    /// The start of the next record.
    pub(crate) next: usize,
}

/// The record at this offset. `None`: there is none, or it exceeds the bytes.
pub(crate) fn record(read: &[u8], from: usize) -> Option<Record> {
    let word = |offset: usize| {
        let octets = read.get(from.checked_add(offset)?..)?.first_chunk()?;
        Some(u32::from_ne_bytes(*octets))
    };
    let header = *read.get(from.checked_add(HEADER)?..)?.first_chunk()?;
    let header = usize::from(u16::from_ne_bytes(header));
    let start = from.checked_add(header).filter(|_| header >= MIN_HEADER)?;
    let end = start.checked_add(word(KEPT)? as usize).filter(|end| *end <= read.len())?;
    let since_epoch = Duration::from_secs(word(SECONDS)?.into())
        + Duration::from_micros(word(MICROSECONDS)?.into());
    let next = from.checked_add((end - from).checked_next_multiple_of(ALIGNMENT)?)?;
    let (length, at) = (word(LENGTH)?, SystemTime::UNIX_EPOCH + since_epoch);
    Some(Record { octets: start..end, length, at, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record as the kernel writes it, without padding.
    fn written(seconds: u32, length: u32, frame: &[u8]) -> Vec<u8> {
        let kept = u32::try_from(frame.len()).unwrap();
        let words = [seconds, 250_000, kept, length];
        let mut record: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        record.extend(18_u16.to_ne_bytes());
        record.extend(frame);
        record
    }

    fn frames(read: &[u8]) -> Vec<(&[u8], u32, Duration)> {
        let mut from = 0;
        std::iter::from_fn(|| {
            let found = record(read, from)?;
            from = found.next;
            let at = found.at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            Some((&read[found.octets], found.length, at))
        })
        .collect()
    }

    #[test]
    fn finds_every_frame() {
        // The first record has 23 octets, so one octet of padding follows.
        let read = [written(7, 60, b"first"), vec![0], written(8, 5, b"other")].concat();
        let quarter = Duration::from_millis(250);
        let expected: [(&[u8], u32, Duration); 2] = [
            (b"first", 60, Duration::from_secs(7) + quarter),
            (b"other", 5, Duration::from_secs(8) + quarter),
        ];
        assert_eq!(frames(&read), expected);
        assert_eq!(frames(&[]), []);
    }

    #[test]
    fn no_record_exceeds_the_bytes() {
        let whole = written(7, 60, b"first");
        for cut in 0..whole.len() {
            assert_eq!(record(&whole[..cut], 0), None, "{cut}");
        }
        for (at, value) in [(KEPT, [255; 4]), (HEADER, [255; 4]), (HEADER, [0; 4])] {
            let mut wrong = whole.clone();
            wrong[at..at + 4].copy_from_slice(&value);
            assert_eq!(record(&wrong, 0), None, "{at} {value:?}");
        }
        for from in [1, whole.len(), usize::MAX] {
            assert_eq!(record(&whole, from), None, "{from}");
        }
    }
}
