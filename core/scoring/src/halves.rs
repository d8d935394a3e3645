//! Work on many machines, shared with a second thread.

use std::{panic::resume_unwind, thread};

/// From this many items of evidence on a second thread is worth its start, some tens of microseconds.
const MUCH_EVIDENCE: usize = 4000;

/// `work` on the items in their order: of both halves at once where there is much evidence.
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
