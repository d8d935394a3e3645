//! Limits how many labs run at once on this computer, in all processes.

use std::{fs::File, path::Path, time::Duration};

use rustix::fs::FlockOperation;

use crate::{
    LabError,
    names::{ROOT, lock_file},
    wait_until,
};

/// All labs of a test run may come first, a minute each and two at a time.
const DEADLINE: Duration = Duration::from_mins(20);

/// Does not wait for a taken lock, since the next one may be free.
const ONCE: FlockOperation = FlockOperation::NonBlockingLockExclusive;

/// The load of a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// Namespaces mostly wait for clients and probes.
    Network,
    /// A guest that boots keeps a processor busy.
    Emulation,
}

impl Load {
    /// The number of such labs at once on two processors, and the name of their locks.
    fn slots(self) -> (u32, &'static str) {
        match self {
            Self::Network => (4, "network"),
            Self::Emulation => (2, "emulation"),
        }
    }
}

/// A lab's right to run, returned on drop.
#[derive(Debug)]
pub(crate) struct Slot {
    load: Load,
    /// Holds the lock, which ends with the process.
    file: Option<File>,
}

impl Slot {
    /// Waits for a free slot.
    pub(crate) fn take(load: Load) -> Result<Self, LabError> {
        let mut slot = Self { load, file: None };
        let mut turn = None;
        wait_until(DEADLINE, "a free slot for a lab", || {
            slot.file = next(Path::new(ROOT), load, &mut turn)?;
            Ok(slot.file.is_some())
        })?;
        Ok(slot)
    }

    /// Changes to a slot of this load.
    ///
    /// A lab returns its slot before it waits for another, since four that kept theirs would deadlock.
    pub(crate) fn change_to(&mut self, load: Load) -> Result<(), LabError> {
        if self.load != load {
            self.file = None;
            *self = Self::take(load)?;
        }
        Ok(())
    }
}

/// The lock of a free slot, if it is the caller's turn. Without turns, a test with many labs would take
/// every slot it returns, and others would wait for its end.
fn next(folder: &Path, load: Load, turn: &mut Option<File>) -> Result<Option<File>, LabError> {
    let (_, name) = load.slots();
    if turn.is_none() {
        *turn = lock_file(folder, &format!("{name}-turn"), ONCE)?;
    }
    if turn.is_some() { free(folder, load) } else { Ok(None) }
}

/// The lock of a free slot.
fn free(folder: &Path, load: Load) -> Result<Option<File>, LabError> {
    let (count, name) = load.slots();
    for number in 0..count {
        let lock = lock_file(folder, &format!("{name}-{number}"), ONCE)?;
        if lock.is_some() {
            return Ok(lock);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Load, free, next};

    #[test]
    fn runs_as_many_labs_as_there_are_slots() {
        let folder = std::env::temp_dir().join(format!("vmkit-slots-{}", std::process::id()));
        for (load, count) in [(Load::Network, 4), (Load::Emulation, 2)] {
            let take = || free(&folder, load).expect("an answer");
            let mut taken: Vec<_> = (0..count).map(|_| take().expect("a slot")).collect();
            assert!(take().is_none(), "{load:?}");
            taken.pop();
            assert!(take().is_some(), "{load:?}");
        }
        fs::remove_dir_all(&folder).expect("an end");
    }

    #[test]
    fn gives_a_free_slot_to_the_waiting_lab() {
        let folder = std::env::temp_dir().join(format!("vmkit-turns-{}", std::process::id()));
        let take = |turn: &mut _| next(&folder, Load::Emulation, turn).expect("an answer");
        let [mut first, mut waiting, mut again] = [None, None, None];
        let mut taken: Vec<_> = (0..2).map(|_| take(&mut first).expect("a slot")).collect();
        drop(first);
        assert!(take(&mut waiting).is_none());
        taken.pop();
        assert!(take(&mut again).is_none(), "it is the other lab's turn");
        assert!(take(&mut waiting).is_some());
        fs::remove_dir_all(&folder).expect("an end");
    }
}
