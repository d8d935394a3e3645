//! The neighbour table as plain data, for every platform.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use vmkit_plugin::{Mac, Subject};

/// What the kernel knows about a neighbour.
#[allow(dead_code, reason = "each platform has only some of the states")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Confirmed within the reachable time, some 30 s.
    Reachable,
    /// Seen once, not confirmed lately.
    Stale,
    /// Stale, used again, and about to be probed.
    Delay,
    /// Being probed, without an answer yet.
    Probe,
    /// Entered by hand.
    Permanent,
    /// On a link that needs no resolution, or entered so.
    NoArp,
    /// Known, but its age is unknown: macOS gives no state.
    Cached,
    /// Probed without an answer.
    Failed,
}

impl State {
    /// The state as the platform's own tools print it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Reachable => "REACHABLE",
            Self::Stale => "STALE",
            Self::Delay => "DELAY",
            Self::Probe => "PROBE",
            Self::Permanent => "PERMANENT",
            Self::NoArp => "NOARP",
            Self::Cached => "cached",
            Self::Failed => "FAILED",
        }
    }
}

/// One entry of the table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) address: IpAddr,
    /// `None`: the resolution failed.
    pub(crate) mac: Option<Mac>,
    pub(crate) state: State,
    /// Time since the neighbour was last heard, where the platform says so.
    pub(crate) age: Option<Duration>,
    /// Name of the host's interface; `None`: it could not be read.
    pub(crate) interface: Option<String>,
}

/// Linux also makes an entry from the neighbour's own frame, a request or an announcement. It dates that
/// entry as confirmed twice the base reachable time (30 s by default) earlier.
const UNCONFIRMED: Duration = Duration::from_mins(1);
/// `ip -s neigh` rounds each time down to whole seconds.
const ROUNDING: Duration = Duration::from_secs(1);

/// Time since Linux last heard a neighbour, from the times since the last confirmation and since the last
/// change of its entry.
///
/// By default, an entry turns stale 15 to 45 s after a confirmation. One that turned stale 60 s after it was
/// never confirmed; the frame that made the entry came at the time of that change.
pub(crate) fn last_heard(state: State, confirmed: Duration, updated: Option<Duration>) -> Duration {
    let unconfirmed = updated.filter(|updated| {
        state == State::Stale && confirmed.abs_diff(*updated + UNCONFIRMED) <= ROUNDING
    });
    unconfirmed.unwrap_or(confirmed)
}

/// The entries, without those that tell less about a neighbour than another one: macOS has a tool that shows
/// ages and one that does not. The copy without an age would count as a reading of its own, perhaps from
/// before the VM's boot.
pub(crate) fn without_undated_copies(entries: Vec<Entry>) -> Vec<Entry> {
    let undated = |entry: &Entry| Entry { age: None, ..entry.clone() };
    let dated: HashSet<Entry> =
        entries.iter().filter(|entry| entry.age.is_some()).map(undated).collect();
    entries.into_iter().filter(|entry| entry.age.is_some() || !dated.contains(entry)).collect()
}

/// What a batch wants to know: entries about anything else are dropped while reading, so that a
/// table of 100,000 costs no memory.
#[derive(Debug, Default)]
pub(crate) struct Interest {
    machines: HashMap<Mac, Vec<usize>>,
    candidates: HashSet<IpAddr>,
}

impl Interest {
    /// The MACs and candidates of these machines.
    pub(crate) fn new(vms: &[Subject]) -> Self {
        let mut interest = Self::default();
        for (index, vm) in vms.iter().enumerate() {
            for &mac in vm.macs.iter().filter(|mac| !mac.is_zero() && !mac.is_multicast()) {
                let owners = interest.machines.entry(mac).or_default();
                if owners.last() != Some(&index) {
                    owners.push(index);
                }
            }
            interest.candidates.extend(&vm.candidates);
        }
        interest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.machines.is_empty() && self.candidates.is_empty()
    }

    /// Whether an entry of this address and MAC says anything about the batch.
    pub(crate) fn covers(&self, address: IpAddr, mac: Option<Mac>) -> bool {
        mac.is_some_and(|mac| self.machines.contains_key(&mac))
            || self.candidates.contains(&address)
    }

    /// The addresses whose holders are wanted.
    pub(crate) fn candidates(&self) -> &HashSet<IpAddr> {
        &self.candidates
    }

