//! Which entries of inventories are one machine.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use vmkit_model::Machine;
use vmkit_types::Mac;

use super::{
    rank::rank,
    seen::{Seen, Sighting},
};

/// The first bytes of the MACs that QEMU gives to cards for which nobody names one: every machine
/// begins with the same.
const BY_DEFAULT: [u8; 4] = [0x52, 0x54, 0x00, 0x12];

/// A machine of one inventory, with what it may be recognised by.
pub(super) struct Node<'a> {
    manager: &'a str,
    place: usize,
    is_of_directory: bool,
    pid: Option<u32>,
    /// Its rank among those that see one machine; the least knows it best.
    rank: u8,
    /// What it says may be a stranger's word.
    apart: bool,
    macs: Vec<Mac>,
    disks: Vec<String>,
}

/// The places of the entries that are one machine, the one that knows it best first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) of_directory: Option<usize>,
    pub(super) of_listings: Vec<usize>,
}

impl<'a> Node<'a> {
    pub(super) fn of_directory(place: usize, machine: &'a Machine) -> Self {
        let image = format!("{}.qcow2", machine.own_name);
        let image = machine.directory.as_ref().map(|directory| directory.join(image));
        Self {
            manager: &machine.manager,
            place,
            is_of_directory: true,
            pid: machine.pid,
            rank: rank(&machine.manager, true),
            apart: false,
            macs: machine.cards.macs().collect(),
            disks: image.iter().filter_map(|path| path.to_str()).map(str::to_owned).collect(),
        }
    }

    pub(super) fn of_listing(place: usize, seen: &'a Seen<'_>) -> Self {
        let cards = seen.machine.cards.as_ref().known().into_iter().flatten();
        let disks = seen.machine.disks.as_ref().known().into_iter().flatten();
        let exists = !matches!(seen.process, Some(Sighting::Ended));
        Self {
            manager: seen.manager,
            place,
            is_of_directory: false,
            pid: seen.machine.pid.as_ref().known().copied().filter(|_| exists),
            rank: rank(seen.manager, seen.bundled),
            apart: seen.is_apart(),
            macs: cards.filter_map(|card| card.mac).filter(|mac| is_own(*mac)).collect(),
            disks: disks.filter(|disk| is_disk(disk)).cloned().collect(),
        }
    }
}

/// Whether both may be one machine, as far as what they have says.
fn may_be(one: &Node<'_>, other: &Node<'_>) -> bool {
    one.manager != other.manager && (one.pid.is_none() || other.pid.is_none())
}

/// Whether their MAC suffices. Two copies of a machine have one MAC and two disks. The directory's reader
/// knows its processes by more than that.
fn may_be_by_mac(one: &Node<'_>, other: &Node<'_>) -> bool {
    let apart = !one.disks.is_empty()
        && !other.disks.is_empty()
        && !one.disks.iter().any(|disk| other.disks.contains(disk));
    let unproven = (one.is_of_directory && other.pid.is_some())
        || (other.is_of_directory && one.pid.is_some());
    may_be(one, other) && !apart && !unproven
}

/// The machines that these are entries of.
pub(super) fn groups(nodes: &[Node<'_>]) -> Vec<Group> {
    let mut order: Vec<&Node<'_>> = nodes.iter().collect();
    order.sort_by_key(|node| (!node.is_of_directory, node.rank));
    let (macs, disks) = (unique(nodes, |node| &node.macs), unique(nodes, |node| &node.disks));
    let mut found = Found::default();
    for node in order {
        let own = Own {
            macs: node.macs.iter().filter(|mac| macs.contains(&(node.manager, *mac))).collect(),
            disks: node.disks.iter().filter(|it| disks.contains(&(node.manager, *it))).collect(),
        };
        let group = found.of(node, &own);
        found.add(group, node, own);
    }
    found.members.iter().map(|members| Group::of(members)).collect()
}

impl Group {
    fn of(members: &[&Node<'_>]) -> Self {
        let mut group = Self::default();
        for member in members {
            if member.is_of_directory {
                group.of_directory = Some(member.place);
            } else {
                group.of_listings.push(member.place);
            }
        }
        group
    }
}

/// The values that one entry alone of its inventory has: an image that several machines use, or a MAC
/// that several have, does not say which of them it is.
fn unique<'n, T: Ord>(
    nodes: &'n [Node<'_>],
    of: impl Fn(&'n Node<'_>) -> &'n Vec<T>,
) -> BTreeSet<(&'n str, &'n T)> {
    let (mut once, mut again) = (BTreeSet::new(), BTreeSet::new());
    for node in nodes.iter().filter(|node| !node.apart) {
        let own: BTreeSet<&T> = of(node).iter().collect();
        for value in own {
            if !once.insert((node.manager, value)) {
                again.insert((node.manager, value));
            }
        }
    }
    once.difference(&again).copied().collect()
}

/// What an entry alone of its inventory has.
struct Own<'n> {
    macs: Vec<&'n Mac>,
    disks: Vec<&'n String>,
}

/// The groups so far.
#[derive(Default)]
struct Found<'n> {
    members: Vec<Vec<&'n Node<'n>>>,
    pids: HashMap<u32, usize>,
    macs: HashMap<&'n Mac, Vec<usize>>,
    disks: HashMap<&'n String, Vec<usize>>,
}

impl<'n> Found<'n> {
    /// The group that the entry belongs to. What an entry apart says of MACs and disks may be a
    /// stranger's word, and the number of its process is the host's.
    fn of(&self, node: &Node<'_>, own: &Own<'_>) -> Option<usize> {
        let fits = |group: &usize, rule: fn(&Node<'_>, &Node<'_>) -> bool| {
            self.members[*group].iter().all(|member| rule(node, member))
        };
        let by_pid = node.pid.and_then(|pid| self.pids.get(&pid)).copied();
        let by_pid =
            by_pid.filter(|group| fits(group, |node, other| node.manager != other.manager));
        if by_pid.is_some() || node.apart {
            return by_pid;
        }
        let groups = own.disks.iter().filter_map(|disk| self.disks.get(*disk)).flatten();
        let by_disk = groups.copied().find(|group| fits(group, may_be));
        by_disk.or_else(|| {
            let groups = own.macs.iter().filter_map(|mac| self.macs.get(*mac)).flatten();
            groups.copied().find(|group| fits(group, may_be_by_mac))
        })
    }

    fn add(&mut self, group: Option<usize>, node: &'n Node<'n>, own: Own<'n>) {
        let group = group.unwrap_or_else(|| {
            self.members.push(Vec::new());
            self.members.len() - 1
        });
        self.members[group].push(node);
        if let Some(pid) = node.pid {
            self.pids.entry(pid).or_insert(group);
        }
        if !node.apart {
            for mac in own.macs {
                self.macs.entry(mac).or_default().push(group);
            }
            for disk in own.disks {
                self.disks.entry(disk).or_default().push(group);
            }
        }
    }
}

fn is_own(mac: Mac) -> bool {
    mac.octets()[..4] != BY_DEFAULT
}

/// Whether the path may be one machine's own: an image to install from is used by many.
fn is_disk(path: &str) -> bool {
    !Path::new(path).extension().is_some_and(|end| end.eq_ignore_ascii_case("iso"))
}
