//! One kind of value, and who has which.

use std::collections::{BTreeMap, BTreeSet};

/// Others that a text names; it counts the rest.
const MOST_NAMED: usize = 3;

/// Whether others have what one machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shared {
    /// What the machine has is not known.
    OwnUnknown,
    /// What the others have is not known.
    OthersUnknown,
    /// No other has it.
    Alone,
    /// These have it, too.
    With(String),
}

/// Which holders a comparison is about.
pub(super) struct Scope<'a> {
    /// The machine itself.
    pub(super) own: &'a [String],
    /// Whether another holder is compared with it; `None`: that is unknown.
    pub(super) counts: &'a dyn Fn(&str) -> Option<bool>,
    /// All machines that could be compared.
    pub(super) all: &'a BTreeSet<String>,
    /// Whether only machines can have such a value; another client of the network may have others.
    pub(super) machines_only: bool,
}

impl Scope<'_> {
    fn is_other(&self, holder: &str) -> bool {
        self.counts(holder) == Some(true)
    }

    fn counts(&self, holder: &str) -> Option<bool> {
        if self.own.iter().any(|own| own == holder) { Some(false) } else { (self.counts)(holder) }
    }
}

/// The values of one kind with their holders.
#[derive(Clone, Debug)]
pub(super) struct Index<K> {
    by_value: BTreeMap<K, BTreeSet<String>>,
    by_holder: BTreeMap<String, BTreeSet<K>>,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self { by_value: BTreeMap::new(), by_holder: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Index<K> {
    pub(super) fn add(&mut self, value: K, holder: &str) {
        self.by_value.entry(value.clone()).or_default().insert(holder.to_owned());
        self.by_holder.entry(holder.to_owned()).or_default().insert(value);
    }

    /// Whether others have a value of the scope's own.
    pub(super) fn shared(&self, scope: &Scope<'_>) -> Shared {
        let values: BTreeSet<&K> =
            scope.own.iter().filter_map(|own| self.by_holder.get(own)).flatten().collect();
        let somebody = scope.all.iter().any(|other| scope.is_other(other));
        if scope.machines_only && !somebody {
            return Shared::Alone;
        }
        if values.is_empty() {
            return Shared::OwnUnknown;
        }
        let holders = || values.iter().filter_map(|value| self.by_value.get(*value)).flatten();
        let others: BTreeSet<&str> =
            holders().map(String::as_str).filter(|holder| scope.is_other(holder)).collect();
        if !others.is_empty() {
            return Shared::With(named(&others));
        }
        if holders().any(|holder| scope.counts(holder).is_none()) {
            return Shared::OthersUnknown;
        }
        let mut others = scope.all.iter().filter(|other| scope.is_other(other));
        if others.any(|other| !self.by_holder.contains_key(other)) {
            return Shared::OthersUnknown;
        }
        Shared::Alone
    }
}

fn named(others: &BTreeSet<&str>) -> String {
    let names: Vec<&str> = others.iter().take(MOST_NAMED).copied().collect();
    match others.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
