//! The rules, as a table.

use std::collections::BTreeSet;

use vmkit_host::{Loaded, TrialEnd};
use vmkit_wire::{FailureCode, Manifest, PluginKind, WireAdvice, WireAdviceKind};

use super::{Evidence, Purpose, schema};

/// A rule.
pub(super) struct Rule {
    /// Its id.
    pub(super) id: &'static str,
    /// The rule as a sentence.
    pub(super) says: &'static str,
    /// What to change in a plugin that breaks it.
    pub(super) change: &'static str,
    /// Whether it says something of a plugin with this manifest.
    pub(super) is_about: fn(&Manifest) -> bool,
    /// What it looks at.
    pub(super) looks_at: Aspect,
    /// How the plugin breaks it, each in a sentence.
    pub(super) broken: fn(&Evidence<'_>) -> Vec<String>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aspect {
    /// The manifest, and whether the plugin can be loaded.
    Loading,
    /// What a loaded plugin does.
    Calls,
    /// How the calls for one purpose end.
    Ends(Purpose),
}

/// Most lines that a plugin logs in one call.
const MOST_LOG_LINES: usize = 1000;
/// Bounds of advice, beyond which the host drops it.
const MOST_ADVICE: usize = 64;
const MOST_LINES: usize = 24;
const LONGEST_LINE: usize = 300;

const ALL: fn(&Manifest) -> bool = |_| true;
const SIGNALS: fn(&Manifest) -> bool = |manifest| manifest.is(PluginKind::Signal);
const ADVICE: fn(&Manifest) -> bool = |manifest| manifest.is(PluginKind::Advice);
const INVENTORIES: fn(&Manifest) -> bool = |manifest| manifest.is(PluginKind::Inventory);
const WITH_BATCHES: fn(&Manifest) -> bool = |manifest| SIGNALS(manifest) || ADVICE(manifest);

/// All rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "manifest",
        says: "Its manifest is valid, and declares a kind that this version of vmkit knows.",
        change: "correct its manifest (docs/plugins.md describes it), and build a library again",
        is_about: ALL,
        looks_at: Aspect::Loading,
        broken: |evidence| {
            let kinds = [PluginKind::Signal, PluginKind::Advice, PluginKind::Inventory];
            let is_known = kinds.iter().any(|kind| evidence.manifest.is(*kind));
            if is_known {
                Vec::new()
            } else {
                vec!["it declares none of signal, advice, inventory".to_owned()]
            }
        },
    },
    Rule {
        id: "load",
        says: "It can be loaded and made without a configuration.",
        change: "give every field of its configuration a default, and do no work in `new`",
        is_about: ALL,
        looks_at: Aspect::Loading,
        broken: |evidence| {
            evidence.of(Purpose::Ordinary).filter_map(|it| loading(&it.loaded)).collect()
        },
    },
    Rule {
        id: "kinds",
        says: "It offers the kinds that its manifest declares, and no other.",
        change: "let `kinds` in plugin.json and the kinds in `export!` name the same",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: kinds,
    },
    Rule {
        id: "config-schema",
        says: "Its manifest has a valid schema of its configuration.",
        change: "write `config_schema` in plugin.json as a JSON Schema of an object",
        is_about: ALL,
        looks_at: Aspect::Loading,
        broken: |evidence| schema::faults(&evidence.manifest.config_schema),
    },
    Rule {
        id: "config-defaults",
        says: "It accepts the defaults that its schema names.",
        change: "let `config_schema` in plugin.json and the type of the configuration say the same",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: |evidence| {
            evidence.of(Purpose::Defaults).filter_map(|it| loading(&it.loaded)).collect()
        },
    },
    Rule {
        id: "config-unknown-key",
        says: "It refuses a configuration with a key that it does not know.",
        change: "add #[serde(deny_unknown_fields)] to the type of the configuration",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: unknown_key,
    },
    Rule {
        id: "answer",
        says: "It answers ordinary calls, one after another.",
        change: "report what cannot be read for one machine as `unread`, and go on; return an error only \
                 where nothing can be done",
        is_about: ALL,
        looks_at: Aspect::Ends(Purpose::Ordinary),
        broken: |evidence| evidence.failures(Purpose::Ordinary),
    },
    Rule {
        id: "empty",
        says: "It answers a call about nothing.",
        change: "do not expect that the batch has an element",
        is_about: WITH_BATCHES,
        looks_at: Aspect::Ends(Purpose::Nothing),
        broken: |evidence| evidence.failures(Purpose::Nothing),
    },
    Rule {
        id: "large",
        says: "It answers a call about 1,000 VMs in time.",
        change: "read each source once for the whole batch, and not once for each machine",
        is_about: WITH_BATCHES,
        looks_at: Aspect::Ends(Purpose::Many),
        broken: |evidence| evidence.failures(Purpose::Many),
    },
    Rule {
        id: "hostile",
        says: "It answers a call with hostile texts: control characters, paths, quotes, very long ones.",
        change: "treat names and what guests and routers say as data of any form and length",
        is_about: WITH_BATCHES,
        looks_at: Aspect::Ends(Purpose::Hostile),
        broken: |evidence| evidence.failures(Purpose::Hostile),
    },
    Rule {
        id: "cancel",
        says: "It returns soon after it was cancelled.",
        change: "call `cx.check()?` in every loop, and wait no longer than `cx.remaining()`",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: |evidence| overdue(evidence, Purpose::Cancelled),
    },
    Rule {
        id: "deadline",
        says: "It returns soon after its deadline.",
        change: "call `cx.check()?` in every loop, and wait no longer than `cx.remaining()`",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: |evidence| overdue(evidence, Purpose::Deadline),
    },
    Rule {
        id: "indices",
        says: "It reports only about the VMs that the call is about.",
        change: "use the machine's index in the batch of this call, as `vms.iter().enumerate()` gives it",
        is_about: SIGNALS,
        looks_at: Aspect::Calls,
        broken: |evidence| {
            evidence.calls().flat_map(|call| call.outside_of_batch.clone()).collect()
        },
    },
    Rule {
        id: "facts",
        says: "It reports only valid facts that its needs let it know.",
        change: "declare the need that the kind of fact has (docs/plugins.md lists them), or report another \
                 kind",
        is_about: SIGNALS,
        looks_at: Aspect::Calls,
        broken: |evidence| evidence.calls().flat_map(|call| call.unacceptable.clone()).collect(),
    },
    Rule {
        id: "advice",
        says: "Its advice keeps the bounds: 64 pieces, 24 reasons and steps each, 300 bytes a line.",
        change: "say the most important, shorter; the host drops the rest",
        is_about: ADVICE,
        looks_at: Aspect::Calls,
        broken: |evidence| evidence.calls().flat_map(|call| advice(&call.advice)).collect(),
    },
    Rule {
        id: "machines",
        says: "Each machine that it lists has an id of its own, a name, and fields that can be read.",
        change: "give each machine an id that no other has; leave a field out, or say why it is unknown, \
                 rather than write something else into it",
        is_about: INVENTORIES,
        looks_at: Aspect::Calls,
        broken: machines,
    },
    Rule {
        id: "needs",
        says: "It works with the needs that its manifest declares, and tries nothing beyond them.",
        change: "declare what it needs in plugin.json, or do without it",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: needs,
    },
    Rule {
        id: "crash",
        says: "It neither panics nor crashes.",
        change: "return an error where a value is not as expected: no `unwrap`, no index out of bounds",
        is_about: ALL,
        looks_at: Aspect::Loading,
        broken: crashes,
    },
    Rule {
        id: "output",
        says: "It prints nothing.",
        change: "use `tracing` for messages: standard output is thrown away",
        is_about: ALL,
        looks_at: Aspect::Loading,
        broken: |evidence| {
            let printed = evidence.records.iter().map(|(_, record)| record.printed.as_str());
            let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            printed
                .filter(|text| !text.is_empty())
                .map(|text| format!("it printed: {}", vmkit_types::escaped(&first(text))))
                .collect()
        },
    },
    Rule {
        id: "log",
        says: "It logs no more than 1,000 warnings and errors in a call.",
        change: "log once for the batch; what belongs to a machine is an observation",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: |evidence| {
            let lines = evidence.calls().map(|call| call.log_lines);
            let many = lines.filter(|lines| *lines > MOST_LOG_LINES);
            many.map(|lines| format!("it logged {lines} lines")).collect()
        },
    },
    Rule {
        id: "threads",
        says: "It leaves no thread behind after a call.",
        change: "join every thread before the call returns",
        is_about: ALL,
        looks_at: Aspect::Calls,
        broken: |evidence| {
            let left = evidence.calls().filter_map(|call| call.threads_left);
            let some = left.filter(|left| *left > 0);
            some.map(|left| format!("{left} still ran 2 s after a call")).collect()
        },
    },
];

