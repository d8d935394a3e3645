//! Words and small pieces that several parts of the page share.

use maud::{Markup, html};

use vmkit_diagnose::{Station, StationKind};
use vmkit_model::Power;

use crate::{DoctorVm, clean::shown, text::pastes};

/// How a thing is meant, which colour and sign repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Doubtful,
    Quiet,
}

impl Tone {
    /// The class of the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Doubtful => "doubtful",
            Self::Quiet => "quiet",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Doubtful => "?",
            Self::Quiet => "–",
        }
    }
}

/// The state of a machine in a few words.
pub(super) fn state(vm: &DoctorVm) -> (Tone, String) {
    let address = vm.usable_address();
    let diagnosis = &vm.diagnosis;
    let at = address.map_or_else(String::new, |address| format!(" at {address}"));
    match (diagnosis.healthy, address) {
        _ if diagnosis.booting.is_some() => (Tone::Doubtful, format!("still booting{at}")),
        (true, _) if vm.at_rest => (Tone::Quiet, at_rest(vm).to_owned()),
        (true, Some(address)) => (Tone::Good, format!("ok, {address}")),
        (true, None) if !diagnosis.ignored.is_empty() => {
            (Tone::Quiet, "no usable address, which is ignored".to_owned())
        }
        (true, None) => (Tone::Good, "ok".to_owned()),
        (false, Some(address)) => (Tone::Bad, format!("{address}, with a problem")),
        (false, None) if vm.pick.unchecked.is_some() => (Tone::Doubtful, "not checked".to_owned()),
        (false, None) if vm.power == Power::Stopped && diagnosis.causes.is_empty() => {
            (Tone::Quiet, "not running".to_owned())
        }
        (false, None) if vm.power == Power::Unknown => {
            (Tone::Doubtful, "unknown whether it runs".to_owned())
        }
        (false, None) => (Tone::Bad, "no usable address".to_owned()),
    }
}

fn at_rest(vm: &DoctorVm) -> &'static str {
    if vm.power == Power::Paused { "paused" } else { "not running" }
}

/// A few words with a sign, since colour alone tells nothing to some.
pub(super) fn badge(tone: Tone, words: &str) -> Markup {
    html! {
        span class={ "badge " (tone.class()) } {
            span aria-hidden="true" { (tone.sign()) " " }
            (words)
        }
    }
}

/// A command for a shell, with a button that copies it where scripts run.
pub(super) fn command(line: &str) -> Markup {
    html! {
        div.command {
            pre { code { (shown(line)) } }
            button.copy type="button" hidden { "Copy" }
        }
    }
}

/// The words as a command for a shell, if every one is plain.
pub(super) fn pasteable(words: &[String]) -> Option<String> {
    let is_plain = |word: &String| pastes(word) || word.starts_with("--");
    (!words.is_empty() && words.iter().all(is_plain)).then(|| words.join(" "))
}

/// A station for people.
pub(super) fn kind(kind: StationKind) -> &'static str {
    match kind {
        StationKind::Guest => "VM",
        StationKind::Port => "port",
        StationKind::Bridge => "bridge",
        StationKind::Host => "this computer",
        StationKind::Uplink => "uplink",
        StationKind::AccessPoint => "access point",
        StationKind::Router => "router",
    }
}

/// Its own name, or what it is.
pub(super) fn name(station: &Station) -> String {
    match (&station.name, station.kind) {
        (Some(name), _) => shown(name),
        (None, StationKind::Host) => kind(StationKind::Host).to_owned(),
        (None, other) => format!("the {}", kind(other)),
    }
}

/// A clause as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let end = if clause.ends_with(['.', '…', '?', '!']) { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}

/// A probability from 0 to 1. An uncertain one never shows as certain.
pub(super) fn percent(probability: f64) -> String {
    match probability * 100.0 {
        percent if percent < 1.0 => "under 1 %".to_owned(),
        percent if percent > 99.0 => "over 99 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// What a weight means. The bounds are odds of 3, 10 and 50.
pub(super) fn strength(decibans: f64) -> &'static str {
    match decibans.abs() {
        weight if weight < 4.8 => "weak",
        weight if weight < 10.0 => "fair",
        weight if weight < 17.0 => "strong",
        _ => "very strong",
    }
}
