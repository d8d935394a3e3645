//! The lease of this computer itself, where it is of the machine's network.

use std::net::IpAddr;

use vmkit_survey::OwnLease;

use crate::{Attachment, Facts};

/// This computer's own lease, if the machine is on the same network and the lease is in use there.
/// `None`: there is none, such as with a static address, or it is not known.
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
    let survey = facts.survey;
    survey.own_lease.as_ref().known().into_iter().chain(&survey.further_leases).find(in_use)
}
