//! Finds the frames in a block of the ring by the kernel's offsets.

use std::{
    mem::offset_of,
    ops::Range,
    time::{Duration, SystemTime},
};

use libc::{tpacket_block_desc, tpacket_hdr_v1, tpacket3_hdr};

use crate::Frame;

/// Offsets of a block's fields.
const HEADER: usize = offset_of!(tpacket_block_desc, hdr);
pub(super) const STATUS: usize = HEADER + offset_of!(tpacket_hdr_v1, block_status);
const FRAMES: usize = HEADER + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST: usize = HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

/// The reader's position in a block, by default at its start.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Number of frames left, and the offset of the next header. `None` before the first.
    left: Option<(u32, usize)>,
}

/// A frame's place in its block, and its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    octets: Range<usize>,
    length: u32,
    at: SystemTime,
}

impl Walk {
    /// The next frame. `None` at the end, or if an offset exceeds the block.
    pub(super) fn next(&mut self, block: &[u8]) -> Option<Record> {
        let (left, header) = match self.left {
            Some(left) => left,
            None => (word(block, FRAMES)?, word(block, FIRST)? as usize),
        };
        let more = left.checked_sub(1)?;
        let field = |offset: usize| word(block, header.checked_add(offset)?);
        let step = field(offset_of!(tpacket3_hdr, tp_next_offset))? as usize;
        self.left = Some((more, header.checked_add(step)?));
        let start = half_word(block, header.checked_add(offset_of!(tpacket3_hdr, tp_mac))?)?;
        let start = header.checked_add(start.into())?;
        let end = start.checked_add(field(offset_of!(tpacket3_hdr, tp_snaplen))? as usize)?;
        let since_epoch = Duration::from_secs(field(offset_of!(tpacket3_hdr, tp_sec))?.into())
            + Duration::from_nanos(field(offset_of!(tpacket3_hdr, tp_nsec))?.into());
        (end <= block.len()).then(|| Record {
            octets: start..end,
            length: field(offset_of!(tpacket3_hdr, tp_len)).unwrap_or(0),
            at: SystemTime::UNIX_EPOCH + since_epoch,
        })
    }
}

impl Record {
    /// The frame, from the block it was found in.
    pub(super) fn frame(self, block: &[u8]) -> Option<Frame<'_>> {
        Some(Frame { at: self.at, data: block.get(self.octets)?, length: self.length })
    }
}

fn word(block: &[u8], at: usize) -> Option<u32> {
    block.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

fn half_word(block: &[u8], at: usize) -> Option<u16> {
    block.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(block: &mut [u8], at: usize, value: u32) {
        block[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// A block with two frames, "first" and "other".
    fn block() -> Vec<u8> {
        let mut block = vec![0; 512];
        put(&mut block, FRAMES, 2);
        put(&mut block, FIRST, 48);
        for (header, text) in [(48, b"first"), (200, b"other")] {
            put(&mut block, header + offset_of!(tpacket3_hdr, tp_next_offset), 152);
            put(&mut block, header + offset_of!(tpacket3_hdr, tp_snaplen), 5);
            put(&mut block, header + offset_of!(tpacket3_hdr, tp_len), 60);
            let mac = header + offset_of!(tpacket3_hdr, tp_mac);
            block[mac..mac + 2].copy_from_slice(&82_u16.to_ne_bytes());
            block[header + 82..header + 87].copy_from_slice(text);
        }
        block
    }

    fn frames(block: &[u8]) -> Vec<String> {
        let mut walk = Walk::default();
        std::iter::from_fn(|| walk.next(block)?.frame(block))
            .map(|frame| String::from_utf8_lossy(frame.data).into_owned())
            .collect()
    }

    #[test]
    fn finds_every_frame() {
        assert_eq!(frames(&block()), ["first", "other"]);
    }

    #[test]
    fn no_offset_exceeds_the_block() {
        let rows: [(usize, u32, &[&str]); 6] = [
            (FIRST, u32::MAX, &[]),
            (FIRST, 510, &[]),
            (FRAMES, 0, &[]),
            (48 + offset_of!(tpacket3_hdr, tp_next_offset), u32::MAX, &["first"]),
            (48 + offset_of!(tpacket3_hdr, tp_snaplen), u32::MAX, &[]),
            (FRAMES, 1, &["first"]),
        ];
        for (at, value, expected) in rows {
            let mut block = block();
            put(&mut block, at, value);
            assert_eq!(frames(&block), expected, "{at} {value}");
        }
        assert_eq!(frames(&[]), [""; 0]);
    }
}
