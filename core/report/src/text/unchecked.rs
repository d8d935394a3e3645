//! What was not checked, and why. Without this, a reader would believe that it is fine.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{self, Write},
};

use vmkit_model::{Evidence, Mode, PluginOutcome, PluginStatus};
use vmkit_scoring::Verdict;
use vmkit_types::{Reading, attribute};

use super::{Terminal, distinct, style::Role};
use crate::{Status, Vm, clean::shown, time::short};

/// Most machines or plugins that a line names.
const NAMES_IN_A_LINE: usize = 3;

pub(super) fn write_unchecked(
    status: &Status<'_>,
    out: &mut impl Write,
    terminal: Terminal,
) -> io::Result<()> {
    let confessed =
        |plugin: &&PluginOutcome| plugin.status == PluginStatus::Ok && plugin.message.is_some();
    let says = |plugin: &PluginOutcome| shown(plugin.message.as_deref().unwrap_or_default());
    for (says, ids) in by_outcome(status.plugins.iter().filter(confessed), says) {
        let heading = terminal.style.paint(Role::Bad, "Not confined:");
        writeln!(out, "{heading} {}: {says}", named(&ids))?;
    }
    let lines = lines(status);
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", terminal.style.paint(Role::Heading, "Not checked:"))?;
    for line in lines {
        writeln!(out, "  {line}")?;
    }
    writeln!(out)
}

fn lines(status: &Status<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    match status.meta.mode {
        Mode::Basic => lines.push("addresses, SSH and plugins (--basic)".to_owned()),
        Mode::Fast => lines.push(skipped_as_slow(status.plugins)),
        Mode::Full => {}
    }
    let silent = |plugin: &&PluginOutcome| match plugin.status {
        PluginStatus::Ok => false,
        // The line of the fast mode names those that are not part of it.
        PluginStatus::Skipped if status.meta.mode == Mode::Fast && plugin.is_of_other_mode() => {
            false
        }
        // It does not matter if nothing runs or every address is clear.
        PluginStatus::Skipped => status.meta.mode != Mode::Basic && status.vms.iter().any(puzzles),
        _ => true,
    };
    let outcomes = by_outcome(status.plugins.iter().filter(silent), failed);
    lines.extend(outcomes.iter().map(|(outcome, ids)| format!("{}: {outcome}", named(ids))));
    let hints = status.plugins.iter().filter(silent).filter_map(|plugin| plugin.hint.as_deref());
    lines.extend(distinct(hints).iter().map(|hint| format!("hint: {}", shown(hint))));
    // Many machines have the same reason.
    let mut sources: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let mut undecided: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for vm in &status.vms {
        let name = vm.machine.name.as_str();
        let mut of_machine = BTreeSet::new();
        // That there is nothing to look at is how most machines are, and no gap.
        let is_gap =
            |item: &&Evidence| item.observation.attribute(attribute::REASON) != Some("not-tried");
        for item in vm.pick.unread.iter().filter(is_gap) {
            of_machine.insert((shown(&item.plugin), shown(&item.observation.says)));
        }
        for source in of_machine {
            sources.entry(source).or_default().push(name);
        }
        // The answer begins with the machines that could not be checked.
        let looked = vm.pick.unchecked.is_none();
        if let (Reading::Unknown(why), true) = (&vm.state, looked) {
            undecided.entry(shown(&why.to_string())).or_default().push(name);
        }
    }
    let of_sources = sources.iter();
    lines
        .extend(of_sources.map(|((plugin, says), of)| format!("{plugin}: {says} ({})", named(of))));
    lines.extend(undecided.iter().map(|(says, of)| format!("state: {says} ({})", named(of))));
    lines
}

/// Whether a machine runs and its address is not clear.
fn puzzles(vm: &Vm<'_>) -> bool {
    vm.runs() && vm.pick.verdict != Verdict::Resolved
}

fn skipped_as_slow(plugins: &[PluginOutcome]) -> String {
    let skipped = plugins.iter().filter(|plugin| plugin.is_of_other_mode());
    let ids: Vec<String> = skipped.map(|plugin| shown(&plugin.id)).collect();
    if ids.is_empty() {
        "slow signals (--fast)".to_owned()
    } else {
        format!("slow signals: {} (--fast)", ids.join(", "))
    }
}

/// The plugins by outcome, in the order of the first of each.
pub(super) fn by_outcome<'p>(
    plugins: impl Iterator<Item = &'p PluginOutcome>,
    outcome: impl Fn(&PluginOutcome) -> String,
) -> Vec<(String, Vec<&'p str>)> {
    let mut outcomes: Vec<(String, Vec<&str>)> = Vec::new();
    for plugin in plugins {
        let says = outcome(plugin);
        match outcomes.iter_mut().find(|(known, _)| *known == says) {
            Some((_, ids)) => ids.push(&plugin.id),
            None => outcomes.push((says, vec![&plugin.id])),
        }
    }
    outcomes
}

/// The outcome of a plugin that did not answer.
fn failed(plugin: &PluginOutcome) -> String {
    let what = match plugin.status {
        PluginStatus::Ok => "answered",
        PluginStatus::Timeout => "no answer in time",
        PluginStatus::Crashed => "crashed",
        PluginStatus::Refused => "not trusted",
        PluginStatus::Incompatible => "built for another version of the plugin interface",
        PluginStatus::Denied => "lacks a privilege",
        PluginStatus::Skipped => "skipped",
        PluginStatus::Error => "failed",
    };
    let mut line = what.to_owned();
    if let (PluginStatus::Timeout, Some(elapsed)) = (plugin.status, plugin.elapsed) {
        _ = write!(line, " ({})", short(elapsed));
    }
    if let Some(message) = &plugin.message {
        _ = write!(line, ": {}", shown(message));
    }
    line
}

/// The machines or plugins that a line is about.
pub(crate) fn named(names: &[&str]) -> String {
    let first: Vec<String> = names.iter().take(NAMES_IN_A_LINE).map(|name| shown(name)).collect();
    match names.len().saturating_sub(NAMES_IN_A_LINE) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
