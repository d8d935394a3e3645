//! A signal that reports one address of each VM by a kind of its own.

use serde::Deserialize;
use vmkit_plugin::{Cx, Kind, Observation, Plugin, Result, Signal, Subject};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// The kind to report by.
    kind: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { kind: "claimant.address".to_owned() }
    }
}

struct Claimant(Config);

impl Plugin for Claimant {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Signal for Claimant {
    fn observe(&self, vms: &[Subject], cx: &Cx<'_>) -> Result<()> {
        for vm in 0..vms.len() {
            let claim = Observation::new(vm, Kind::from_code(&self.0.kind), "the registry has it");
            cx.emit(claim.at([203, 0, 113, 66]))?;
        }
        Ok(())
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", signal = Claimant);
