//! Facts as a host gathers them from a hub, and what the plugin makes of them.

#![allow(clippy::unwrap_used, dead_code, reason = "each test file uses a part of this")]

use std::time::{Duration, SystemTime};

use advice_bt_smart_hub_2::SmartHub2;
use vmkit_plugin::Fact;
use vmkit_testkit::FakeHost;

/// The hub's description of itself, rebuilt after public captures with invented devices.
pub(crate) const OWL: &str = include_str!("../pages/cgi_owl.js");
/// Its list of devices.
pub(crate) const DEVICES: &str = include_str!("../pages/cgi_basicMyDevice.js");
/// The same with the machine in it.
pub(crate) const LISTED: &str = include_str!("../pages/cgi_basicMyDevice.listed.js");
/// The machine's MAC.
pub(crate) const MACHINE: &str = "52:54:00:4b:5e:57";

/// Facts about a network.
#[derive(Clone, Default)]
pub(crate) struct Facts(pub(crate) Vec<Fact>);

impl Facts {
    /// With one more.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.0.push(Fact { key: key.to_owned(), value: value.to_owned() });
        self
    }

    /// With a page of the gateway.
    pub(crate) fn page(self, path: &str, status: u16, body: &str) -> Self {
        self.with(&format!("http.status:{path}"), &status.to_string())
            .with(&format!("http.body:{path}"), body)
    }

    /// What the plugin answers on 2026-11-24 at 06:00.
    pub(crate) fn advice(&self) -> Vec<Answer> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(498_750);
        let advice = FakeHost::new().at_time(now).advise::<SmartHub2>("{}", &self.0).unwrap();
        let answer = |item: &vmkit_plugin::abi::Advice| Answer {
            mac: attribute(item, "witness-mac"),
            id: item.id.to_string(),
            title: item.title.to_string(),
            permille: item.confidence_permille,
            because: item.because.iter().map(ToString::to_string).collect(),
            steps: item.steps.iter().map(ToString::to_string).collect(),
            commands: item.ext.iter().filter(|each| each.key == "step-word").count(),
        };
        advice.iter().map(answer).collect()
    }

    /// The answer of this id.
    pub(crate) fn answer(&self, id: &str) -> Option<Answer> {
        self.advice().into_iter().find(|answer| answer.id == id)
    }
}

fn attribute(item: &vmkit_plugin::abi::Advice, key: &str) -> Option<String> {
    item.ext.iter().find(|each| each.key == key).map(|each| each.value.to_string())
}

/// One piece of advice.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The MAC that a witness is about.
    pub(crate) mac: Option<String>,
    /// Its id.
    pub(crate) id: String,
    /// Its title.
    pub(crate) title: String,
    /// How sure it is.
    pub(crate) permille: u16,
    /// Why.
    pub(crate) because: Vec<String>,
    /// What to do.
    pub(crate) steps: Vec<String>,
    /// Words of all commands.
    pub(crate) commands: usize,
}
