//! Reads `.vm-registry.json` as any release of the toolkit wrote it.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use vmkit_types::{Mac, Reading, Unread};

use crate::names::{machine_mac, valid_hostname, valid_username, valid_word};

/// Largest registry that is read, in bytes: 30,000 machines of about 0.5 KiB.
pub const REGISTRY_LIMIT: u64 = 16 * 1024 * 1024;

#[derive(Deserialize)]
struct Document {
    vms: BTreeMap<String, Value>,
}

/// The registry's entry for one machine. A missing key, `null`, `"null"` and `""` are absent:
/// releases of the toolkit have written all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its directory, as it is written.
    pub directory: Reading<PathBuf>,
    /// Its host name.
    pub hostname: Reading<String>,
    /// The user to log in as.
    pub username: Reading<String>,
    /// Its MAC.
    pub mac: Reading<Mac>,
    /// cloud-init's id of the instance.
    pub instance: Reading<String>,
    /// Memory in MiB.
    pub memory_mb: Reading<u64>,
    /// Virtual processors.
    pub vcpus: Reading<u32>,
    /// The size of its disk, such as `60G`.
    pub disk_size: Reading<String>,
    /// Its system, such as `ubuntu-noble`.
    pub os_version: Reading<String>,
    /// Its processor's architecture.
    pub architecture: Reading<String>,
}

/// The entries by name, which is not validated; `None` for one that is not an object.
///
/// # Errors
/// The text is not JSON with an object `vms`. The message has the place and never the content.
pub fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Option<Entry>>, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => "has no object `vms`".to_owned(),
            serde_json::error::Category::Eof => "ends in the middle of its JSON".to_owned(),
            _ => format!("is not JSON at line {line}, column {column}"),
        }
    })?;
    let entry = |value: &Value| value.as_object().map(Entry::from_object);
    Ok(document.vms.iter().map(|(name, value)| (name.clone(), entry(value))).collect())
}

impl Entry {
    /// The entry of a machine that is not registered.
    pub(crate) fn empty() -> Self {
        Self::from_object(&Map::new())
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let text = |key: &str, valid: fn(&str) -> bool| {
            value(object, key, |value| value.as_str().filter(|text| valid(text)).map(str::to_owned))
        };
        Self {
            directory: value(object, "directory", |v| v.as_str().map(PathBuf::from)),
            hostname: text("hostname", valid_hostname),
            username: text("username", valid_username),
            mac: value(object, "mac_address", |value| machine_mac(value.as_str()?)),
            instance: text("instance_id", valid_word),
            memory_mb: value(object, "memory_mb", number),
            vcpus: value(object, "vcpus", |value| number(value)?.try_into().ok()),
            disk_size: text("disk_size", valid_word),
            os_version: text("os_version", valid_word),
            architecture: text("architecture", valid_word),
        }
    }
}

fn value<T>(
    object: &Map<String, Value>,
    key: &str,
    parse: impl FnOnce(&Value) -> Option<T>,
) -> Reading<T> {
    match object.get(key) {
        None | Some(Value::Null) => Reading::Absent,
        Some(Value::String(text)) if text.is_empty() || text == "null" => Reading::Absent,
        Some(value) => parse(value).map_or_else(
            || Reading::Unknown(Unread::Malformed(format!("`{key}` in the registry"))),
            Reading::Known,
        ),
    }
}

/// A count above zero, written as a number or, by shell code, as a string of digits.
fn number(value: &Value) -> Option<u64> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known<T>(value: T) -> Reading<T> {
        Reading::Known(value)
    }

    fn malformed<T>(key: &str) -> Reading<T> {
        Reading::Unknown(Unread::Malformed(format!("`{key}` in the registry")))
    }

    #[test]
    fn reads_entries_of_every_release() {
        let full = r#"{"name":"web","directory":"/vms/web","hostname":"web","username":"u",
            "disk_size":"60G","memory_mb":16384,"vcpus":12,"os_version":"ubuntu-noble",
            "architecture":"x86_64","mac_address":"52:54:00:4b:5e:57","instance_id":"iid-web-1759"}"#;
        let old = r#"{"name":"old","directory":null,"hostname":"null","username":"","disk_size":"20G",
            "status":"running","pid":17,"ip_address":"192.168.1.7","mac_address":""}"#;
        let odd = r#"{"hostname":"\u001b[2J","username":"-o","memory_mb":"2048","vcpus":0,
            "mac_address":"ff:ff:ff:ff:ff:ff","disk_size":60,"architecture":["x"]}"#;
        let text = format!(
            r#"{{"vms":{{"web":{full},"old":{old},"odd":{odd},"list":[1],"../up":{{}}}},"version":"1.0"}}"#
        );
        let entries = parse(text.as_bytes()).unwrap();
        let expected = Entry {
            directory: known("/vms/web".into()),
            hostname: known("web".to_owned()),
            username: known("u".to_owned()),
            mac: known("52:54:00:4b:5e:57".parse().unwrap()),
            instance: known("iid-web-1759".to_owned()),
            memory_mb: known(16384),
            vcpus: known(12),
            disk_size: known("60G".to_owned()),
            os_version: known("ubuntu-noble".to_owned()),
            architecture: known("x86_64".to_owned()),
        };
        assert_eq!(entries["web"], Some(expected));
        let expected = Entry { disk_size: known("20G".to_owned()), ..Entry::empty() };
        assert_eq!(entries["old"], Some(expected));
        let expected = Entry {
            hostname: malformed("hostname"),
            username: malformed("username"),
            memory_mb: known(2048),
            vcpus: malformed("vcpus"),
            mac: malformed("mac_address"),
            disk_size: malformed("disk_size"),
            architecture: malformed("architecture"),
            ..Entry::empty()
        };
        assert_eq!(entries["odd"], Some(expected));
        assert_eq!(entries["list"], None);
        assert_eq!(entries["../up"], Some(Entry::empty()), "the caller judges names");
    }

    #[test]
    fn names_the_place_of_an_error_and_not_the_content() {
        let deep = format!(r#"{{"vms":{}"#, "[".repeat(100_000));
        let table: &[(&[u8], &str)] = &[
            (b"", "ends in the middle of its JSON"),
            (br#"{"vms":{"web":"#, "ends in the middle of its JSON"),
            (br#"{"vms":"secret"}"#, "has no object `vms`"),
            (br#"{"version":"1.0"}"#, "has no object `vms`"),
            (b"[]", "has no object `vms`"),
            (b"{\"vms\":\xff}", "is not JSON at line 1, column 8"),
            (deep.as_bytes(), "has no object `vms`"),
        ];
        for (bytes, expected) in table {
            assert_eq!(parse(bytes), Err((*expected).to_owned()));
        }
    }
}
