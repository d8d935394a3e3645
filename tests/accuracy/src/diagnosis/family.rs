//! Families of cases.

use super::{
    Fault,
    newest::{NEWEST, PAIRS},
};
use crate::random::hash;

/// What the right answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// One cause.
    One,
    /// Two causes.
    Two,
    /// A fault without a code.
    Unknown,
    /// No fault.
    Healthy,
}

/// A family of cases with the same faults.
#[derive(Clone, Debug)]
pub struct Family {
    /// The family's name.
    pub name: String,
    /// The faults of its cases.
    pub faults: Vec<&'static Fault>,
}

impl Family {
    /// Whether the family is held out, as two of five are: nothing is corrected after looking at its
    /// cases.
    pub fn is_held_out(&self) -> bool {
        self.kind() != Kind::Healthy && !self.is_newest() && hash(&self.name) % 5 < 2
    }

    /// Whether the family is of the newest faults or pairs.
    pub(crate) fn is_newest(&self) -> bool {
        NEWEST.iter().any(|fault| fault.code == self.name)
            || PAIRS.iter().any(|pair| pair.join("+") == self.name)
    }

    /// The kind of its cases.
    pub(super) fn kind(&self) -> Kind {
        match self.faults.as_slice() {
            [] => Kind::Healthy,
            [one] if !one.is_known() => Kind::Unknown,
            [_] => Kind::One,
            _ => Kind::Two,
        }
    }
}
