//! How much work one packet is worth.

use std::cell::Cell;

/// Most steps. A large rule set with long lists takes some 100 000 of them; whoever writes the rules, such
/// as a guest, can have each list compared at each of many jumps.
pub(crate) const MOST: usize = 4_000_000;
/// What a rule costs before its conditions, and what a kept verdict costs: each copies the rule's text.
pub(crate) const COPY: usize = 40;
/// Bytes of a name that are read within one step.
const BYTES: usize = 16;

/// The steps that a walk has taken: expressions, elements, statements and rules.
#[derive(Debug, Default)]
pub(crate) struct Steps(Cell<usize>);

impl Steps {
    /// Takes steps. False: there were no more of them, and what was to be found out stays unknown.
    pub(crate) fn take(&self, count: usize) -> bool {
        self.0.set(self.0.get().saturating_add(count));
        !self.are_used_up()
    }

    /// Takes the steps for a copy of a name of this many bytes.
    pub(crate) fn copy(&self, length: usize) -> bool {
        self.take(1 + length / BYTES)
    }

    pub(crate) fn are_used_up(&self) -> bool {
        self.0.get() > MOST
    }

    /// Those that were taken or asked for.
    pub(crate) fn taken(&self) -> usize {
        self.0.get()
    }
}
