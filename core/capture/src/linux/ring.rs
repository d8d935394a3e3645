//! The memory shared with the kernel, and the ownership of its blocks.

use std::{
    io,
    os::fd::AsFd,
    ptr::{self, NonNull},
    slice,
    sync::atomic::{AtomicU32, Ordering},
};

use libc::TP_STATUS_USER;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::block::STATUS;
use crate::CaptureError;

/// Size of a block: a multiple of all page sizes, and more than the longest frame.
pub(super) const BLOCK: usize = 64 << 10;
/// One block is read while the kernel fills another.
const MIN_BLOCKS: usize = 2;
/// 64 MiB, the most memory for a capture.
const MAX_BLOCKS: usize = 1024;
/// Values of a block's status: its owner.
const OF_KERNEL: u32 = 0;

/// The number of blocks in a ring of this size.
pub(super) fn blocks(bytes: usize) -> Result<u32, CaptureError> {
    let blocks = bytes / BLOCK;
    let size =
        CaptureError::RingSize { bytes, least: MIN_BLOCKS * BLOCK, most: MAX_BLOCKS * BLOCK };
    let fits = (MIN_BLOCKS..=MAX_BLOCKS).contains(&blocks) && bytes <= MAX_BLOCKS * BLOCK;
    u32::try_from(blocks).ok().filter(|_| fits).ok_or(size)
}

/// The ring of a packet socket, and the current block.
#[derive(Debug)]
pub(super) struct Ring {
    start: NonNull<u8>,
    blocks: usize,
    current: usize,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the ring of a socket, which has this many blocks.
    pub(super) fn map(socket: impl AsFd, blocks: u32) -> io::Result<Self> {
        let blocks = blocks as usize;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the address is the kernel's choice, so no other mapping is replaced.
        let start =
            unsafe { mmap(ptr::null_mut(), blocks * BLOCK, access, MapFlags::SHARED, socket, 0)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, blocks, current: 0 })
    }

    /// The current block, if the kernel has filled and released it.
    pub(super) fn filled(&self) -> Option<&[u8]> {
        let handed_over = self.status().load(Ordering::Acquire) & TP_STATUS_USER != 0;
        // SAFETY: the block lies within the mapping, and until `give_back`, which borrows the
        // ring mutably, the kernel leaves a block that it has handed over alone.
        handed_over.then(|| unsafe { slice::from_raw_parts(self.block().as_ptr(), BLOCK) })
    }

    /// Returns the current block to the kernel and moves to the next.
    pub(super) fn give_back(&mut self) {
        self.status().store(OF_KERNEL, Ordering::Release);
        self.current = (self.current + 1) % self.blocks;
    }

    fn block(&self) -> NonNull<u8> {
        // SAFETY: `current` is always less than `blocks`, so this stays within the mapping.
        unsafe { self.start.add(self.current * BLOCK) }
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: the word lies within the block, is aligned (blocks lie on pages, the word at a
        // multiple of four), lives as long as the mapping, and the kernel too accesses it as one
        // word.
        unsafe { AtomicU32::from_ptr(self.block().add(STATUS).cast().as_ptr()) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `map` made, and every borrow of it has ended.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.blocks * BLOCK) };
        // It can only fail for an address that was never mapped.
        debug_assert_eq!(unmapped, Ok(()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_blocks_and_limits_the_size() {
        let rows = [
            (0, None),
            (131_071, None),
            (131_072, Some(2)),
            (1 << 20, Some(16)),
            ((1 << 20) + 1, Some(16)),
            (64 << 20, Some(1024)),
            ((64 << 20) + 1, None),
            (usize::MAX, None),
        ];
        for (bytes, expected) in rows {
            assert_eq!(blocks(bytes).ok(), expected, "{bytes}");
        }
        let message = blocks(1).unwrap_err().to_string();
        assert_eq!(message, "a capture ring of 1 bytes: the size must be 131072 to 67108864");
    }
}
