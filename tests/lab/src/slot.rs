//! How many labs of this computer run guests under emulation at once.

use std::{fs::File, io::ErrorKind, time::Duration};

use rustix::fs::FlockOperation;

use crate::{LabError, names::lock_file, wait_until};

/// A guest that boots keeps a processor busy: more at once than the two of a small computer would
/// measure each other's patience.
const SLOTS: u32 = 2;

/// Every lab before this one in the queue may need a minute.
const DEADLINE: Duration = Duration::from_mins(20);

/// The right to run guests under emulation; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Carries the lock, which ends with the process, however that ends.
    _file: File,
}

impl Slot {
    /// Waits for a free slot.
    ///
    /// A lab takes one for all its guests: two labs that each wait for a second one would wait for
    /// ever.
    pub(crate) fn take() -> Result<Self, LabError> {
        let mut taken = None;
        wait_until(DEADLINE, "a free slot for a guest under emulation", || {
            for number in 0..SLOTS {
                let operation = FlockOperation::NonBlockingLockExclusive;
                match lock_file(&format!("emulation-{number}"), operation) {
                    Ok(file) => {
                        taken = Some(Self { _file: file });
                        return Ok(true);
                    }
                    Err(LabError::File { source, .. })
                        if source.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(false)
        })?;
        taken.ok_or_else(|| LabError::Missing("a free slot for a guest".to_owned()))
    }
}
