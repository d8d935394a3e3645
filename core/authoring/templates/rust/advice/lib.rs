//! Advice: it recognises a router by what the host has read there, and says what to change.
//!
//! This one knows a router by the title of its first page. Replace the title and the steps by those of
//! your router.

use vmkit_plugin::{
    Advice, AdviceKind, AdviceSource, Cx, Fact, NoConfig, Plugin, Result, Step, Word,
};

/// The title of the router's first page.
const TITLE: &str = "Example Router 3000";

/// The plugin.
pub struct {{type}};

impl Plugin for {{type}} {
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self> {
        Ok(Self)
    }
}

impl AdviceSource for {{type}} {
    fn advise(&self, facts: &[Fact], cx: &Cx<'_>) -> Result<Vec<Advice>> {
        cx.check()?; // an error once the host has cancelled the call or its time is over
        let title = facts.iter().find(|fact| fact.key == "http.title:/");
        if title.is_none_or(|title| title.value != TITLE) {
            return Ok(Vec::new()); // an empty list is a good answer
        }
        let router = Advice {
            kind: AdviceKind::Router,
            id: "{{name}}".into(),
            title: TITLE.into(),
            confidence: 0.9,
            because: vec![format!("its first page is titled {TITLE}")],
            steps: Vec::new(),
        };
        let remedy = Advice {
            kind: AdviceKind::Remedy,
            id: "{{name}}-setting".into(),
            title: "Allow further devices behind this computer".into(),
            confidence: 0.5,
            because: vec!["this router drops requests of bridged VMs until that is set".into()],
            steps: vec![
                Step::new("Open the router's page and switch the setting on"),
                Step::new("See whether it helped").with_command([
                    "vm".into(),
                    "doctor".into(),
                    Word::MachineName,
                ]),
            ],
        };
        Ok(vec![router, remedy])
    }
}

vmkit_plugin::export!(manifest = "../plugin.json", advice = {{type}});
