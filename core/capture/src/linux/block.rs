//! Finds the frames in a block of the ring by the kernel's offsets.

use std::{
    mem::offset_of,
    ops::Range,
    time::{Duration, SystemTime},
};

use libc::{
    TP_STATUS_VLAN_TPID_VALID, TP_STATUS_VLAN_VALID, tpacket_block_desc, tpacket_hdr_v1,
    tpacket_hdr_variant1, tpacket3_hdr,
};

use crate::Frame;

/// Offsets of a block's fields.
const HEADER: usize = offset_of!(tpacket_block_desc, hdr);
pub(super) const STATUS: usize = HEADER + offset_of!(tpacket_hdr_v1, block_status);
const FRAMES: usize = HEADER + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST: usize = HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

/// Octets of both MACs of an Ethernet header; a tag comes after them.
const MACS: usize = 12;
/// Octets of a VLAN tag.
const TAG: u32 = 4;
/// The kind of tag of IEEE 802.1Q, which is meant where the kernel names none.
const VLAN: u16 = 0x8100;

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
    /// Kind and value of a VLAN tag that the kernel took out of the frame.
    tag: Option<(u16, u16)>,
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
            tag: tag(block, header),
        })
    }
}

impl Record {
    /// The frame as it was on the wire, from the block it was found in. A frame with a tag is put together
    /// again in `tagged`.
    pub(super) fn frame<'f>(self, block: &'f [u8], tagged: &'f mut Vec<u8>) -> Option<Frame<'f>> {
        let Self { octets, length, at, tag } = self;
        let data = block.get(octets)?;
        let Some(((kind, value), (macs, rest))) = tag.zip(data.split_at_checked(MACS)) else {
            return Some(Frame { at, data, length });
        };
        tagged.clear();
        tagged.extend_from_slice(macs);
        tagged.extend_from_slice(&kind.to_be_bytes());
        tagged.extend_from_slice(&value.to_be_bytes());
        tagged.extend_from_slice(rest);
        Some(Frame { at, data: tagged, length: length.saturating_add(TAG) })
    }
}

fn tag(block: &[u8], header: usize) -> Option<(u16, u16)> {
    let field = |offset: usize| header.checked_add(offset);
    let variant = |offset: usize| field(offset_of!(tpacket3_hdr, hv1).checked_add(offset)?);
    let status = word(block, field(offset_of!(tpacket3_hdr, tp_status))?)?;
    let value = word(block, variant(offset_of!(tpacket_hdr_variant1, tp_vlan_tci))?)?;
    let kind = half_word(block, variant(offset_of!(tpacket_hdr_variant1, tp_vlan_tpid))?)?;
    let kind = if status & TP_STATUS_VLAN_TPID_VALID == 0 { VLAN } else { kind };
    (status & TP_STATUS_VLAN_VALID != 0).then_some((kind, u16::try_from(value).ok()?))
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
        let mut text = || {
            let mut tagged = Vec::new();
            let frame = walk.next(block)?.frame(block, &mut tagged)?;
            Some(String::from_utf8_lossy(frame.data).into_owned())
        };
        std::iter::from_fn(&mut text).collect()
    }

    /// A block with one frame; the kernel took a tag out of it if it says so.
    fn frame_with_tag(status: u32) -> (Vec<u8>, u32) {
        let mut block = block();
        put(&mut block, FRAMES, 1);
        let octets: Vec<u8> = (0..20).collect();
        block[48 + 82..48 + 102].copy_from_slice(&octets);
        put(&mut block, 48 + offset_of!(tpacket3_hdr, tp_snaplen), 20);
        put(&mut block, 48 + offset_of!(tpacket3_hdr, tp_status), status);
        let variant = 48 + offset_of!(tpacket3_hdr, hv1);
        put(&mut block, variant + offset_of!(tpacket_hdr_variant1, tp_vlan_tci), 42);
        let kind = variant + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid);
        block[kind..kind + 2].copy_from_slice(&0x88a8_u16.to_ne_bytes());
        let mut tagged = Vec::new();
        let record = Walk::default().next(&block).unwrap();
        let frame = record.frame(&block, &mut tagged).unwrap();
        (frame.data.to_vec(), frame.length)
    }

    #[test]
    fn puts_back_a_tag_that_the_kernel_took_out() {
        let whole: Vec<u8> = (0..20).collect();
        let with = |tag: [u8; 4]| [&whole[..12], &tag, &whole[12..]].concat();
        assert_eq!(frame_with_tag(0), (whole.clone(), 60));
        assert_eq!(frame_with_tag(TP_STATUS_VLAN_VALID), (with([0x81, 0, 0, 42]), 64));
        let status = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
        assert_eq!(frame_with_tag(status), (with([0x88, 0xa8, 0, 42]), 64));
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
