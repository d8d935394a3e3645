//! All machines of a look side by side.

use vmkit_diagnose::{Compared, Comparison};

use crate::{Gathered, subjects::Subjects};

/// All machines of the look side by side, whichever are selected.
pub(crate) fn compare(subjects: &Subjects<'_>, gathered: &Gathered) -> Comparison {
    let machines = &subjects.scene().machines;
    let evidence = machines.iter().flat_map(|machine| {
        let id = machine.id();
        let of_machine = subjects.look.evidence_of(&id);
        of_machine.map(|item| (machine.name.as_str(), item)).collect::<Vec<_>>()
    });
    let links = subjects
        .machines
        .iter()
        .filter_map(|machine| Some((machine.name.as_str(), subjects.attachment(machine).link()?)));
    let in_vlans = subjects
        .machines
        .iter()
        .filter(|machine| subjects.attachment(machine).may_be_in_a_vlan(&gathered.survey));
    Comparison::of(&Compared {
        machines: &subjects.machines,
        links: links.collect(),
        in_vlans: in_vlans.map(|machine| machine.name.as_str()).collect(),
        traffic: gathered.captures.known().collect(),
        evidence: evidence.collect(),
    })
}