    /// The MACs of these entries that no machine of the batch has.
    pub(crate) fn strangers(&self, entries: &[Entry]) -> HashSet<Mac> {
        let macs = entries.iter().filter_map(|entry| entry.mac);
        macs.filter(|mac| !self.machines.contains_key(mac)).collect()
    }

    /// The machines of this MAC: more than one where a MAC was given twice.
    pub(crate) fn owners(&self, mac: Mac) -> &[usize] {
        self.machines.get(&mac).map_or(&[], Vec::as_slice)
    }
}

/// How many IPv4 addresses of the whole table are on each of some MACs.
pub(crate) type AddressCounts = HashMap<Mac, usize>;

/// Counts the addresses on these MACs. An address on two interfaces counts once.
pub(crate) fn count_addresses(
    macs: &HashSet<Mac>,
    table: impl Iterator<Item = (IpAddr, Option<Mac>)>,
) -> AddressCounts {
    let mut addresses: HashMap<Mac, HashSet<Ipv4Addr>> = HashMap::new();
    for (address, mac) in table {
        if let (IpAddr::V4(v4), Some(mac)) = (address, mac.filter(|mac| macs.contains(mac)))
            && is_host_address(address)
        {
            addresses.entry(mac).or_default().insert(v4);
        }
    }
    addresses.into_iter().map(|(mac, addresses)| (mac, addresses.len())).collect()
}

/// Whether a neighbour can have this address.
pub(crate) fn is_host_address(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !broadcast && !address.is_unspecified() && !address.is_multicast() && !address.is_loopback()
}

/// Whether an interface of a host can have this name: with its ending zero, `IFNAMSIZ` allows 16 bytes.
pub(crate) fn is_interface(name: &str) -> bool {
    (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_interface_has_fifteen_bytes_at_most() {
        let rows = [("e", true), ("enx0123456789ab", true), ("enx0123456789abc", false)];
        for (name, expected) in rows.into_iter().chain([("", false), ("a b", false)]) {
            assert_eq!(is_interface(name), expected, "{name}");
        }
    }

    #[test]
    fn counts_each_address_of_a_mac_once() {
        let (router, other) = (Mac::new([2, 0, 0, 0, 0, 1]), Mac::new([2, 0, 0, 0, 0, 2]));
        let table = [
            ("10.0.0.1", Some(router)),
            ("10.0.0.1", Some(router)),
            ("10.0.0.7", Some(router)),
            ("fe80::1", Some(router)),
            ("224.0.0.1", Some(router)),
            ("10.0.0.8", Some(other)),
            ("10.0.0.9", None),
        ];
        let table = table.map(|(address, mac)| (address.parse().unwrap(), mac));
        let counts = count_addresses(&HashSet::from([router]), table.into_iter());
        assert_eq!(counts, HashMap::from([(router, 2)]));
    }

    #[test]
    fn an_entry_without_its_age_is_dropped_where_another_tool_shows_the_age() {
        let entry = |last: u8, mac: u8, age: Option<u64>| Entry {
            address: IpAddr::from([192, 168, 64, last]),
            mac: Some(Mac::new([2, 0, 0, 0, 0, mac])),
            state: State::Cached,
            age: age.map(Duration::from_secs),
            interface: Some("bridge100".to_owned()),
        };
        let kept = [entry(7, 1, Some(5)), entry(7, 2, None), entry(8, 1, None)];
        let mut read = kept.to_vec();
        read.push(entry(7, 1, None));
        assert_eq!(without_undated_copies(read), kept);
    }

    #[test]
    fn a_neighbour_that_was_never_confirmed_was_heard_when_its_entry_changed() {
        // State; milliseconds since the confirmation, since the change, and since it was heard.
        let table = [
            (State::Reachable, 4_000, Some(9_000), 4_000),
            (State::Stale, 100_000, Some(70_000), 100_000),
            (State::Stale, 60_080, Some(80), 80),
            (State::Stale, 61_000, Some(0), 0),
            (State::Stale, 60_080, None, 60_080),
            // Used again since, which changed its entry.
            (State::Delay, 300_000, Some(240_000), 300_000),
        ];
        let milliseconds = Duration::from_millis;
        for (state, confirmed, updated, expected) in table {
            let heard = last_heard(state, milliseconds(confirmed), updated.map(milliseconds));
            assert_eq!(heard, milliseconds(expected), "{state:?} {confirmed} {updated:?}");
        }
    }
}
