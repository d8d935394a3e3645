//! What a plugin is tried with.

use std::time::Duration;

use serde_json::{Map, Value};
use vmkit_host::{Exercise, TrialCall, TrialQuestion};
use vmkit_types::Stage;
use vmkit_wire::{Manifest, PluginKind};

use super::{
    Purpose,
    machines::{facts, hostile, hostile_facts, machine, many, many_facts},
};

/// The time of an ordinary call. A plugin takes milliseconds; a busy computer takes longer.
const PLENTY: Duration = Duration::from_secs(10);
/// The time of a call that is over before a large batch is done.
const HARDLY_ANY: Duration = Duration::from_millis(5);
/// A key that no plugin has.
const NO_KEY: &str = "vmkit-no-such-key";

/// The exercises for a plugin with this manifest.
///
/// A plugin that can send is asked about addresses of this computer itself; where that does not bound
/// what it sends, it gets a snapshot without files, which it may not send about.
pub(super) fn exercises(manifest: &Manifest, configured: &str) -> Vec<(Purpose, Exercise)> {
    let configured: Map<String, Value> = serde_json::from_str(configured).unwrap_or_default();
    let needs = manifest.needs_here();
    let sends = needs.network || needs.arp;
    let mut exercises = Vec::new();
    for purpose in [
        Purpose::Ordinary,
        Purpose::Nothing,
        Purpose::Many,
        Purpose::Hostile,
        Purpose::Cancelled,
        Purpose::Deadline,
    ] {
        let questions = questions(manifest, purpose);
        let (outward, inward): (Vec<_>, Vec<_>) = questions.into_iter().partition(|question| {
            sends && !matches!(question, TrialQuestion::Observe(Stage::Confirm, _))
        });
        for (questions, of_snapshot) in [(inward, false), (outward, true)] {
            if !questions.is_empty() {
                let calls = calls(purpose, questions);
                let configuration = Value::Object(configured.clone()).to_string();
                exercises.push((purpose, Exercise { configuration, of_snapshot, calls }));
            }
        }
    }
    let unknown = Map::from_iter([(NO_KEY.to_owned(), Value::Bool(true))]);
    let loaded_with = [
        (Purpose::Defaults, defaults(&manifest.config_schema)),
        (Purpose::UnknownKey, Some(unknown)),
    ];
    for (purpose, keys) in loaded_with {
        // What is configured beside a default is the user's own.
        let merged = keys.map(|keys| configured.clone().into_iter().chain(keys).collect());
        exercises.extend(merged.map(|merged| (purpose, loading(&Value::Object(merged)))));
    }
    exercises
}

/// One ordinary call of an inventory.
pub(super) fn listing(configured: &str) -> Exercise {
    let calls =
        vec![TrialCall { question: TrialQuestion::List, budget: PLENTY, is_cancelled: false }];
    Exercise { configuration: configured.to_owned(), of_snapshot: false, calls }
}

/// What the plugin is asked for this purpose, for each kind that it offers.
fn questions(manifest: &Manifest, purpose: Purpose) -> Vec<TrialQuestion> {
    let machines = || match purpose {
        Purpose::Nothing => Vec::new(),
        Purpose::Many | Purpose::Cancelled | Purpose::Deadline => many(),
        Purpose::Hostile => hostile(),
        _ => vec![machine("vmkit-check", 1)],
    };
    let stages = [Stage::Discover, Stage::Confirm].into_iter();
    let stages = stages.filter(|stage| manifest.takes_part_in(*stage));
    let mut questions: Vec<_> =
        stages.map(|stage| TrialQuestion::Observe(stage, machines())).collect();
    if manifest.is(PluginKind::Advice) {
        let pages: Vec<String> = manifest.gateway.iter().map(|page| page.path.clone()).collect();
        questions.push(TrialQuestion::Advise(match purpose {
            Purpose::Nothing => Vec::new(),
            Purpose::Many | Purpose::Cancelled | Purpose::Deadline => many_facts(),
            Purpose::Hostile => hostile_facts(&pages),
            _ => facts(),
        }));
    }
    // An inventory is asked the same whatever there is.
    let is_about_machines = matches!(purpose, Purpose::Nothing | Purpose::Many | Purpose::Hostile);
    if manifest.is(PluginKind::Inventory) && !is_about_machines {
        questions.push(TrialQuestion::List);
    }
    questions
}

fn calls(purpose: Purpose, questions: Vec<TrialQuestion>) -> Vec<TrialCall> {
    let budget = if purpose == Purpose::Deadline { HARDLY_ANY } else { PLENTY };
    let is_cancelled = purpose == Purpose::Cancelled;
    let call = |question| TrialCall { question, budget, is_cancelled };
    let mut calls: Vec<TrialCall> = questions.into_iter().map(call).collect();
    if purpose == Purpose::Ordinary {
        calls.extend(calls.clone());
    }
    calls
}

fn loading(configuration: &Value) -> Exercise {
    let configuration = configuration.to_string();
    Exercise { configuration, of_snapshot: false, calls: Vec::new() }
}

/// A configuration of all the defaults in the schema; `None`: it has none.
fn defaults(schema: &Value) -> Option<Map<String, Value>> {
    let properties = schema.get("properties")?.as_object()?;
    let with_default = |(name, property): (&String, &Value)| {
        Some((name.clone(), property.get("default")?.clone()))
    };
    let defaults: Map<_, _> = properties.iter().filter_map(with_default).collect();
    (!defaults.is_empty()).then_some(defaults)
}
