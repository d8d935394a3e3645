//! A machine's entry in the registry, as the toolkit writes it.

use std::path::PathBuf;

use serde_json::{Map, Value};
use vmkit_model::NetworkChoice;
use vmkit_types::Mac;

use crate::{size::Size, stored::DiskFormat};

/// The key of the mode that a machine is started in.
pub(crate) const NET_MODE: &str = "net_mode";
/// The key of the bridge or adapter that a machine is started on.
pub(crate) const NET_BRIDGE: &str = "net_bridge";
/// The key of a disk that is not `NAME.qcow2` in the machine's directory.
pub(crate) const DISK: &str = "disk";
/// The key of the format of that disk.
pub(crate) const DISK_FORMAT: &str = "disk_format";

/// A new machine's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewEntry {
    pub(crate) hostname: String,
    pub(crate) username: Option<String>,
    pub(crate) disk_size: Option<Size>,
    pub(crate) memory_mb: u64,
    pub(crate) vcpus: u32,
    pub(crate) os_version: Option<String>,
    pub(crate) architecture: String,
    pub(crate) mac: Mac,
    pub(crate) instance_id: Option<String>,
    pub(crate) network: Option<NetworkChoice>,
    /// A disk that stays where it is.
    pub(crate) disk: Option<(PathBuf, DiskFormat)>,
}

impl NewEntry {
    /// The entry as JSON, keys in the order of the toolkit.
    pub(crate) fn text(&self, name: &str, directory: &str, now: &str) -> String {
        let or_null = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        let mut members: Vec<(&str, Value)> = vec![
            ("name", name.into()),
            ("directory", directory.into()),
            ("hostname", self.hostname.clone().into()),
            ("username", or_null(&self.username)),
            ("disk_size", or_null(&self.disk_size.map(|size| size.to_string()))),
            ("memory_mb", self.memory_mb.into()),
            ("vcpus", self.vcpus.into()),
            ("os_version", or_null(&self.os_version)),
            ("architecture", self.architecture.clone().into()),
            ("mac_address", self.mac.to_string().into()),
            ("instance_id", or_null(&self.instance_id)),
            ("created", now.into()),
            ("updated", now.into()),
        ];
        if let Some(NetworkChoice { mode, bridge }) = &self.network {
            members.push((NET_MODE, mode.code().into()));
            members.extend(bridge.clone().map(|bridge| (NET_BRIDGE, bridge.into())));
        }
        if let Some((disk, format)) = &self.disk {
            members.push((DISK, disk.to_string_lossy().into_owned().into()));
            members.push((DISK_FORMAT, format.code().into()));
        }
        let lines = members.iter().map(|(key, value)| format!("      \"{key}\": {value}"));
        format!("{{\n{}\n    }}", lines.collect::<Vec<_>>().join(",\n"))
    }
}

/// The keys of an entry that the toolkit does not write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnKeys {
    pub(crate) net_mode: Option<String>,
    pub(crate) net_bridge: Option<String>,
    pub(crate) disk: Option<String>,
    pub(crate) disk_format: Option<String>,
}

impl OwnKeys {
    /// Those of an entry's JSON. `null` and `""` are absent.
    pub(crate) fn of(text: &str) -> Self {
        let object: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let value = |key: &str| {
            let text = object.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty() && *text != "null").map(str::to_owned)
        };
        Self {
            net_mode: value(NET_MODE),
            net_bridge: value(NET_BRIDGE),
            disk: value(DISK),
            disk_format: value(DISK_FORMAT),
        }
    }
}
