//! `snapshot.json` and `qmp.json`, field by field. A field that is missing was not observed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format that is read and written.
pub(crate) const SCHEMA: &str = "vmkit.snapshot/1";

/// `snapshot.json`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Document {
    pub(crate) schema: String,
    /// RFC 3339.
    pub(crate) captured_at: String,
    #[serde(default)]
    pub(crate) platform: Option<String>,
    #[serde(default)]
    pub(crate) privileged: Option<bool>,
    #[serde(default)]
    pub(crate) host: Option<Host>,
    #[serde(default)]
    pub(crate) vms: Vec<Machine>,
}

/// The host's network.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Host {
    #[serde(default)]
    pub(crate) interfaces: Vec<Interface>,
    #[serde(default)]
    pub(crate) routes: Vec<Route>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Interface {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mac: Option<String>,
    /// `192.168.1.50/24`.
    #[serde(default)]
    pub(crate) ipv4: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ipv6: Vec<String>,
    #[serde(default)]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) up: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bridge: Option<String>,
    /// The machine whose port it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) vm: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Route {
    /// `default`, or a prefix.
    pub(crate) dst: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gateway: Option<String>,
    pub(crate) dev: String,
}

/// One machine.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Machine {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) manager: Option<String>,
    #[serde(default)]
    pub(crate) state: Option<String>,
    /// How the process of a stopped machine ended: `with-computer`, `by-itself` or `unknown`. Missing:
    /// it was shut down or never started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<String>,
    /// Why a process that names the machine's files may not speak for it: `process-of-another-user`,
    /// `program-of-another-user` or `program-unseen`. Missing: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) doubt: Option<String>,
    #[serde(default)]
    pub(crate) pid: Option<u32>,
    #[serde(default)]
    pub(crate) started_at: Option<String>,
    /// When its console log was last written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) console_written_at: Option<String>,
    #[serde(default)]
    pub(crate) mac: Option<String>,
    /// The recorded MAC, if the process runs with another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recorded_mac: Option<String>,
    #[serde(default)]
    pub(crate) hostname: Option<String>,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) net: Option<Net>,
    /// All network cards, if there are several. The fields above repeat the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cards: Vec<Card>,
    #[serde(default)]
    pub(crate) known_host_keys: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Net {
    #[serde(default)]
    pub(crate) mode: Option<String>,
    #[serde(default)]
    pub(crate) interface: Option<String>,
    #[serde(default)]
    pub(crate) port: Option<String>,
}

/// A network card of a machine that has several.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Card {
    #[serde(default)]
    pub(crate) mac: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recorded_mac: Option<String>,
    #[serde(default)]
    pub(crate) net: Option<Net>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link_up: Option<bool>,
}

/// `qmp.json`: by name of the machine.
pub(crate) type Monitors = BTreeMap<String, Monitor>;

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Monitor {
    #[serde(default)]
    pub(crate) status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link_up: Option<bool>,
}
