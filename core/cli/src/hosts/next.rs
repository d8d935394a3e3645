//! The next command to suggest.

use std::path::Path;

use vmkit_hosts::Store;
use vmkit_report::{HostsOutcome, HostsSync, command_line};

use crate::arguments::{HostsSync as Arguments, SYSTEM_HOSTS};
use crate::context::Context;

/// The command that writes a preview or undoes a change.
pub(super) fn after(
    sync: &HostsSync,
    wanted: &Arguments,
    store: &Store,
    context: &Context,
) -> Option<Vec<String>> {
    let undo = match sync.outcome {
        HostsOutcome::Preview if sync.diff.is_empty() => return None,
        // A snapshot's addresses may be written to other files only.
        HostsOutcome::Preview if wanted.from.is_some() && store.is_system_file() => return None,
        HostsOutcome::Preview => false,
        HostsOutcome::Replaced | HostsOutcome::WrittenInPlace => true,
        HostsOutcome::Unchanged | HostsOutcome::Undone => return None,
    };
    let sudo = !store.is_writable() || context.settings.invoker.via_sudo;
    words(sudo, undo, wanted, context)
}

/// A hint how to run this as root.
pub(super) fn with_rights(wanted: &Arguments, context: &Context) -> String {
    match words(true, wanted.undo, wanted, context) {
        _ if context.settings.invoker.via_sudo => {
            "with root's rights only this computer's own hosts file is written; another has to be \
             its user's"
                .to_owned()
        }
        _ if context.settings.invoker.privileged => "not even root may do it here".to_owned(),
        Some(words) => format!("run it as root: {}", command_line(&words)),
        None => "run it as root".to_owned(),
    }
}

/// `None`: a path is not UTF-8.
fn words(sudo: bool, undo: bool, wanted: &Arguments, context: &Context) -> Option<Vec<String>> {
    let (file, from) = (text(&wanted.file)?, wanted.from.as_deref().map(text));
    let from = if let Some(from) = from { Some(from?) } else { None };
    let mut words = if sudo { vec!["sudo"] } else { Vec::new() };
    words.extend(["vm", "hosts-sync", if undo { "--undo" } else { "--apply" }]);
    if wanted.file != Path::new(SYSTEM_HOSTS) {
        words.extend(["--file", &file]);
    }
    if !undo {
        words.extend(wanted.adopt.then_some("--adopt"));
        words.extend(wanted.names.iter().map(String::as_str));
    }
    let record = from.as_deref().filter(|_| !undo).map(Path::new);
    Some(context.settings.command_place(record).words(&words))
}

fn text(path: &Path) -> Option<String> {
    std::path::absolute(path).ok()?.to_str().map(str::to_owned)
}
