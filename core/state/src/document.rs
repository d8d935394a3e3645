//! `host-keys.json`.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::host_keys::{Entry, HostKeys, Identity, Sight};

/// The format that is read and written.
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
    /// RFC 3339, as the next one.
    first_seen: String,
    last_seen: String,
}

/// Why the memory could not be understood. It is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum InvalidState {
    /// Not JSON of this form.
    #[error("it is not a file of host keys")]
    Malformed(#[source] serde_json::Error),
    /// Another version wrote it; its schema.
    #[error("it has the format {0:?}, and this version of vmkit knows {SCHEMA:?}")]
    OtherSchema(String),
}

impl HostKeys {
    /// Reads the text of the file. Entries that cannot be understood are forgotten.
    ///
    /// # Errors
    /// It is no such file, or one of another version.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidState> {
        let document: Document = serde_json::from_slice(text).map_err(InvalidState::Malformed)?;
        if document.schema != SCHEMA {
            return Err(InvalidState::OtherSchema(document.schema));
        }
        let machines = document.machines.into_iter();
        let machines = machines.filter_map(|machine| serde_json::from_value(machine).ok());
        Ok(Self { entries: machines.filter_map(Machine::into_entry).collect() })
    }

    /// The text of the file.
    pub fn to_text(&self) -> Vec<u8> {
        let machine = |entry| serde_json::to_value(Machine::of(entry)).unwrap_or_default();
        let machines = self.entries.iter().map(machine).collect();
        let document = Document { schema: SCHEMA.to_owned(), machines };
        // Text and lists always have a form in JSON.
        serde_json::to_vec_pretty(&document).unwrap_or_default()
    }
}

impl Machine {
    fn into_entry(self) -> Option<Entry> {
        let Self { name, manager, directory, mac, instance, keys, tried } = self;
        let (directory, mac) = (directory.into(), mac.parse().ok()?);
        let identity = Identity { name, manager, directory, mac, instance };
        let keys = keys.into_iter().filter_map(Key::into_sight).collect();
        Some(Entry { identity, keys, tried: tried.and_then(|tried| time(&tried)) })
    }

    fn of(entry: &Entry) -> Self {
        let identity = entry.identity.clone();
        let key = |sight: &Sight| Key {
            public: sight.key.to_string(),
            first_seen: text(sight.first_seen),
            last_seen: text(sight.last_seen),
        };
        Self {
            name: identity.name,
            manager: identity.manager,
            directory: identity.directory.to_string_lossy().into_owned(),
            mac: identity.mac.to_string(),
            instance: identity.instance,
            keys: entry.keys.iter().map(key).collect(),
            tried: entry.tried.map(text),
        }
    }
}

impl Key {
    fn into_sight(self) -> Option<Sight> {
        let (key, first_seen) = (self.public.parse().ok()?, time(&self.first_seen)?);
        Some(Sight { key, first_seen, last_seen: time(&self.last_seen)? })
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
    fn what_is_remembered_survives_its_file() {
        let machine = Identity {
            name: "web".to_owned(),
            manager: "vm-toolkit".to_owned(),
            directory: "/vms/web".into(),
            mac: "52:54:00:4b:5e:57".parse().unwrap(),
            instance: Some("iid-web-1759".to_owned()),
        };
        let mut keys = HostKeys::default();
        keys.see(&machine, &"ssh-ed25519 AAAA".parse().unwrap(), SystemTime::UNIX_EPOCH);
        keys.miss(&machine, SystemTime::UNIX_EPOCH);
        assert_eq!(HostKeys::parse(&keys.to_text()).unwrap(), keys);
    }

    #[test]
    fn what_cannot_be_understood_is_told_or_forgotten() {
        let rows: [(&str, &str); 5] = [
            ("", "it is not a file of host keys"),
            (r#"{"schema":"vmkit.host-keys/1"}"#, "it is not a file of host keys"),
            (
                r#"{"schema":"vmkit.host-keys/2","machines":[]}"#,
                "it has the format \"vmkit.host-keys/2\", and this version of vmkit knows \
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
