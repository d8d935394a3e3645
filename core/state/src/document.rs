//! Reads and writes `host-keys.json`.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::host_keys::{HostKeys, Identity, KnownMachine, SeenKey};

/// The schema of the file.
const SCHEMA: &str = "vmkit.host-keys/1";

#[derive(Deserialize, Serialize)]
struct Document {
    schema: String,
    machines: Vec<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
struct Machine {
    name: String,
    manager: String,
    directory: String,
    mac: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    keys: Vec<Key>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Key {
    #[serde(rename = "key")]
    public: String,
    /// RFC 3339, like `last_seen`.
    first_seen: String,
    last_seen: String,
}

/// Why the file is not valid. It is not changed.
#[derive(Debug, thiserror::Error)]
pub enum InvalidState {
    /// Not JSON of this form.
    #[error("not a file of this kind")]
    Malformed(#[source] serde_json::Error),
    /// The schema of another version.
    #[error("its schema is {found:?}; this version of vmkit reads {known:?}")]
    OtherSchema {
        /// The schema of the file.
        found: String,
        /// The schema that is read.
        known: &'static str,
    },
}

impl HostKeys {
    /// Parses the file. Invalid entries are dropped.
    ///
    /// # Errors
    /// The file is malformed or of another version.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidState> {
        let document: Document = serde_json::from_slice(text).map_err(InvalidState::Malformed)?;
        if document.schema != SCHEMA {
            return Err(InvalidState::OtherSchema { found: document.schema, known: SCHEMA });
        }
        let machines = document.machines.into_iter();
        let machines = machines.filter_map(|machine| serde_json::from_value(machine).ok());
        Ok(Self { entries: machines.filter_map(Machine::into_known).collect() })
    }

    /// The text of the file.
    pub fn to_text(&self) -> Vec<u8> {
        let machine = |entry| serde_json::to_value(Machine::of(entry)).unwrap_or_default();
        let machines = self.entries.iter().map(machine).collect();
        let document = Document { schema: SCHEMA.to_owned(), machines };
        // Strings and lists always serialise.
        serde_json::to_vec_pretty(&document).unwrap_or_default()
    }
}

impl Machine {
    fn into_known(self) -> Option<KnownMachine> {
        let Self { name, manager, directory, mac, instance, keys, tried } = self;
        let (directory, mac) = (directory.into(), mac.parse().ok()?);
        let identity = Identity { name, manager, directory, mac, instance };
        let keys = keys.into_iter().filter_map(Key::into_seen_key).collect();
        Some(KnownMachine { identity, keys, missing_at: tried.and_then(|tried| time(&tried)) })
    }

    fn of(entry: &KnownMachine) -> Self {
        let identity = entry.identity.clone();
        let key = |seen: &SeenKey| Key {
            public: seen.key.to_string(),
            first_seen: text(seen.first_seen),
            last_seen: text(seen.last_seen),
        };
        Self {
            name: identity.name,
            manager: identity.manager,
            directory: identity.directory.to_string_lossy().into_owned(),
            mac: identity.mac.to_string(),
            instance: identity.instance,
            keys: entry.keys.iter().map(key).collect(),
            tried: entry.missing_at.map(text),
        }
    }
}

impl Key {
    fn into_seen_key(self) -> Option<SeenKey> {
        let (key, first_seen) = (self.public.parse().ok()?, time(&self.first_seen)?);
        Some(SeenKey { key, first_seen, last_seen: time(&self.last_seen)? })
    }
}

fn text(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| String::new(), |time| time.to_string())
}

fn time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote() {
        let machine = Identity {
            name: "web".to_owned(),
            manager: "vm-toolkit".to_owned(),
            directory: "/vms/web".into(),
            mac: "52:54:00:4b:5e:57".parse().unwrap(),
            instance: Some("iid-web-1759".to_owned()),
        };
        let mut keys = HostKeys::default();
        keys.record_seen(&machine, &"ssh-ed25519 AAAA".parse().unwrap(), SystemTime::UNIX_EPOCH);
        keys.record_missing(&machine, SystemTime::UNIX_EPOCH);
        assert_eq!(HostKeys::parse(&keys.to_text()).unwrap(), keys);
    }

    #[test]
    fn rejects_invalid_files_and_drops_invalid_entries() {
        let rows: [(&str, &str); 5] = [
            ("", "not a file of this kind"),
            (r#"{"schema":"vmkit.host-keys/1"}"#, "not a file of this kind"),
            (
                r#"{"schema":"vmkit.host-keys/2","machines":[]}"#,
                "its schema is \"vmkit.host-keys/2\"; this version of vmkit reads \
                 \"vmkit.host-keys/1\"",
            ),
            (r#"{"schema":"vmkit.host-keys/1","machines":[]}"#, "0"),
            (
                r#"{"schema":"vmkit.host-keys/1","machines":[7,{"name":"x"},
                {"name":"a","manager":"m","directory":"/a","mac":"zz","keys":[]},
                {"name":"b","manager":"m","directory":"/b","mac":"52:54:00:00:00:01","keys":[
                {"key":"","first_seen":"2026-11-24T06:00:00Z","last_seen":"2026-11-24T06:00:00Z"},
                {"key":"a b","first_seen":"then","last_seen":"now"}]}]}"#,
                "1",
            ),
        ];
        for (text, expected) in rows {
            let read = match HostKeys::parse(text.as_bytes()) {
                Ok(keys) => keys.entries.len().to_string(),
                Err(error) => error.to_string(),
            };
            assert_eq!(read, expected, "{text}");
        }
    }
}
