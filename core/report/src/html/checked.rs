//! What was looked at without a finding, and what was not looked at, of one machine.

use maud::{Markup, html};
use vmkit_types::Reading;

use crate::{
    Doctor, DoctorVm,
    text::{Sources, asked, sources},
};

/// A reader would take what is left out for good.
pub(super) fn checked(doctor: &Doctor<'_>, vm: &DoctorVm) -> Markup {
    if vm.at_rest {
        return html! {};
    }
    let Sources { ok, unseen, faults } = sources(doctor, vm);
    let unseen = unseen.into_iter().chain(faults.into_iter().map(|(name, why)| (name, Some(why))));
    let mut grouped: Vec<(Option<String>, Vec<&str>)> = Vec::new();
    for (name, why) in unseen {
        match grouped.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, names)) => names.push(name),
            None => grouped.push((why, vec![name])),
        }
    }
    html! {
        @if !grouped.is_empty() {
            h3 { "What was not checked" }
            ul {
                @for (why, names) in &grouped {
                    li {
                        (names.join(", "))
                        @if let Some(why) = why { ": " em { (why) } }
                    }
                }
            }
        }
        @if let Reading::Known(way) = vm.inside {
            p.aside { "From inside: " (asked(way)) "." }
        }
        @if !ok.is_empty() {
            p.aside { "Looked at, and nothing wrong found: " (ok.join(", ")) "." }
        }
    }
}
