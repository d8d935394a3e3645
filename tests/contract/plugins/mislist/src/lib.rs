//! An inventory that misbehaves as configured.

use serde::Deserialize;
use vmkit_plugin::{Cx, Inventory, ListedMachine, Plugin, Result};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    how: String,
}

struct Mislist(Config);

impl Plugin for Mislist {
    type Config = Config;

    fn new(config: Config) -> Result<Self> {
        Ok(Self(config))
    }
}

impl Inventory for Mislist {
    fn list(&self, cx: &Cx<'_>) -> Result<Vec<ListedMachine>> {
        cx.check()?;
        Ok(match self.0.how.as_str() {
            "one-id" => vec![ListedMachine::new("1", "web"), ListedMachine::new("1", "db")],
            "no-name" => vec![ListedMachine::new("1", "")],
            "hang" => loop {
                std::thread::park();
            },
            _ => vec![ListedMachine::new("1", "web"), ListedMachine::new("2", "db")],
        })
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", inventory = Mislist);
