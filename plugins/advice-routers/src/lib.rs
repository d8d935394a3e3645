//! Recognises routers by a table of public facts, and says which of their settings may keep a bridged
//! machine from a lease.
//!
//! A new router is an entry in `data/routers.toml` and a row in `tests/routers.rs`. The plugin only reads
//! the facts that the host gathered and opens nothing itself.

#![deny(unsafe_code)]

mod ranking;
mod remedy;
mod sighting;
mod table;
#[cfg(test)]
mod tests;

use vmkit_plugin::{Advice, AdviceKind, AdviceSource, Cx, Fact, NoConfig, Plugin, Result};

use crate::{ranking::rank, remedy::remedies, sighting::Sighting, table::Table};

/// The plugin.
pub struct Routers(Table);

impl Plugin for Routers {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Table::builtin().map(Self)
    }
}

impl AdviceSource for Routers {
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>> {
        cx.check()?;
        let seen = Sighting::of(facts);
        cx.check()?;
        let answers = rank(&self.0, &seen);
        let mut advice: Vec<Advice> = answers
            .iter()
            .map(|answer| Advice {
                kind: AdviceKind::Router,
                id: answer.router.id.clone(),
                title: answer.router.name.clone(),
                confidence: answer.confidence,
                because: answer.because.clone(),
                steps: Vec::new(),
            })
            .collect();
        if let Some(best) = answers.first() {
            advice.extend(remedies(best, seen.addresses.first().map(String::as_str)));
        }
        Ok(advice)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", advice = Routers);
