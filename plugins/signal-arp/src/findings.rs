//! From entries of the table to observations.

use std::{collections::HashMap, net::IpAddr};

use vmkit_plugin::{Kind, Mac, Observation, Subject, Unread, attribute};

use crate::table::{AddressCounts, Entry, Interest, State, is_host_address};

/// Every address on a machine's MAC. A MAC of two machines counts for both.
pub(crate) fn discover(entries: &[Entry], interest: &Interest) -> Vec<Observation> {
    let of_entry = |entry: &Entry| -> Vec<Observation> {
        let Some(mac) = entry.mac.filter(|_| is_host_address(entry.address)) else {
            return Vec::new();
        };
        interest.owners(mac).iter().filter_map(|&vm| held_by_machine(vm, entry, mac)).collect()
    };
    entries.iter().flat_map(of_entry).collect()
}

/// The machines that cannot be looked for in the table.
pub(crate) fn without_mac(vms: &[Subject]) -> Vec<Observation> {
    let unknown = Unread::Failed("its MAC is not known".to_owned());
    let without = vms.iter().enumerate().filter(|(_, subject)| subject.macs.is_empty());
    without.map(|(vm, _)| Observation::unread(vm, &unknown)).collect()
}

/// A snapshot without a table: nobody looked at it when the snapshot was taken.
pub(crate) fn without_table(vms: &[Subject]) -> Vec<Observation> {
    let with_mac = vms.iter().enumerate().filter(|(_, subject)| !subject.macs.is_empty());
    let missing = |vm| Observation::nothing_to_look_at(vm, "no neighbour table was recorded");
    with_mac.map(|(vm, _)| missing(vm)).collect()
}

/// A table of macOS that names nobody, although a connected Mac knows at least its router.
pub(crate) fn names_nobody(vms: &[Subject]) -> Vec<Observation> {
    let hidden = Unread::Denied(
        "the neighbour table is empty, without even the router: macOS may hide it from this program"
            .to_owned(),
    );
    let with_mac = vms.iter().enumerate().filter(|(_, subject)| !subject.macs.is_empty());
    let unread =
        |vm| Observation::unread(vm, &hidden).with(attribute::SOURCE, attribute::EMPTY_TABLE);
    with_mac.map(|(vm, _)| unread(vm)).collect()
}

/// Who holds each candidate: the machine, another host, or nobody. `counts` are those of the other hosts.
pub(crate) fn confirm(
    entries: &[Entry],
    interest: &Interest,
    vms: &[Subject],
    counts: &AddressCounts,
) -> Vec<Observation> {
    let mut by_address: HashMap<IpAddr, Vec<&Entry>> = HashMap::new();
    for entry in entries {
        by_address.entry(entry.address).or_default().push(entry);
    }
    let mut observations = Vec::new();
    for (vm, subject) in vms.iter().enumerate() {
        for address in &subject.candidates {
            let entries = by_address.get(address).map_or(&[][..], Vec::as_slice);
            let held = entries.iter().filter_map(|entry| entry.mac.map(|mac| (*entry, mac)));
            for (entry, mac) in held {
                observations.extend(if subject.macs.contains(&mac) {
                    held_by_machine(vm, entry, mac)
                } else {
                    let seen = held_by_other(vm, entry, mac, interest, vms);
                    seen.map(|seen| counted(seen, counts.get(&mac).copied()))
                });
            }
            // An address that is resolved on one interface may have failed on another, where it does
            // not belong: that says nothing about the machine.
            if entries.iter().all(|entry| entry.mac.is_none()) {
                observations.extend(entries.iter().filter_map(|entry| failed(vm, entry)));
            }
        }
    }
    observations
}

fn held_by_machine(vm: usize, entry: &Entry, mac: Mac) -> Option<Observation> {
    let kind = match entry.state {
        State::Reachable => Kind::NeighbourReachable,
        State::Stale | State::Delay | State::Probe => Kind::NeighbourStale,
        State::Permanent | State::NoArp => Kind::NeighbourPermanent,
        State::Cached => Kind::NeighbourCached,
        State::Failed => return None,
    };
    let says = format!("{} with the VM's MAC{}", entry.state.word(), on(entry));
    Some(about(vm, kind, says, entry).on_mac(mac))
}

