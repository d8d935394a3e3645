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
    /// The own kinds of evidence of the plugins that ran. Missing: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Vec<PluginClaims>>,
}

/// The own kinds of one plugin.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct PluginClaims {
    pub(crate) plugin: String,
    /// The factor that its claims may add up to, where the user has set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u16>,
    pub(crate) kinds: Vec<ClaimKind>,
}

/// One own kind of a plugin, as its manifest declares it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ClaimKind {
    pub(crate) kind: String,
    pub(crate) group: String,
    pub(crate) half_life_s: u64,
    pub(crate) likelihood_ratio: f64,
    pub(crate) says: String,
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
    /// Its name in its manager, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) own_name: Option<String>,
    #[serde(default)]
    pub(crate) manager: Option<String>,
    /// Its process is another user's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) foreign: bool,
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
    /// `tcp 127.0.0.1:2222 10.0.2.15:22`: ports of the computer that lead to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forwards: Option<Vec<String>>,
    /// Where its SSH server is reached in place of its address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) endpoints: Vec<Endpoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity_file: Option<String>,
    /// The addresses that its manager has written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) manager_addresses: Option<Vec<String>>,
    /// A code and a sentence each: what its manager's files say is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<Vec<String>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// An endpoint, and who answered there.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Endpoint {
    /// `127.0.0.1:2222`.
    pub(crate) address: String,
    /// `forwarded` or `manager`.
    pub(crate) how: String,
    /// `ready`, `no-banner`, `refused` or `timeout`. Missing: nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ssh: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rtt_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) banner: Option<String>,
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
    /// QEMU's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(flatten)]
    pub(crate) devices: Devices,
}

/// How the guest uses its devices, each value or why it is not known.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Devices {
    /// `missing`, `idle`, `used` or `present`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card_driver: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card_driver_unknown: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disk_read_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disk_read_operations: Option<u64>,
    /// Missing beside the fields above: no disk was ever asked for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disk_idle_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) disk_unknown: Option<String>,
}