/// How loading went that did not go well.
pub(super) fn loading(loaded: &Loaded) -> Option<String> {
    match loaded {
        Loaded::Ready(_) => None,
        Loaded::Failed(_, why) => Some(why.clone()),
        Loaded::Died(how) => Some(how.clone()),
        Loaded::Overdue => Some("it was not ready after 20 s".to_owned()),
        Loaded::NotStarted(why) => Some(format!("its worker could not be started: {why}")),
    }
}

fn kinds(evidence: &Evidence<'_>) -> Vec<String> {
    let declared: BTreeSet<String> =
        evidence.manifest.kinds.iter().map(ToString::to_string).collect();
    let offered = evidence.of(Purpose::Ordinary).find_map(|record| match &record.loaded {
        Loaded::Ready(offers) => offers.clone(),
        _ => None,
    });
    let Some(offered) = offered else { return Vec::new() };
    let offered: BTreeSet<String> = offered.into_iter().collect();
    let lacks = declared.difference(&offered);
    let lacks = lacks.map(|kind| format!("plugin.json declares {kind}, and the library has none"));
    let more = offered.difference(&declared);
    let more =
        more.map(|kind| format!("the library has {kind}, which plugin.json does not declare"));
    lacks.chain(more).collect()
}

fn unknown_key(evidence: &Evidence<'_>) -> Vec<String> {
    let broken = evidence.of(Purpose::UnknownKey).filter_map(|record| match &record.loaded {
        Loaded::Failed(FailureCode::Configuration, _) => None,
        Loaded::Ready(_) => Some("it took the key without a word".to_owned()),
        other => loading(other).map(|how| format!("it did not say that the key is wrong: {how}")),
    });
    broken.collect()
}

