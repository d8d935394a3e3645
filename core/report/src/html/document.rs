//! The whole page: its head, its parts and its foot.

use std::io::{self, Write};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::{
    machine::{healthy_machines, machine},
    surroundings::surroundings,
    words::{badge, state},
};
use crate::{
    Doctor, DoctorVm,
    clean::shown,
    text::counted,
    time::{rfc3339, short},
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page.
pub(crate) fn write_page(doctor: &Doctor<'_>, out: &mut impl Write) -> io::Result<()> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "vm doctor: " (headline(doctor)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(doctor))
                main { (content(doctor)) }
                (footer(doctor))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    writeln!(out, "{}", page.into_string())
}

/// Nothing may be loaded, sent or run but the page's own style and script, which their digests name.
fn policy() -> String {
    let digest = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn header(doctor: &Doctor<'_>) -> Markup {
    html! {
        header {
            p.brand { "vm doctor" }
            @if let [vm] = doctor.vms.as_slice() {
                @let (tone, words) = state(vm);
                div.title { h1 { (shown(&vm.name)) } (badge(tone, &words)) }
            } @else {
                h1 { (headline(doctor)) }
            }
            @if doctor.vms.len() > 1 && doctor.vms.iter().any(needs_words) {
                nav aria-label="VMs that need attention" {
                    ul {
                        @for (place, vm) in doctor.vms.iter().enumerate().filter(|it| needs_words(it.1)) {
                            @let (tone, words) = state(vm);
                            li {
                                a href={ "#vm-" (place) } { (shown(&vm.name)) }
                                " " (badge(tone, &words))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn content(doctor: &Doctor<'_>) -> Markup {
    let (with_words, others): (Vec<_>, Vec<_>) =
        doctor.vms.iter().enumerate().partition(|(_, vm)| needs_words(vm) || doctor.vms.len() == 1);
    html! {
        @for (place, vm) in with_words {
            (machine(doctor, vm, place))
        }
        @if !others.is_empty() {
            (healthy_machines(others.into_iter().map(|(_, vm)| vm)))
        }
        (surroundings(doctor))
    }
}

fn footer(doctor: &Doctor<'_>) -> Markup {
    html! {
        footer {
            p {
                @match rfc3339(doctor.generated_at) {
                    Some(time) => {
                        "Made by " code { "vm doctor" } " at "
                        time datetime=(time) { (time.get(..19).unwrap_or(&time).replace('T', " ")) " UTC" }
                    },
                    None => { "Made by " code { "vm doctor" } }
                }
                ", in " (short(doctor.elapsed)) ". This page is complete in itself: it loads nothing "
                "and sends nothing."
            }
            p.announcement role="status" {}
        }
    }
}

/// Whether there is more to say of it than its address.
fn needs_words(vm: &DoctorVm) -> bool {
    !vm.diagnosis.healthy
}

/// What is wrong, in a few words.
fn headline(doctor: &Doctor<'_>) -> String {
    let all = counted(doctor.vms.len(), "VM");
    if let [vm] = doctor.vms.as_slice() {
        return format!("{}: {}", shown(&vm.name), state(vm).1);
    }
    let booting = doctor.vms.iter().filter(|vm| vm.diagnosis.booting.is_some()).count();
    let ill = doctor.vms.iter().filter(|vm| !vm.diagnosis.healthy).count() - booting;
    match (ill, booting) {
        _ if doctor.vms.is_empty() => "There are no VMs".to_owned(),
        _ if doctor.vms.iter().all(|vm| vm.at_rest) => "No VM is running".to_owned(),
        (0, 0) => format!("{all}, no problem found"),
        (0, booting) => format!("{booting} of {all} still booting"),
        (1, _) => format!("1 of {all} has a problem"),
        (ill, _) => format!("{ill} of {all} have a problem"),
    }
}
