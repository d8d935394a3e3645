//! What holds for all machines: remedies that were run, steps that were left out, rights, router and
//! plugins.

use maud::{Markup, html};
use vmkit_diagnose::{Fix, FixOutcome};

use vmkit_model::{PluginOutcome, PluginStatus};

use super::{
    remedies::undo,
    words::{Tone, badge, command, percent, sentence},
};
use crate::{Doctor, clean::shown, text::named};

/// The sections behind the machines.
pub(super) fn surroundings(doctor: &Doctor<'_>) -> Markup {
    html! {
        @if !doctor.fixes.is_empty() {
            section.machine aria-labelledby="fixes" {
                div.title { h2 #fixes { "What was done" } }
                @for fix in &doctor.fixes { (done(fix)) }
            }
        }
        section.machine aria-labelledby="look" {
            div.title { h2 #look { "How it was looked at" } }
            (omissions(doctor))
            dl {
                @match doctor.host.privileged {
                    Some(true) => { dt { "Rights" } dd { "root: nothing was skipped" } },
                    Some(false) => {
                        dt { "Rights" }
                        dd { "not root: frames, the firewall and the DHCP test need root" }
                    },
                    None => {}
                }
                (router(doctor))
                (plugins(doctor))
            }
        }
    }
}

fn done(fix: &Fix) -> Markup {
    let (tone, word) = match fix.outcome {
        FixOutcome::Fixed => (Tone::Good, "fixed"),
        FixOutcome::NotFixed => (Tone::Bad, "not fixed"),
        FixOutcome::NotMeasured => (Tone::Doubtful, "could not be measured"),
        FixOutcome::NotRun => (Tone::Bad, "not run"),
        FixOutcome::Declined => (Tone::Quiet, "not wanted"),
    };
    html! {
        p { strong { (shown(&fix.vm)) ": " (shown(&fix.title)) } " " (badge(tone, word)) }
        p { (sentence(&shown(&fix.says))) }
        @for line in &fix.commands { (command(line)) }
        @if fix.outcome.leaves_a_change() {
            (undo(&fix.undo))
        }
    }
}

fn omissions(doctor: &Doctor<'_>) -> Markup {
    html! {
        @if !doctor.omissions.is_empty() {
            h3 { "What was left out" }
            ul.omissions {
                @for omission in &doctor.omissions {
                    li {
                        p { strong { (shown(&omission.what)) } ": " (shown(&omission.why)) }
                        @if let Some(line) = &omission.command { (command(line)) }
                    }
                }
            }
        }
    }
}

fn router(doctor: &Doctor<'_>) -> Markup {
    let router = doctor.network.router.as_ref().known();
    let identity = router.and_then(|router| router.identities.first());
    html! {
        @if let Some(gateway) = doctor.network.gateway {
            dt { "Router" }
            dd {
                @match identity {
                    Some(identity) => {
                        (shown(&identity.title)) " at " (gateway) " (" (percent(identity.confidence))
                        " sure)"
                    },
                    None => { (gateway) ", not recognised" }
                }
            }
        }
    }
}

fn plugins(doctor: &Doctor<'_>) -> Markup {
    let asked = doctor.plugins.iter().filter(|plugin| plugin.status != PluginStatus::Skipped);
    let answered = asked.clone().filter(|plugin| plugin.status == PluginStatus::Ok).count();
    let all = asked.clone().count();
    let mut failed: Vec<(String, Vec<&str>)> = Vec::new();
    for plugin in asked.filter(|it| it.status != PluginStatus::Ok || it.message.is_some()) {
        let says = outcome(plugin);
        match failed.iter_mut().find(|(known, _)| *known == says) {
            Some((_, ids)) => ids.push(&plugin.id),
            None => failed.push((says, vec![&plugin.id])),
        }
    }
    html! {
        dt { "Plugins" }
        dd {
            @if all == 0 { "none was asked" }
            @else if answered == all { "all " (all) " answered" }
            @else { (answered) " of " (all) " answered" }
            @if !failed.is_empty() {
                ul { @for (outcome, ids) in &failed { li { (named(ids)) ": " (outcome) } } }
            }
        }
    }
}

/// The outcome of a plugin that did not answer, or has something to say.
fn outcome(plugin: &PluginOutcome) -> String {
    let word = plugin.status.code();
    match &plugin.message {
        Some(message) => format!("{word}: {}", shown(message)),
        None => word.to_owned(),
    }
}
