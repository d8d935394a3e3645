//! Which leases of one file a later one supersedes.
//!
//! A client that boots in stages asks with several identifiers, and a server then keeps one lease for each of
//! them. The client uses the address that it was given last.

use std::collections::HashMap;

use vmkit_leases::{Lease, Validity};
use vmkit_plugin::Mac;

/// The newest lease in force of each MAC and family.
pub(super) struct Newest<'a>(HashMap<(Mac, bool), &'a Lease>);

impl<'a> Newest<'a> {
    pub(super) fn of(leases: &'a [Lease], now: u64) -> Self {
        let mut newest: HashMap<(Mac, bool), &Lease> = HashMap::new();
        for lease in leases.iter().filter(|lease| lease.validity.covers(now)) {
            let Some(mac) = lease.mac else { continue };
            let of_mac = newest.entry((mac, lease.address.is_ipv4())).or_insert(lease);
            if is_later(lease, of_mac) {
                *of_mac = lease;
            }
        }
        Self(newest)
    }

    /// The lease that supersedes this one, if it is in force.
    pub(super) fn successor(&self, lease: &Lease, now: u64) -> Option<&'a Lease> {
        let newest = self.0.get(&(lease.mac?, lease.address.is_ipv4())).copied()?;
        let other = newest.address != lease.address && lease.validity.covers(now);
        (other && is_later(newest, lease)).then_some(newest)
    }
}

/// Whether one lease was surely given later. One without end may have been given at any time.
fn is_later(lease: &Lease, than: &Lease) -> bool {
    match (given(lease), given(than)) {
        (Some(one), Some(other)) => one > other,
        _ => false,
    }
}

/// When the lease was given, or renewed: in files without lengths its end, since one server gives leases of
/// one length.
fn given(lease: &Lease) -> Option<u64> {
    match lease.validity {
        Validity::Until(end) => Some(end.saturating_sub(lease.length.unwrap_or(0))),
        Validity::Ended | Validity::Forever => None,
    }
}
