//! The lease of this computer itself, where it is of the machine's network.

use std::net::IpAddr;

use vmkit_survey::OwnLease;

use crate::{Attachment, Facts};

/// This computer's own lease, if the machine is on the same network and the lease is in use there.
/// `None`: the address is static, or no lease is known.
pub(super) fn own_lease<'a>(
    facts: &Facts<'a>,
    attachment: &Attachment<'_>,
) -> Option<&'a OwnLease> {
    if !attachment.bridged {
        return None;
    }
    let networks = attachment.networks();
    let in_use = |lease: &&OwnLease| {
        networks.iter().any(|prefix| prefix.address == IpAddr::V4(lease.address))
    };
    facts.survey.own_leases.as_ref().known()?.iter().find(in_use)
}
