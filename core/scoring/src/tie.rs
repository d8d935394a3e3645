//! What ties an address to a machine.

use vmkit_types::Mac;

use crate::ledger::Item;

/// What ties an address to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tie {
    /// Nothing.
    None,
    /// The guest's word alone.
    Claim,
    /// A source of the host.
    Source,
}

/// What ties the address of these items to the machine, and the MAC that it names, if any.
pub(crate) fn tie(items: &[Item<'_, '_>]) -> (Tie, Option<Mac>) {
    let mut found = (Tie::None, None);
    for item in items.iter().filter(|item| item.supports()) {
        let Some(rule) = item.rule.filter(|rule| rule.ties) else { continue };
        if found.0 == Tie::None {
            found = (Tie::Claim, item.entry.evidence.observation.mac);
        }
        if !rule.guest_claim {
            found.0 = Tie::Source;
        }
    }
    found
}
