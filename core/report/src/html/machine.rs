//! One machine: its state, its path, the way out, and why.

use maud::{Markup, html};
use vmkit_diagnose::{Booting, Proposal};
use vmkit_types::Reading;

use super::{
    causes::{causes, ignored},
    checked::checked,
    dhcp::{ladder, offer_test},
    path::path,
    remedies::remedies,
    words::{badge, command, pasteable, percent, sentence, state},
};
use crate::{Doctor, DoctorVm, clean::shown, text::reason, time::short};

/// The section of a machine. `place` makes its identifiers unique. Of the only machine, the page's
/// heading has the name and the state.
pub(super) fn machine(doctor: &Doctor<'_>, vm: &DoctorVm, place: usize) -> Markup {
    let (tone, words) = state(vm);
    let diagnosis = &vm.diagnosis;
    let named = diagnosis.causes.first().filter(|_| diagnosis.cannot_tell.is_none());
    let (is_only, verdict) = (doctor.vms.len() == 1, verdict(vm));
    html! {
        section.machine id={ "vm-" (place) } aria-labelledby={ "vm-" (place) "-name" } {
            @if is_only {
                h2.lead id={ "vm-" (place) "-name" } { (verdict) }
            } @else {
                div.title {
                    h2 id={ "vm-" (place) "-name" } { (shown(&vm.name)) }
                    (badge(tone, &words))
                }
                p.lead { (verdict) }
            }
            (proof(vm))
            (path(vm))
            @if let Some(cause) = named {
                (remedies(&cause.remedies))
            }
            @if let Some(test) = &diagnosis.next_test {
                (next_test(test))
            }
            (causes(diagnosis))
            (ignored(diagnosis))
            @if let Reading::Known(rungs) = &vm.ladder {
                (ladder(rungs))
            }
            @if let Reading::Known(results) = &vm.test {
                (offer_test(results))
            }
            (checked(doctor, vm))
        }
    }
}

/// What is wrong with it, in a line.
fn verdict(vm: &DoctorVm) -> String {
    let diagnosis = &vm.diagnosis;
    let first = diagnosis.causes.first().filter(|_| diagnosis.cannot_tell.is_none());
    match first {
        Some(cause) => shown(&cause.title),
        None if diagnosis.booting.is_some() => "It is still booting".to_owned(),
        None if vm.pick.unchecked.is_some() => "Its address was not looked for".to_owned(),
        None if diagnosis.cannot_tell.is_some() => "The cause is not known".to_owned(),
        None if vm.at_rest => "Nobody asked about it by name".to_owned(),
        None if !diagnosis.ignored.is_empty() => "Its problem is ignored".to_owned(),
        None => "No problem was found".to_owned(),
    }
}

/// How sure that is, or why nothing can be said.
fn proof(vm: &DoctorVm) -> Markup {
    let diagnosis = &vm.diagnosis;
    let first = diagnosis.causes.first().filter(|_| diagnosis.cannot_tell.is_none());
    html! {
        @if let Some(cause) = first {
            p.sure { (percent(cause.probability)) " sure" }
        } @else if let Some(booting) = &diagnosis.booting {
            (boot(booting))
        } @else if let Some(unchecked) = &vm.pick.unchecked {
            p { (sentence(&reason(unchecked))) }
            (command(&unchecked.hint))
        } @else if let Some(doubt) = &diagnosis.cannot_tell {
            p { (sentence(&shown(doubt))) }
        }
    }
}

/// The machines with nothing to say but their address.
pub(super) fn healthy_machines<'a>(vms: impl Iterator<Item = &'a DoctorVm>) -> Markup {
    html! {
        section.machine aria-labelledby="healthy" {
            div.title { h2 #healthy { "Without a problem" } }
            table {
                thead { tr { th scope="col" { "VM" } th scope="col" { "State" } } }
                tbody {
                    @for vm in vms {
                        @let (tone, words) = state(vm);
                        tr {
                            th scope="row" { (shown(&vm.name)) }
                            td { (badge(tone, &words)) (ignored(&vm.diagnosis)) }
                        }
                    }
                }
            }
        }
    }
}

/// The step of the boot that is awaited.
fn boot(booting: &Booting) -> Markup {
    html! {
        dl {
            dt { "Awaited" } dd { (shown(&booting.awaited)) }
            dt { "Seen" } dd { (shown(&booting.because)) }
            @if let Some(uptime) = booting.uptime {
                dt { "Running for" } dd { (short(uptime)) }
            }
            dt { "Usual" } dd { (shown(&booting.usual)) }
            dt { "At most" }
            dd { (short(booting.limit)) " after its start or its console's last line" }
        }
    }
}

fn next_test(test: &Proposal) -> Markup {
    let seconds = test.cost_ms.div_ceil(1000);
    html! {
        h3 { "What would tell more" }
        div.card {
            p { strong { (shown(&test.title)) } " (about " (seconds) " s)" }
            p { (sentence(&shown(&test.why))) }
            @if !test.needs.is_empty() {
                p.aside { "It needs " (test.needs.join(", ")) "." }
            }
            @if let Some(line) = pasteable(&test.command) {
                (command(&line))
            }
        }
    }
}
