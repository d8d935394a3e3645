//! A call of a signal.

use std::{os::fd::OwnedFd, time::Instant};

use vmkit_types::{Attributes, Stage};
use vmkit_wire::{FromWorker, Question, Refusal, Resource, ToWorker};

use super::{
    call::{Call, Received},
    converse::{Conversation, unasked},
    end::End,
    process::Worker,
};
use crate::{
    Plugin, broker,
    files::{self, Reader},
    proxy::Proxy,
    stamp, tools,
};

/// Most facts of one call: a few per machine and source are plausible, and memory stays bounded.
fn most_observations(batch: usize) -> usize {
    1024 + 64 * batch
}

/// A call of a signal under way.
struct Observing<'a> {
    plugin: &'a Plugin,
    call: &'a Call<'a>,
    reader: Reader<'a>,
    proxy: Proxy,
    facts: Vec<Received>,
}

impl Worker {
    /// Makes one call. Facts that came before a failure are kept, unless the plugin broke the protocol.
    pub(crate) fn observe(
        &mut self,
        plugin: &Plugin,
        call: &Call<'_>,
    ) -> (Vec<Received>, Result<(), End>) {
        let home = self.home.clone();
        let reader = Reader {
            account: self.account,
            home: home.as_deref(),
            broker: call.reads_of_root.then_some(call.broker),
        };
        let proxy = Proxy::default();
        let mut observing = Observing { plugin, call, reader, proxy, facts: Vec::new() };
        let question = ToWorker::Observe(call.question(plugin));
        let outcome = self.converse(&question, call.budget, &mut observing);
        let mut facts = observing.facts;
        if outcome.as_ref().is_err_and(|end| end.discredits) {
            facts.clear();
        }
        (facts, outcome)
    }
}

impl Conversation for Observing<'_> {
    fn take(&mut self, said: FromWorker) -> Result<(), End> {
        let FromWorker::Observations { items } = said else { return Err(unasked()) };
        let Call { snapshot, stage, subjects, .. } = self.call;
        let (batch, manifest) = (subjects.len(), &self.plugin.manifest);
        let received_at = snapshot.received_at(manifest, *stage);
        for seen in items {
            let fact = stamp::checked(&seen, batch, manifest, snapshot.is_replayed())
                .map_err(|what| End::protocol(&format!("it reported {what}")))?;
            self.facts.push((received_at, fact));
        }
        let most = most_observations(batch);
        if self.facts.len() > most {
            return Err(End::flood(&format!("it reported more than {most} facts")));
        }
        Ok(())
    }

    /// The log, the answer and the record of each machine, and each file of a snapshot.
    fn most_files(&self) -> usize {
        64 + 4 * self.call.subjects.len() + 2 * self.call.snapshot.names().count()
    }

    fn open(&mut self, resource: Resource, argument: &str) -> Result<OwnedFd, Refusal> {
        let needs = self.plugin.manifest.needs_here();
        match resource {
            Resource::File | Resource::Files | Resource::Tool
                if self.call.snapshot.is_replayed() =>
            {
                Err(Refusal::not_found("a snapshot is replayed: nothing else is read"))
            }
            Resource::File => files::open(argument, needs, self.reader),
            Resource::Files => files::list(argument, needs, self.reader).map(|list| list.stream),
            // What was printed before the probes may be outdated by them.
            Resource::Tool => tools::open(argument, needs, self.call.stage == Stage::Confirm),
            _ => broker::open(self.call.grants(self.plugin), resource, argument),
        }
    }

    fn answer(
        &mut self,
        question: Question,
        words: &[String],
        deadline: Instant,
        say: &mut dyn FnMut(Attributes),
    ) -> Result<(), Refusal> {
        self.proxy.answer(self.call.askable(self.plugin), question, words, deadline, say)
    }
}
