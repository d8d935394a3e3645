//! The BT Smart Hub 2: whether the gateway is one, whether its list of devices has the machine, and
//! what to set where bridged machines get no address from it.
//!
//! Judges what the host has asked the gateway, and reaches nothing itself.

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
        // EE's and Plusnet's hubs give the same list: it is read whichever of them this is.
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
