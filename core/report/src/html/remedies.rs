//! What can be done, with commands to copy.

use maud::{Markup, html};
use vmkit_diagnose::{Remedy, Risk};

use super::words::{Tone, badge, command, sentence};
use crate::clean::shown;

/// Remedies that are shown; the others are folded.
const MOST_OPEN: usize = 2;

/// The remedies of the cause that is named, the best first.
pub(super) fn remedies(remedies: &[Remedy]) -> Markup {
    let (first, others) = remedies.split_at(remedies.len().min(MOST_OPEN));
    html! {
        @if !first.is_empty() {
            h3 { "What you can do" }
            ol.remedies { @for remedy in first { li { (card(remedy)) } } }
            @if !others.is_empty() {
                details {
                    summary { "Other ways (" (others.len()) ")" }
                    ol.remedies start=(MOST_OPEN + 1) { @for remedy in others { li { (card(remedy)) } } }
                }
            }
        }
    }
}

fn card(remedy: &Remedy) -> Markup {
    let (tone, risk) = match remedy.risk {
        Risk::None => (Tone::Good, "no risk"),
        Risk::Low => (Tone::Good, "low risk"),
        Risk::Medium => (Tone::Doubtful, "medium risk"),
        Risk::High => (Tone::Bad, "high risk"),
    };
    html! {
        p.remedy-title { strong { (shown(&remedy.title)) } " " (badge(tone, risk)) }
        ul.steps { @for step in &remedy.steps { li { (shown(step)) } } }
        @for line in remedy.command_lines() { (command(&line)) }
        p.aside {
            "It changes " (remedy.scope.in_words()) ". Risk: " (sentence(&shown(&remedy.risk_says)))
        }
        (undo(&remedy.undo))
    }
}

/// How to take it back: a sentence, or a command as it is.
pub(super) fn undo(undo: &str) -> Markup {
    html! {
        @if undo.starts_with("sudo ") {
            p.aside { "To undo:" }
            (command(undo))
        } @else {
            p.aside { "To undo: " (sentence(&shown(undo))) }
        }
    }
}
