//! The likeliest causes with their evidence: in words, and in numbers behind a fold.

use maud::{Markup, html};
use vmkit_diagnose::{Diagnosis, Suspect, Weighed};

use super::words::{command, percent, strength};
use crate::clean::shown;

/// Findings of a side that are shown; the fold has all.
const MOST_EVIDENCE: usize = 6;
/// Width of a bar's drawing.
const BAR: f64 = 100.0;

/// The causes, the first open and the others folded.
pub(super) fn causes(diagnosis: &Diagnosis) -> Markup {
    if diagnosis.causes.is_empty() {
        return html! {};
    }
    let is_named = diagnosis.cannot_tell.is_none();
    html! {
        h3 { @if is_named { "Why" } @else { "What it may be" } }
        @if let Some([one, other]) = diagnosis.together {
            p { "Two causes are likely to act together: " code { (one) } " and " code { (other) } "." }
        }
        @for (place, cause) in diagnosis.causes.iter().enumerate() {
            @let is_second = diagnosis.together.is_some_and(|both| both.contains(&cause.code));
            details.cause open[place == 0 || is_second || !is_named] {
                summary {
                    span.cause-title { (shown(&cause.title)) }
                    (bar(cause.probability))
                }
                (proof(cause))
            }
        }
        @if diagnosis.unknown_probability >= 0.01 {
            p.aside { "Something that no known cause covers: " (percent(diagnosis.unknown_probability)) "." }
        }
    }
}

/// The causes that the configuration ignores, in one line each.
pub(super) fn ignored(diagnosis: &Diagnosis) -> Markup {
    html! {
        @if !diagnosis.ignored.is_empty() {
            ul.ignored {
                @for cause in &diagnosis.ignored {
                    li {
                        "Ignored: " (shown(&cause.title)) " (" code { (cause.code) } ", "
                        (percent(cause.probability)) " sure)"
                    }
                }
            }
        }
    }
}

/// A bar as long as the probability is high, and the number.
fn bar(probability: f64) -> Markup {
    let width = (probability * BAR).clamp(1.0, BAR);
    html! {
        span.bar {
            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect.track width="100" height="8" rx="2" {}
                rect.fill width={ (format!("{width:.1}")) } height="8" rx="2" {}
            }
            span { (percent(probability)) }
        }
    }
}

fn proof(cause: &Suspect) -> Markup {
    html! {
        (side("Speaks for it", &cause.evidence_for))
        (side("Speaks against it", &cause.evidence_against))
        @if !cause.folded.is_empty() {
            p.folded { "It also explains: " @for (place, code) in cause.folded.iter().enumerate() {
                @if place > 0 { ", " } code { (code) }
            } "." }
        }
        (numbers(cause))
        p.more { "More about this cause:" }
        (command(&format!("vm explain {}", cause.code)))
    }
}

fn side(title: &str, evidence: &[Weighed]) -> Markup {
    html! {
        @if !evidence.is_empty() {
            h4 { (title) }
            ul.evidence {
                @for weighed in evidence.iter().take(MOST_EVIDENCE) {
                    li {
                        span.strength { (strength(weighed.decibans)) }
                        span { (shown(&weighed.text)) }
                    }
                }
            }
        }
    }
}

fn numbers(cause: &Suspect) -> Markup {
    let all = cause.evidence_for.iter().chain(&cause.evidence_against);
    html! {
        details.numbers {
            summary { "The same in numbers" }
            p {
                "Decibans: +10 makes the cause ten times likelier, −10 ten times less likely. Its code is "
                code { (cause.code) } "."
            }
            table {
                thead {
                    tr { th scope="col" { "Finding" } th.number scope="col" { "Decibans" } }
                }
                tbody {
                    @for weighed in all {
                        tr {
                            th scope="row" { code { (weighed.code.code()) } }
                            td.number { (format!("{:+.1}", weighed.decibans).replace('-', "−")) }
                        }
                    }
                }
            }
        }
    }
}
