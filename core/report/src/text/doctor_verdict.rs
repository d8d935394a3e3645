//! The last line of `vm doctor`.

use super::counted;
use crate::{Doctor, DoctorVm, clean::shown};

/// Most machines that the last line names; it counts the others.
const MOST_NAMED: usize = 3;

pub(super) fn doctor_verdict(doctor: &Doctor<'_>) -> String {
    let (booting, with_problem): (Vec<&DoctorVm>, Vec<&DoctorVm>) = doctor
        .vms
        .iter()
        .filter(|vm| !vm.diagnosis.healthy)
        .partition(|vm| vm.diagnosis.booting.is_some());
    let all = counted(doctor.vms.len(), "VM");
    if doctor.vms.is_empty() {
        return "There are no VMs.".to_owned();
    }
    if doctor.vms.iter().all(|vm| vm.at_rest) {
        return "No VM is running.".to_owned();
    }
    let unchecked = with_problem.iter().all(|vm| vm.pick.unchecked.is_some());
    let described = |vm: &&DoctorVm| {
        let cause = vm.diagnosis.causes.first().filter(|_| vm.diagnosis.cannot_tell.is_none());
        let name = shown(&vm.name);
        match cause {
            Some(suspect) => format!("{name}: {}", suspect.code),
            None if unchecked => name,
            None if vm.pick.unchecked.is_some() => format!("{name}: not checked"),
            None => format!("{name}: cause unknown"),
        }
    };
    let mut parts = Vec::new();
    if !with_problem.is_empty() {
        let what = match (unchecked, with_problem.len()) {
            (true, 1) => "was not checked",
            (true, _) => "were not checked",
            (false, 1) => "has a problem",
            (false, _) => "have a problem",
        };
        let listed = listed(&with_problem, described, "; ");
        parts.push(format!("{} of {all} {what}: {listed}.", with_problem.len()));
    }
    if !booting.is_empty() {
        let is = if booting.len() == 1 { "is" } else { "are" };
        let names = listed(&booting, |vm| shown(&vm.name), ", ");
        parts.push(format!("{} of {all} {is} still booting: {names}.", booting.len()));
    }
    if parts.is_empty() {
        parts.push(format!("{all}, no problem found."));
    }
    let ignored = doctor.vms.iter().map(|vm| vm.diagnosis.ignored.len()).sum();
    if ignored > 0 {
        parts.push(format!("{} ignored.", counted(ignored, "problem")));
    }
    parts.join(" ")
}

/// The first machines, each as `described`, and the number of the others.
fn listed(vms: &[&DoctorVm], described: impl Fn(&&DoctorVm) -> String, separator: &str) -> String {
    let mut words: Vec<String> = vms.iter().take(MOST_NAMED).map(described).collect();
    if vms.len() > MOST_NAMED {
        words.push(format!("{} more", vms.len() - MOST_NAMED));
    }
    words.join(separator)
}