fn held_by_other(
    vm: usize,
    entry: &Entry,
    mac: Mac,
    interest: &Interest,
    vms: &[Subject],
) -> Option<Observation> {
    if entry.state == State::Failed {
        return None;
    }
    let owners = interest.owners(mac).iter().filter_map(|&owner| vms.get(owner));
    let owners: Vec<_> = owners.map(|owner| format!("{:?}", owner.name)).collect();
    let whose = if owners.is_empty() {
        "not a listed VM's MAC".to_owned()
    } else {
        format!("the MAC of {}", owners.join(" and "))
    };
    let says = format!("{} with {mac}{}, {whose}", entry.state.word(), on(entry));
    Some(about(vm, Kind::NeighbourOtherMac, says, entry).on_mac(mac))
}

/// With the number of addresses that its MAC has in the table, if there are several.
fn counted(mut seen: Observation, count: Option<usize>) -> Observation {
    let Some(count) = count.filter(|count| *count > 1) else { return seen };
    seen.says = format!("{}, which has {count} addresses here", seen.says);
    seen.with(attribute::ADDRESSES, count.to_string())
}

fn failed(vm: usize, entry: &Entry) -> Option<Observation> {
    (entry.state == State::Failed).then(|| {
        let says = format!("FAILED: the kernel asked and nobody answered{}", on(entry));
        about(vm, Kind::NeighbourFailed, says, entry)
    })
}

fn about(vm: usize, kind: Kind, says: String, entry: &Entry) -> Observation {
    let mut observation = Observation::new(vm, kind, says).at(entry.address);
    observation.age = entry.age;
    match &entry.interface {
        Some(name) => observation.with(attribute::INTERFACE, name.as_str()),
        None => observation,
    }
}

