//! A call of an inventory.

use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant, SystemTime},
};

use vmkit_rights::Broker;
use vmkit_types::Attributes;
use vmkit_wire::{FromWorker, List, Question, Refusal, Resource, ToWorker, WireMachine};

use super::{
    converse::{Conversation, unasked},
    end::End,
    process::Worker,
};
use crate::{
    Plugin,
    files::{self, Reader},
    local_api,
    processes::Seen,
};

/// Most machines that are kept of one list.
pub(crate) const MOST_MACHINES: usize = 10_000;
/// Most gaps that are kept: as many as a person reads.
const MOST_GAPS: usize = 8;
/// Most files that are opened for one call: four for each machine.
const MOST_FILES: usize = 4 * MOST_MACHINES;

/// One call of an inventory.
pub(crate) struct ListCall<'a> {
    /// The processes that it may see.
    pub(crate) seen: &'a Seen,
    /// Opens files of managers that only root can read; `None`: this run lacks root's rights.
    pub(crate) broker: Option<&'a Broker>,
    /// How long it may take.
    pub(crate) budget: Duration,
}

/// What an inventory lists, unchecked.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    /// The machines, at most one more than are kept.
    pub(crate) items: Vec<WireMachine>,
    /// What it was not shown, each a sentence.
    pub(crate) gaps: Vec<String>,
}

impl Machines {
    /// Keeps a gap once, and few of them: a plugin can ask for the same files again and again.
    fn note(&mut self, gap: Option<String>) {
        let gaps = &mut self.gaps;
        gaps.extend(gap.filter(|gap| gaps.len() < MOST_GAPS && !gaps.contains(gap)));
    }
}

/// A call of an inventory under way.
struct Listing<'a> {
    plugin: &'a Plugin,
    call: &'a ListCall<'a>,
    reader: Reader<'a>,
    machines: Machines,
}

impl Worker {
    /// Asks an inventory for its machines.
    pub(crate) fn list(&mut self, plugin: &Plugin, call: &ListCall<'_>) -> Result<Machines, End> {
        let home = self.home.clone();
        let reader = Reader { account: self.account, home: home.as_deref(), broker: call.broker };
        // A clock before 1970 is not set; 0 shows that as well as any other time.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let question = ToWorker::List(List {
            now_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            budget_ms: u64::try_from(call.budget.as_millis()).unwrap_or(u64::MAX),
        });
        let mut listing = Listing { plugin, call, reader, machines: Machines::default() };
        self.converse(&question, call.budget, &mut listing)?;
        Ok(listing.machines)
    }
}

impl Conversation for Listing<'_> {
    fn take(&mut self, said: FromWorker) -> Result<(), End> {
        let FromWorker::Machines { items } = said else { return Err(unasked()) };
        let room = (MOST_MACHINES + 1).saturating_sub(self.machines.items.len());
        self.machines.items.extend(items.into_iter().take(room));
        Ok(())
    }

    fn most_files(&self) -> usize {
        MOST_FILES
    }

    fn open(&mut self, resource: Resource, argument: &str) -> Result<OwnedFd, Refusal> {
        let needs = self.plugin.manifest.needs_here();
        match resource {
            Resource::File => files::open(argument, needs, self.reader),
            Resource::Files => {
                let list = files::list(argument, needs, self.reader)?;
                self.machines.note(list.gap);
                Ok(list.stream)
            }
            Resource::LocalApi => local_api::get(argument, needs, self.reader),
            _ => {
                Err(Refusal::denied("an inventory is given files that its manifest declares alone"))
            }
        }
    }

    fn answer(
        &mut self,
        question: Question,
        _: &[String],
        _: Instant,
        say: &mut dyn FnMut(Attributes),
    ) -> Result<(), Refusal> {
        let needs = self.plugin.manifest.needs_here();
        match question {
            Question::Processes if needs.processes.is_empty() => {
                Err(Refusal::denied("the manifest declares no `processes`"))
            }
            Question::Processes => {
                let shown = self.call.seen.shown_to(needs)?;
                shown.answers.iter().for_each(|process| say(process.attributes()));
                self.machines.note(shown.gap);
                Ok(())
            }
            Question::WhoHas | Question::GuestAgents | Question::Unknown => {
                Err(Refusal::denied("an inventory can ask for processes alone"))
            }
        }
    }
}
