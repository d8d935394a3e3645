//! From leases to observations.

mod file;
mod named;
mod superseded;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use vmkit_leases::{Lease, Validity};
use vmkit_plugin::{Kind, Mac, Observation, Subject, Unread, attribute, escaped};

pub(crate) use file::LeaseFile;
use file::{LEASES_LIMIT, in_words, serves_known_network};
use superseded::Newest;

/// Name of the attribute for the length of a lease, in seconds.
const LEASE_SECONDS: &str = "lease-s";

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
    let mut found: Vec<Vec<Found<'_>>> = vec![Vec::new(); vms.len()];
    for file in files {
        let newest = Newest::of(&file.leases, now);
        for lease in &file.leases {
            let Some((mac, owners)) = lease.mac.and_then(|mac| owners.get_key_value(&mac)) else {
                continue;
            };
            for &vm in owners {
                let successor = newest.successor(lease, now);
                found[vm].push(Found { mac: *mac, lease, file, successor });
            }
        }
    }
    let without_owner = named::without_owner(files, now);
    let mut observations = Vec::new();
    for (vm, mut leases) in found.into_iter().enumerate() {
        let is_complete = !files.is_empty() && unread.is_empty() && !vms[vm].macs.is_empty();
        let by_name = named::leases(vms, vm, files, now);
        let nothing_found = leases.is_empty() && by_name.is_empty() && is_complete;
        if let (true, Some(why)) = (nothing_found, &without_owner) {
            observations.push(Observation::unread(vm, why));
        } else if nothing_found {
            let served = files.iter().filter(|file| serves_known_network(file)).take(LEASES_LIMIT);
            observations.extend(served.map(|file| no_lease(vm, file)));
        }
        if vms[vm].macs.is_empty() {
            observations.push(Observation::unread(vm, &mac_unknown()));
        }
        // Leases in force come first, whatever file they are in.
        leases.sort_by_key(|found| !found.is_current(now));
        observations
            .extend(by_name.iter().map(|(lease, file)| named::observation(vm, lease, file, now)));
        let kept = leases.iter().take(LEASES_LIMIT);
        observations.extend(kept.map(|found| lease_observation(vm, found, now)));
        observations.extend(unread.iter().map(|why| Observation::unread(vm, why)));
    }
    observations
}

/// A lease of one machine.
#[derive(Clone, Copy)]
struct Found<'a> {
    mac: Mac,
    lease: &'a Lease,
    file: &'a LeaseFile,
    /// The lease that the server gave to the same MAC later.
    successor: Option<&'a Lease>,
}

impl Found<'_> {
    fn is_current(&self, now: u64) -> bool {
        self.lease.validity.covers(now) && self.successor.is_none()
    }
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

fn lease_observation(vm: usize, found: &Found<'_>, now: u64) -> Observation {
    let Found { mac, lease, file, successor } = *found;
    let (kind, until) = match (lease.validity, successor) {
        (_, Some(later)) => {
            (Kind::LeaseExpired, format!("which its later lease of {} supersedes", later.address))
        }
        (Validity::Forever, None) => (Kind::LeaseCurrent, "without end".to_owned()),
        (Validity::Ended, None) => (Kind::LeaseExpired, "no longer in force".to_owned()),
        (Validity::Until(end), None) if now < end => {
            (Kind::LeaseCurrent, format!("valid for {} more", in_words(end - now)))
        }
        (Validity::Until(end), None) => {
            (Kind::LeaseExpired, format!("expired {} ago", in_words(now - end)))
        }
    };
    let server = file.format.server();
    let on = file.bridge.as_deref().map_or_else(String::new, |at| format!(" on {}", escaped(at)));
    let says = format!("leased by {server}{on}, {until}");
    let mut observation = Observation::new(vm, kind, says).at(lease.address).on_mac(mac);
    if let Some(age) = age(lease, now) {
        observation = observation.aged(age);
    }
    if let Some(length) = lease.length {
        observation = observation.with(LEASE_SECONDS, length.to_string());
    }
    if let Some(identifier) = lease.client_id.as_ref().filter(|_| lease.address.is_ipv4()) {
        observation = observation.with(attribute::CLIENT_ID, hexadecimal(identifier));
    }
    match &file.bridge {
        Some(bridge) => observation.with(attribute::INTERFACE, bridge),
        None => observation,
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

/// How long ago the lease was last known to hold: for one in force, since its beginning; for another, since
/// its end. `None`: the file does not say.
fn age(lease: &Lease, now: u64) -> Option<Duration> {
    let Validity::Until(end) = lease.validity else { return None };
    let at = if now < end { end.checked_sub(lease.length?)? } else { end };
    Some(Duration::from_secs(now.saturating_sub(at)))
}

#[cfg(test)]
mod tests;
