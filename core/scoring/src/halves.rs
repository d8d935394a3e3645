//! Shares the work on many machines with a second thread.

use std::{panic::resume_unwind, thread};

/// Least evidence for which a second thread is worth its start of some tens of microseconds.
const MUCH_EVIDENCE: usize = 4000;

/// The result of `work` on all items, in their order. With much evidence, both halves run at once.
pub(crate) fn in_halves<T: Send, R: Send>(
    mut items: Vec<T>,
    evidence: usize,
    work: impl Fn(Vec<T>) -> Vec<R> + Sync,
) -> Vec<R> {
    if evidence < MUCH_EVIDENCE {
        return work(items);
    }
    let second = items.split_off(items.len() / 2);
    thread::scope(|scope| {
        let beside = scope.spawn(|| work(second));
        let mut all = work(items);
        all.extend(beside.join().unwrap_or_else(|panic| resume_unwind(panic)));
        all
    })
}