/// What the plugin tried beyond its needs. A plugin that has sockets may be refused by this computer
/// although it declares what it does.
fn needs(evidence: &Evidence<'_>) -> Vec<String> {
    let needs = evidence.manifest.needs_here();
    let has_sockets = needs.network || needs.neighbour_table;
    let asked = evidence.calls().flat_map(|call| call.refused.clone());
    let denied = evidence.calls().filter_map(|call| match &call.end {
        TrialEnd::Failed(FailureCode::Denied, why) if !has_sockets && call.refused.is_empty() => {
            Some(format!("its call failed, because the system refused something: {why}"))
        }
        _ => None,
    });
    asked.chain(denied).collect::<BTreeSet<_>>().into_iter().collect()
}

fn overdue(evidence: &Evidence<'_>, purpose: Purpose) -> Vec<String> {
    let late = evidence.calls_of(purpose).filter(|call| call.end == TrialEnd::Overdue);
    late.map(|call| format!("it had not returned {} s later", call.late_by.as_secs())).collect()
}

fn crashes(evidence: &Evidence<'_>) -> Vec<String> {
    let loading = evidence.records.iter().filter_map(|(_, record)| match &record.loaded {
        Loaded::Failed(FailureCode::Panic, how) | Loaded::Died(how) => Some(how.clone()),
        _ => None,
    });
    let calls = evidence.calls().filter_map(|call| match &call.end {
        TrialEnd::Failed(FailureCode::Panic, how) | TrialEnd::Died(how) => Some(how.clone()),
        _ => None,
    });
    loading.chain(calls).collect()
}

/// What is out of bounds in the advice of one call.
fn advice(items: &[WireAdvice]) -> Vec<String> {
    let mut broken = Vec::new();
    if items.len() > MOST_ADVICE {
        broken.push(format!("{} pieces in one answer", items.len()));
    }
    for item in items {
        let id = vmkit_types::escaped(vmkit_types::bounded(&item.id, 60));
        let mut lines = item.because.iter().chain(item.steps.iter().map(|step| &step.text));
        if item.because.len() > MOST_LINES || item.steps.len() > MOST_LINES {
            broken.push(format!("`{id}` has more than {MOST_LINES} reasons or steps"));
        } else if item.title.len() > LONGEST_LINE || lines.any(|line| line.len() > LONGEST_LINE) {
            broken.push(format!("`{id}` has a line of more than {LONGEST_LINE} bytes"));
        } else if item.confidence_permille > 1000 {
            broken.push(format!("`{id}` has a confidence above 1"));
        } else if item.id.is_empty() || item.title.is_empty() {
            broken.push("a piece without an id or a title".to_owned());
        } else if matches!(item.kind, WireAdviceKind::Unknown) {
            broken.push(format!("`{id}` is of a kind that vmkit does not know, or lacks its MAC"));
        }
    }
    broken
}

fn machines(evidence: &Evidence<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    for call in evidence.calls() {
        let mut ids = BTreeSet::new();
        broken.extend(call.unreadable_machines.clone());
        for machine in &call.machines {
            let name = vmkit_types::escaped(vmkit_types::bounded(&machine.name, 60));
            if machine.id.is_empty() || machine.name.is_empty() {
                broken.push("a machine without an id or a name".to_owned());
            } else if !ids.insert(machine.id.as_str()) {
                broken.push(format!("`{name}` has the id of another machine"));
            }
        }
    }
    broken
}
