//! The remark of `vm resolve` beside the address.

use vmkit_model::{CommandPlace, MANAGER, PluginStatus, Power};
use vmkit_scoring::Verdict;

use super::{command_line, lead, no_address, pastes};
use crate::{Resolution, clean::shown};

/// One line with its line break; `None`: the address is resolved.
pub(crate) fn remark(resolution: &Resolution<'_>, place: &CommandPlace) -> Option<String> {
    let vm = &resolution.vm;
    let (name, pick) = (shown(&vm.machine.name), vm.pick);
    let explain = ["status", "--explain"];
    let doctor = ["doctor", ""];
    // Only machines of the data directory are started by vm, and none of a record.
    let own = place.record.is_none() && &*vm.machine.manager == MANAGER;
    let or_doctor = |verb| if own { [verb, ""] } else { doctor };
    if vm.machine.foreign {
        return Some(format!("{name}: {}\n", shown(&vm.notes().join("; "))));
    }
    if let Some(endpoint) = vm.endpoint {
        let ssh = vm.ssh.state.words();
        let says = format!("{name} is reached at {}; SSH: {ssh}", endpoint.address);
        return Some(format!("{says}; next: {}\n", next(&vm.machine.name, ["ssh", ""], place)));
    }
    let (says, command) = match (pick.verdict, vm.machine.power) {
        (Verdict::Resolved, _) => return None,
        (Verdict::Probable, _) => {
            let confidence = pick.confidence.unwrap_or_default();
            (format!("the address of {name} is probable ({confidence:.2}), not certain"), explain)
        }
        (_, Power::Unknown) => (format!("whether {name} runs is unknown"), explain),
        (_, Power::Stopped) => (format!("{name} is stopped"), or_doctor("start")),
        (_, Power::Paused) => (format!("{name} is paused"), or_doctor("resume")),
        (_, Power::Missing) => {
            (format!("{name} is registered, but its directory is missing"), ["status", ""])
        }
        (_, Power::Running) => {
            if let Some(unchecked) = &pick.unchecked {
                let (why, hint) = (lead::reason(unchecked), shown(&unchecked.hint));
                return Some(format!("{name} was not checked: {why}; next: {hint}\n"));
            }
            let why = no_address(pick).unwrap_or_else(|| "it has no process".to_owned());
            let failed = failed(resolution);
            (format!("{name} has no usable address: {why}{failed}"), explain)
        }
    };
    Some(format!("{says}; next: {}\n", next(&vm.machine.name, command, place)))
}

/// The signals that failed: without them, a reader would believe that all were asked.
fn failed(resolution: &Resolution<'_>) -> String {
    let failed = |status| !matches!(status, PluginStatus::Ok | PluginStatus::Skipped);
    let failed: Vec<String> = resolution
        .plugins
        .iter()
        .filter(|plugin| failed(plugin.status))
        .map(|plugin| format!("{} ({})", shown(&plugin.id), plugin.status.code()))
        .collect();
    if failed.is_empty() {
        String::new()
    } else {
        format!(", no answer from {}", failed.join(", "))
    }
}

/// A command to paste.
fn next(name: &str, [verb, option]: [&str; 2], place: &CommandPlace) -> String {
    let name = if pastes(name) { name } else { "NAME" };
    let words = ["vm", verb, name, option];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    command_line(&place.words(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_commands_that_a_shell_reads_as_meant() {
        let explain = ["status", "--explain"];
        let here = CommandPlace::default();
        let record = |at: &str| CommandPlace { record: Some(at.to_owned()), ..here.clone() };
        let rows = [
            (next("web", explain, &here), "vm status web --explain"),
            (next("web", ["doctor", ""], &here), "vm doctor web"),
            (next("web", ["doctor", ""], &record("/tmp/s")), "vm doctor web --from /tmp/s"),
            (
                next("web", explain, &record("my $(dir)")),
                "vm status web --from 'my $(dir)' --explain",
            ),
            (next("-rf;", explain, &here), "vm status NAME --explain"),
        ];
        for (command, expected) in rows {
            assert_eq!(command, expected);
        }
    }
}
