//! Plain rules on the same evidence, to compare with.

use std::net::IpAddr;

use vmkit_scoring::Case;

use crate::labelled::Labelled;

/// A rule that answers one machine of a case; `None`: no address.
pub type Answer = fn(&Labelled, usize) -> Option<IpAddr>;

/// The rules by name.
pub const RULES: &[(&str, Answer)] = &[
    ("first ARP entry", first_neighbour),
    ("first lease", first_lease),
    ("toolkit's order", toolkit),
];

/// The first entry of the neighbour table that stands on the machine's MAC.
fn first_neighbour(labelled: &Labelled, vm: usize) -> Option<IpAddr> {
    const ENTRIES: [&str; 4] =
        ["neighbour-reachable", "neighbour-stale", "neighbour-cached", "neighbour-permanent"];
    first(labelled, vm, |code| ENTRIES.contains(&code))
}

/// The first lease of the machine's MAC, in force or not.
fn first_lease(labelled: &Labelled, vm: usize) -> Option<IpAddr> {
    first(labelled, vm, |code| code.starts_with("lease-"))
}

/// The shell toolkit: every dotted quad of the console, then DNS, then ARP. The first at which an
/// SSH server answers wins; where none does, the first that DNS or ARP has, then of the console.
fn toolkit(labelled: &Labelled, vm: usize) -> Option<IpAddr> {
    let console = labelled.console_words.get(vm).into_iter().flatten();
    let console = console.filter(|address| !address.is_link_local()).copied().map(IpAddr::from);
    let names = first(labelled, vm, |code| code == "dns-address");
    let neighbour = first_neighbour(labelled, vm);
    let candidates: Vec<IpAddr> = console.chain(names).chain(neighbour).collect();
    let open = candidates.iter().find(|address| labelled.ssh_open.contains(address));
    open.copied().or(neighbour).or(names).or_else(|| candidates.first().copied())
}

fn first(labelled: &Labelled, vm: usize, wanted: impl Fn(&str) -> bool) -> Option<IpAddr> {
    let case: &Case = labelled.cases.get(vm)?;
    let mut facts = labelled.about(vm).map(|item| &item.observation);
    let found = facts.find(|fact| {
        let foreign = fact.mac.is_some_and(|mac| case.cards.with_mac(mac).is_none());
        fact.address.is_some_and(|address| address.is_ipv4())
            && wanted(fact.kind.code())
            && !foreign
    });
    found.and_then(|fact| fact.address)
}
