//! The verdict on one machine, in one line.

use vmkit_diagnose::{FindingCode, State};
use vmkit_model::Power;

use super::{Style, style::Role};
use crate::{DoctorVm, clean::shown};

/// The machine's name with the verdict.
pub(super) fn headline(vm: &DoctorVm, style: Style) -> String {
    let name = style.paint(Role::Heading, &shown(&vm.name));
    let address = vm.usable_address();
    let verdict = match (vm.diagnosis.healthy, address) {
        (true, _) if vm.at_rest => at_rest(vm).to_owned(),
        (true, Some(address)) => format!("{}, {address}", style.paint(Role::Good, "ok")),
        (true, None) if !vm.diagnosis.ignored.is_empty() => {
            "no usable address, which is ignored".to_owned()
        }
        (true, None) => style.paint(Role::Good, "ok"),
        (false, Some(address)) => match reached(vm) {
            Some(true) => format!("{address}, reachable, with a problem"),
            Some(false) => format!("{address}, not reached"),
            None => format!("{address}, with a problem"),
        },
        (false, None) if vm.pick.unchecked.is_some() => style.paint(Role::Bad, "not checked"),
        (false, None) if vm.power == Power::Stopped && vm.diagnosis.causes.is_empty() => {
            "not running".to_owned()
        }
        (false, None) if vm.power == Power::Unknown => "unknown whether it runs".to_owned(),
        (false, None) => style.paint(Role::Bad, "no usable address"),
    };
    format!("{name}: {verdict}")
}

/// The state of a machine that was not diagnosed, since nobody asked for it by name.
fn at_rest(vm: &DoctorVm) -> &'static str {
    match vm.power {
        Power::Paused => "paused",
        _ => "not running",
    }
}

/// Whether something reached the machine at its address. `None`: nobody tried, or it answers nothing by now.
fn reached(vm: &DoctorVm) -> Option<bool> {
    if matches!(vm.power, Power::Paused | Power::Stopped | Power::Missing) {
        return None;
    }
    let is = |code: FindingCode, of: fn(&State) -> bool| {
        vm.findings.iter().any(|finding| finding.code == code && of(&finding.state))
    };
    let present: fn(&State) -> bool = |state| matches!(state, State::Present(_));
    let silent = [FindingCode::AddressNotReached, FindingCode::AddressArpSilent];
    if silent.into_iter().any(|code| is(code, present)) {
        return Some(false);
    }
    is(FindingCode::AddressNotReached, |state| matches!(state, State::Absent(_))).then_some(true)
}