fn on(entry: &Entry) -> String {
    entry.interface.as_ref().map_or_else(String::new, |name| format!(" on {name}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const DB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 2]);
    const STRANGER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);

    fn vm(name: &str, macs: &[Mac], candidates: &[&str]) -> Subject {
        let candidates = candidates.iter().map(|address| address.parse().unwrap()).collect();
        Subject { name: name.into(), macs: macs.to_vec(), candidates, ..Subject::default() }
    }

    fn entry(address: &str, mac: Option<Mac>, state: State) -> Entry {
        Entry {
            address: address.parse().unwrap(),
            mac,
            state,
            age: Some(Duration::from_secs(3)),
            interface: Some("br0".into()),
        }
    }

    fn lines(observations: &[Observation]) -> Vec<String> {
        let line = |seen: &Observation| {
            let (address, says) = (seen.address.unwrap(), &seen.says);
            format!("{} {} {address} {says}", seen.vm, seen.kind.code())
        };
        observations.iter().map(line).collect()
    }

    #[test]
    fn every_state_has_its_kind() {
        let rows = [
            (State::Reachable, "neighbour-reachable"),
            (State::Stale, "neighbour-stale"),
            (State::Delay, "neighbour-stale"),
            (State::Probe, "neighbour-stale"),
            (State::Permanent, "neighbour-permanent"),
            (State::NoArp, "neighbour-permanent"),
            (State::Cached, "neighbour-cached"),
        ];
        let interest = Interest::new(&[vm("web", &[WEB], &[])]);
        for (state, kind) in rows {
            let seen = discover(&[entry("10.0.0.5", Some(WEB), state)], &interest);
            let says = format!("0 {kind} 10.0.0.5 {} with the VM's MAC on br0", state.word());
            assert_eq!(lines(&seen), [says]);
            assert_eq!(seen[0].age, Some(Duration::from_secs(3)));
            assert_eq!(seen[0].attribute(attribute::INTERFACE), Some("br0"));
        }
    }

    #[test]
    fn a_mac_of_two_machines_counts_for_both_and_a_group_address_for_none() {
        let interest = Interest::new(&[vm("web", &[WEB, WEB], &[]), vm("copy", &[WEB], &[])]);
        let table = [
            entry("10.0.0.5", Some(WEB), State::Reachable),
            entry("fe80::1", Some(WEB), State::Stale),
            entry("224.0.0.251", Some(WEB), State::Permanent),
            entry("ff02::1", Some(WEB), State::NoArp),
            entry("0.0.0.0", Some(WEB), State::Stale),
            entry("10.0.0.6", Some(STRANGER), State::Reachable),
            entry("10.0.0.7", None, State::Failed),
        ];
        assert_eq!(
            lines(&discover(&table, &interest)),
            [
                "0 neighbour-reachable 10.0.0.5 REACHABLE with the VM's MAC on br0",
                "1 neighbour-reachable 10.0.0.5 REACHABLE with the VM's MAC on br0",
                "0 neighbour-stale fe80::1 STALE with the VM's MAC on br0",
                "1 neighbour-stale fe80::1 STALE with the VM's MAC on br0",
            ]
        );
    }

    #[test]
    fn confirms_or_refutes_each_candidate() {
        let vms = [
            vm("web", &[WEB], &["10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "2001:db8::1"]),
            vm("db", &[DB], &["10.0.0.5", "10.0.0.9", "2001:db8::2"]),
        ];
        let table = [
            entry("10.0.0.5", Some(WEB), State::Stale),
            entry("10.0.0.6", Some(DB), State::Reachable),
            entry("10.0.0.7", Some(STRANGER), State::Delay),
            entry("10.0.0.8", None, State::Failed),
            entry("10.0.0.9", None, State::Failed),
            entry("10.0.0.9", Some(DB), State::Reachable),
            entry("2001:db8::1", Some(STRANGER), State::Reachable),
            entry("2001:db8::2", None, State::Failed),
        ];
        assert_eq!(
            lines(&confirm(&table, &Interest::new(&vms), &vms, &AddressCounts::new())),
            [
                "0 neighbour-stale 10.0.0.5 STALE with the VM's MAC on br0",
                "0 neighbour-other-mac 10.0.0.6 REACHABLE with 52:54:00:00:00:02 on br0, the MAC of \"db\"",
                "0 neighbour-other-mac 10.0.0.7 DELAY with 3c:00:00:00:00:09 on br0, not a listed VM's MAC",
                "0 neighbour-failed 10.0.0.8 FAILED: the kernel asked and nobody answered on br0",
                "0 neighbour-other-mac 2001:db8::1 REACHABLE with 3c:00:00:00:00:09 on br0, not a listed VM's MAC",
                "1 neighbour-other-mac 10.0.0.5 STALE with 52:54:00:00:00:01 on br0, the MAC of \"web\"",
                "1 neighbour-reachable 10.0.0.9 REACHABLE with the VM's MAC on br0",
                "1 neighbour-failed 2001:db8::2 FAILED: the kernel asked and nobody answered on br0",
            ]
        );
    }

    #[test]
    fn another_host_with_several_addresses_is_reported_with_their_number() {
        let vms = [vm("web", &[WEB], &["10.0.0.5"])];
        let table = [entry("10.0.0.5", Some(STRANGER), State::Reachable)];
        let counts = AddressCounts::from([(STRANGER, 6)]);
        let seen = confirm(&table, &Interest::new(&vms), &vms, &counts);
        assert!(seen[0].says.ends_with("not a listed VM's MAC, which has 6 addresses here"));
        assert_eq!(seen[0].attribute(attribute::ADDRESSES), Some("6"));
        let alone = AddressCounts::from([(STRANGER, 1)]);
        let seen = confirm(&table, &Interest::new(&vms), &vms, &alone);
        assert_eq!(seen[0].attribute(attribute::ADDRESSES), None);
    }
}
