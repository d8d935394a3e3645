//! From leases to observations.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use vmkit_plugin::{Kind, Mac, Observation, Subject, Unread, attribute, escaped};

use crate::{
    formats::Format,
    lease::{Lease, Validity},
};

/// Name of the attribute for the length of a lease, in seconds.
const LEASE_SECONDS: &str = "lease-s";

/// Most leases of one machine that are reported: it has one per network, and more in a file are old.
const LEASES_LIMIT: usize = 8;

/// The leases of one file.
pub(crate) struct LeaseFile {
    pub(crate) format: Format,
    /// The bridge of these leases, where that is known.
    pub(crate) bridge: Option<String>,
    /// Newest first.
    pub(crate) leases: Vec<Lease>,
}

/// The observations from these files; `unread` says why other files could not be read. Reports a missing
/// lease only if all files were read, and only for servers whose network is known.
pub(crate) fn observations(
    vms: &[Subject],
    files: &[LeaseFile],
    unread: &[Unread],
    now: SystemTime,
) -> Vec<Observation> {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let owners = owners(vms);
    let mut found: Vec<Vec<(Mac, &Lease, &LeaseFile)>> = vec![Vec::new(); vms.len()];
    for file in files {
        for lease in &file.leases {
            let Some((mac, owners)) = lease.mac.and_then(|mac| owners.get_key_value(&mac)) else {
                continue;
            };
            for &vm in owners {
                found[vm].push((*mac, lease, file));
            }
        }
    }
    let mut observations = Vec::new();
    for (vm, mut leases) in found.into_iter().enumerate() {
        let is_complete = !files.is_empty() && unread.is_empty() && !vms[vm].macs.is_empty();
        if leases.is_empty() && is_complete {
            let served = files.iter().filter(|file| serves_known_network(file)).take(LEASES_LIMIT);
            observations.extend(served.map(|file| no_lease(vm, file)));
        }
        if vms[vm].macs.is_empty() {
            observations.push(Observation::unread(vm, &mac_unknown()));
        }
        // Leases in force come first, whatever file they are in.
        leases.sort_by_key(|(_, lease, _)| !lease.validity.covers(now));
        let kept = leases.iter().take(LEASES_LIMIT);
        observations
            .extend(kept.map(|(mac, lease, file)| lease_observation(vm, *mac, lease, file, now)));
        observations.extend(unread.iter().map(|why| Observation::unread(vm, why)));
    }
    observations
}

/// Leases are found by MAC.
fn mac_unknown() -> Unread {
    Unread::Failed("its MAC is not known".to_owned())
}

/// No server of this computer writes leases where they are looked for.
pub(crate) fn without_files(vms: usize) -> Vec<Observation> {
    let of = |vm| Observation::nothing_to_look_at(vm, "there is no lease file");
    (0..vms).map(of).collect()
}

/// The machines of each MAC: more than one where a MAC was given twice.
fn owners(vms: &[Subject]) -> HashMap<Mac, Vec<usize>> {
    let mut owners: HashMap<Mac, Vec<usize>> = HashMap::new();
    for (vm, subject) in vms.iter().enumerate() {
        for &mac in &subject.macs {
            let of_mac = owners.entry(mac).or_default();
            if of_mac.last() != Some(&vm) {
                of_mac.push(vm);
            }
        }
    }
    owners
}

/// Whether the network of the server is known: a bridge, or the system's shared network. Another dnsmasq or
/// dhcpd may serve networks without VMs, and Parallels serves its own VMs.
fn serves_known_network(file: &LeaseFile) -> bool {
    file.bridge.is_some() || file.format == Format::MacOs
}

/// Reports that this server has leased no address to the machine.
fn no_lease(vm: usize, file: &LeaseFile) -> Observation {
    let server = file.format.server();
    let on = file.bridge.as_deref().map_or_else(String::new, |at| format!(" on {}", escaped(at)));
    let says = format!("{server}{on} has leased no address to its MAC");
    let absence = Observation::new(vm, Kind::from_code("lease-none"), says);
    match &file.bridge {
        Some(bridge) => absence.with(attribute::INTERFACE, bridge),
        None => absence,
    }
}

fn lease_observation(
    vm: usize,
    mac: Mac,
    lease: &Lease,
    file: &LeaseFile,
    now: u64,
) -> Observation {
    let (kind, until) = match lease.validity {
        Validity::Forever => ("lease-current", "without end".to_owned()),
        Validity::Ended => ("lease-expired", "no longer in force".to_owned()),
        Validity::Until(end) if now < end => {
            ("lease-current", format!("valid for {} more", in_words(end - now)))
        }
        Validity::Until(end) => ("lease-expired", format!("expired {} ago", in_words(now - end))),
    };
    let server = file.format.server();
    let on = file.bridge.as_deref().map_or_else(String::new, |at| format!(" on {}", escaped(at)));
    let says = format!("leased by {server}{on}, {until}");
    let mut observation =
        Observation::new(vm, Kind::from_code(kind), says).at(lease.address).on_mac(mac);
    if let Some(age) = age(lease, now) {
        observation = observation.aged(age);
    }
    if let Some(length) = lease.length {
        observation = observation.with(LEASE_SECONDS, length.to_string());
    }
    match &file.bridge {
        Some(bridge) => observation.with(attribute::INTERFACE, bridge),
        None => observation,
    }
}

/// How long ago the lease was last known to hold: for one in force, since its beginning; for another, since
/// its end. `None`: the file does not say.
fn age(lease: &Lease, now: u64) -> Option<Duration> {
    let Validity::Until(end) = lease.validity else { return None };
    let at = if now < end { end.checked_sub(lease.length?)? } else { end };
    Some(Duration::from_secs(now.saturating_sub(at)))
}

/// A time in its two largest units.
fn in_words(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let largest = UNITS.iter().position(|(unit, _)| seconds >= *unit).unwrap_or(UNITS.len() - 1);
    let (unit, name) = UNITS[largest];
    let whole = format!("{} {name}", seconds / unit);
    match UNITS.get(largest + 1) {
        Some((below, name)) if seconds % unit >= *below => {
            format!("{whole} {} {name}", seconds % unit / below)
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests;
