//! A name of its own for each machine of a look.

use std::collections::{HashMap, HashSet};

/// A machine that is to get a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) manager: &'a str,
    /// Its name in its manager.
    pub(super) name: &'a str,
    /// Its id in its manager.
    pub(super) id: &'a str,
    /// A stranger chose its name.
    pub(super) foreign: bool,
    /// It takes its name only where no machine has it that does not yield.
    pub(super) yields: bool,
}

/// The names in the order of the machines. A name that one machine alone has stays as it is; where
/// several have it, each gets `manager/name`, and `manager/name@id` where that does not suffice. A machine
/// that yields leaves the name to those that do not. A foreign machine gets `manager/name` always, and takes
/// no name from another.
pub(super) fn names(machines: &[Named<'_>]) -> Vec<String> {
    let (mut by_name, mut qualified) = (HashMap::new(), HashMap::new());
    let firm = machines.iter().filter(|machine| !machine.foreign && !machine.yields);
    let firm: HashSet<&str> = firm.map(|machine| machine.name).collect();
    let claims = |machine: &Named<'_>| !(machine.yields && firm.contains(machine.name));
    for machine in machines.iter().filter(|machine| !machine.foreign) {
        if claims(machine) {
            *by_name.entry(machine.name).or_insert(0_usize) += 1;
        }
        *qualified.entry((machine.manager, machine.name)).or_insert(0_usize) += 1;
    }
    let mut order: Vec<usize> = (0..machines.len()).collect();
    order.sort_by_key(|index| machines[*index].foreign);
    let mut names = vec![String::new(); machines.len()];
    let mut taken: HashSet<String> = HashSet::new();
    // `manager/name` is accepted for a machine with a plain name too.
    taken.extend(qualified.keys().map(|(manager, name)| format!("{manager}/{name}")));
    for index in order {
        let Named { manager, name, id, foreign, .. } = machines[index];
        let long = format!("{manager}/{name}");
        let alone = |count: Option<&usize>| count == Some(&1);
        let chosen = if foreign {
            if taken.contains(&long) { with_id(&long, id, &taken) } else { long }
        } else if claims(&machines[index]) && alone(by_name.get(name)) && !name.contains('/') {
            name.to_owned()
        } else if alone(qualified.get(&(manager, name))) {
            long
        } else {
            with_id(&long, id, &taken)
        };
        taken.insert(chosen.clone());
        names[index] = chosen;
    }
    names
}

/// The name with the id, as often as it takes to be the only one.
fn with_id(name: &str, id: &str, taken: &HashSet<String>) -> String {
    let mut chosen = format!("{name}@{id}");
    while taken.contains(&chosen) {
        chosen = format!("{chosen}@{id}");
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_has_a_name_of_its_own_and_strangers_take_none() {
        let own = |manager, name, id| Named { manager, name, id, foreign: false, yields: false };
        let yields = |manager, name, id| Named { yields: true, ..own(manager, name, id) };
        let foreign = |name, id| Named { foreign: true, ..own("qemu", name, id) };
        let rows: &[(&[Named<'_>], &[&str])] = &[
            (&[own("vm-toolkit", "web", "web"), own("lima", "db", "1")], &["web", "db"]),
            (
                &[own("vm-toolkit", "web", "web"), own("libvirt", "web", "1")],
                &["vm-toolkit/web", "libvirt/web"],
            ),
            (&[own("vm-toolkit", "web", "web"), foreign("web", "7")], &["web", "qemu/web"]),
            (&[foreign("web", "7")], &["qemu/web"]),
            (&[own("lima", "web", "1"), yields("netbox", "web", "2")], &["web", "netbox/web"]),
            (&[yields("netbox", "web", "2")], &["web"]),
            (
                &[yields("netbox", "web", "2"), yields("other", "web", "3")],
                &["netbox/web", "other/web"],
            ),
            (&[foreign("web", "7"), own("qemu", "web", "8")], &["qemu/web@7", "web"]),
            (&[foreign("web", "7"), foreign("web", "8")], &["qemu/web", "qemu/web@8"]),
            (&[own("qemu", "web", "7"), own("qemu", "web", "8")], &["qemu/web@7", "qemu/web@8"]),
            // A name that looks like another machine's long one.
            (
                &[own("libvirt", "web", "1"), own("qemu", "libvirt/web", "2")],
                &["web", "qemu/libvirt/web"],
            ),
            (
                &[foreign("web@8", "1"), foreign("web", "2"), foreign("web", "8")],
                &["qemu/web@8", "qemu/web", "qemu/web@8@8"],
            ),
        ];
        for (machines, expected) in rows {
            assert_eq!(names(machines), *expected, "{machines:?}");
        }
    }
}
