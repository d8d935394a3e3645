//! Leases in force without a MAC: macOS writes down the client identifier in its place, and that of
//! systemd-networkd has none.

use vmkit_leases::{Lease, Validity};
use vmkit_plugin::{Kind, Observation, Subject, Unread, attribute, escaped};

use super::file::{LEASES_LIMIT, LeaseFile, in_words, serves_known_network};

/// Most addresses that a message lists.
const MOST_LISTED: usize = 3;

/// The leases in force of servers whose network is known, without a MAC.
fn nameless(files: &[LeaseFile], now: u64) -> impl Iterator<Item = (&Lease, &LeaseFile)> {
    let served = files.iter().filter(|file| serves_known_network(file));
    served.flat_map(move |file| {
        let open = file.leases.iter().filter(move |lease| {
            lease.mac.is_none() && lease.address.is_ipv4() && lease.validity.covers(now)
        });
        open.map(move |lease| (lease, file))
    })
}

/// The newest lease of each server that names this machine, and no other one.
pub(super) fn leases<'f>(
    vms: &[Subject],
    vm: usize,
    files: &'f [LeaseFile],
    now: u64,
) -> Vec<(&'f Lease, &'f LeaseFile)> {
    let mut found: Vec<(&Lease, &LeaseFile)> = Vec::new();
    for (lease, file) in nameless(files, now) {
        let Some(name) = lease.name.as_deref() else { continue };
        let mut others = vms.iter().enumerate().filter(|(other, _)| *other != vm);
        let known = found.iter().any(|(_, of)| std::ptr::eq(*of, file));
        if !known && is_name_of(name, &vms[vm]) && !others.any(|(_, vm)| is_name_of(name, vm)) {
            found.push((lease, file));
        }
    }
    found.truncate(LEASES_LIMIT);
    found
}

fn is_name_of(name: &str, vm: &Subject) -> bool {
    let host = name.split('.').next().unwrap_or_default();
    let own = vm.hostname.as_deref().unwrap_or(&vm.name);
    host.eq_ignore_ascii_case(own)
}

/// Why it is not known that a machine has no lease; `None`: every lease in force has an owner.
pub(super) fn without_owner(files: &[LeaseFile], now: u64) -> Option<Unread> {
    let open: Vec<String> =
        nameless(files, now).map(|(lease, _)| lease.address.to_string()).collect();
    let listed = open.iter().take(MOST_LISTED).cloned().collect::<Vec<_>>().join(", ");
    let more = open.len().saturating_sub(MOST_LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!open.is_empty()).then(|| {
        Unread::Failed(format!(
            "leases in force without a MAC ({listed}{more}) may be its: `dhcp-identifier: mac` in the \
             guest's netplan has the server write its MAC down"
        ))
    })
}

pub(super) fn observation(vm: usize, lease: &Lease, file: &LeaseFile, now: u64) -> Observation {
    let until = match lease.validity {
        Validity::Until(end) => format!("valid for {} more", in_words(end.saturating_sub(now))),
        Validity::Ended | Validity::Forever => "without end".to_owned(),
    };
    let name = escaped(lease.name.as_deref().unwrap_or_default());
    let server = file.format.server();
    let says = format!("leased by {server} to a client named {name}, without its MAC, {until}");
    let seen = Observation::new(vm, Kind::LeaseName, says).at(lease.address);
    match &file.bridge {
        Some(bridge) => seen.with(attribute::INTERFACE, bridge),
        None => seen,
    }
}
