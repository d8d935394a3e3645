//! The machines of listings with what the host sees of their processes.

use std::{collections::HashSet, path::Path, sync::Arc, time::SystemTime};

use vmkit_model::{Listing, Problem, ProcessDoubt};
use vmkit_types::{ListedMachine, Unread};

/// What the host sees of a process that a listing names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// It is the invoker's, root's or a service's of the manager.
    Trusted { user: u32, started_at: Option<SystemTime> },
    /// It is another user's, or runs a program that another user can change or nobody sees.
    Doubted { doubt: ProcessDoubt, user: Option<u32>, started_at: Option<SystemTime> },
    /// It has ended.
    Ended,
    /// Nobody has proven that it is the machine's.
    Unproven,
    /// The system does not show it.
    Hidden(Unread),
}

/// A machine of a listing.
pub(crate) struct Seen<'a> {
    pub(crate) manager: &'a Arc<str>,
    pub(crate) machine: &'a ListedMachine,
    /// Whether the listing is of a plugin that came with vmkit.
    pub(crate) bundled: bool,
    /// `None`: the listing names no process.
    pub(crate) process: Option<Sighting>,
}

impl Seen<'_> {
    /// Whether its process may not speak for it.
    pub(super) fn is_doubted(&self) -> bool {
        matches!(self.process, Some(Sighting::Doubted { .. }))
    }

    /// Whether what it says may be a stranger's word, so that it is no other entry's machine.
    pub(super) fn is_apart(&self) -> bool {
        let apart = |it: &Sighting| !matches!(it, Sighting::Trusted { .. } | Sighting::Hidden(_));
        self.process.as_ref().is_some_and(apart)
    }

    /// Whether it takes its plain name only where no other machine has it.
    pub(super) fn yields(&self) -> bool {
        !self.bundled || self.is_apart()
    }
}

/// The machines of the listings. One whose id another one of its listing has is dropped.
pub(super) fn of<'a>(
    listings: &'a [Listing],
    sight: impl Fn(&str, u32) -> Sighting,
    problems: &mut Vec<Problem>,
) -> Vec<Seen<'a>> {
    let mut seen = Vec::new();
    for Listing { manager, bundled, machines, unproven } in listings {
        let mut ids = HashSet::new();
        for machine in machines {
            if !ids.insert(machine.id.as_str()) {
                let message = format!("two machines have the id {:?}; one is skipped", machine.id);
                problems.push(Problem::error(Path::new(&**manager), message));
                continue;
            }
            let process = if unproven.contains(&machine.id) {
                Some(Sighting::Unproven)
            } else {
                machine.pid.as_ref().known().map(|pid| sight(manager, *pid))
            };
            seen.push(Seen { manager, machine, bundled: *bundled, process });
        }
    }
    seen
}
