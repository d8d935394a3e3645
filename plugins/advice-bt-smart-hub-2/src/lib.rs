//! Recognises a BT Smart Hub 2, reads whether its device list has the machine, and says what to set
//! when bridged machines get no address from it.
//!
//! It only reads the facts that the host gathered and opens nothing itself.

#![deny(unsafe_code)]

mod identity;
mod known;
mod remedy;
mod script;
mod witness;

use vmkit_plugin::{Advice, AdviceKind, AdviceSource, Cx, Fact, NoConfig, Plugin, Result};

use known::Known;

/// The plugin.
pub struct SmartHub2;

impl Plugin for SmartHub2 {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl AdviceSource for SmartHub2 {
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>> {
        cx.check()?;
        let known = Known(facts);
        // EE's and Plusnet's hubs have the same list, so it is read for any of them.
        let mut advice = witness::witness(known, cx.now());
        if let Some(identity) = identity::identity(known) {
            advice.extend(remedy::remedy(&identity, known));
            advice.push(Advice {
                kind: AdviceKind::Router,
                id: "bt-smart-hub-2".to_owned(),
                title: "BT Smart Hub 2".to_owned(),
                confidence: identity.confidence,
                because: identity.because,
                steps: Vec::new(),
            });
        }
        Ok(advice)
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", advice = SmartHub2);
