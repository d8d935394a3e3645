//! DNS questions and answers, as `dns.json` in a snapshot holds them.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Result};

/// Name of the artefact.
const ARTEFACT: &str = "dns.json";

/// The source of what the system's resolvers answer.
pub(crate) const SYSTEM: &str = "system";
/// The source of what mDNS responders answer.
pub(crate) const MULTICAST: &str = "mdns";

/// What one source answers for one name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) name: String,
    /// [`SYSTEM`], [`MULTICAST`] or the address of a server.
    pub(crate) source: String,
    /// Name of the interface that the answer came by, where the question was bound to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) interface: Option<String>,
    #[serde(default)]
    pub(crate) answers: Vec<Answer>,
    /// Why there is no answer, unless the name does not exist.
    #[serde(default)]
    pub(crate) error: Option<String>,
}

/// One address of a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Answer {
    pub(crate) ip: IpAddr,
    /// Time to live in seconds.
    #[serde(default)]
    pub(crate) ttl_s: Option<u32>,
}

impl Record {
    /// What makes answers up together. Hosts that are asked by mDNS count as one.
    pub(crate) fn group(&self) -> (&str, Option<&str>) {
        let interface = self.interface.as_deref().filter(|_| self.source != MULTICAST);
        (&self.source, interface)
    }
}

/// Writes the records into the snapshot that is being recorded.
pub(crate) fn record(records: Vec<Record>, cx: &Cx<'_>) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    // Text and numbers always have a form in JSON.
    let text = serde_json::to_vec_pretty(&joined(records)).unwrap_or_default();
    cx.record(ARTEFACT, &text)
}

/// One record for each name, source and interface, with the answers of both address families.
fn joined(records: Vec<Record>) -> Vec<Record> {
    let mut joined: BTreeMap<(String, String, Option<String>), Record> = BTreeMap::new();
    for record in records {
        let key = (record.name.clone(), record.source.clone(), record.interface.clone());
        match joined.get_mut(&key) {
            None => drop(joined.insert(key, record)),
            Some(known) => {
                known.answers.extend(record.answers);
                known.error = known.error.take().or(record.error);
            }
        }
    }
    joined.into_values().collect()
}

/// The records of the snapshot; `None` where it has no such artefact.
pub(crate) fn replay(cx: &Cx<'_>) -> Result<Option<Vec<Record>>> {
    cx.read_list(ARTEFACT)
}

#[cfg(test)]
mod tests {
    use vmkit_plugin::parse_list;

    use super::*;

    #[test]
    fn joins_the_answers_of_both_families() {
        let record = |name: &str, ip: Option<&str>, error: Option<&str>| Record {
            name: name.into(),
            source: SYSTEM.into(),
            interface: None,
            answers: ip
                .map(|ip| Answer { ip: ip.parse().unwrap(), ttl_s: Some(60) })
                .into_iter()
                .collect(),
            error: error.map(Into::into),
        };
        let records = joined(vec![
            record("web", Some("10.0.0.1"), None),
            record("db", None, None),
            record("web", None, Some("no answer")),
        ]);
        let text = serde_json::to_string(&records).unwrap();
        let expected = r#"[{"name":"db","source":"system","answers":[],"error":null},{"name":"web","source":"system","answers":[{"ip":"10.0.0.1","ttl_s":60}],"error":"no answer"}]"#;
        assert_eq!(text, expected);
        assert_eq!(parse_list::<Record>(ARTEFACT, text.as_bytes()).unwrap(), records);
    }

    #[test]
    fn skips_entries_of_other_forms() {
        let text = br#"[1, {"name":"web"}, {"name":"web","source":"mdns","answers":[{"ip":"x"}]},
            {"name":"db","source":"mdns","answers":[{"ip":"10.0.0.1"}]}]"#;
        assert_eq!(parse_list::<Record>(ARTEFACT, text).unwrap().len(), 1);
        let error = parse_list::<Record>(ARTEFACT, b"{}").unwrap_err();
        assert!(error.message.starts_with("dns.json: "), "{error}");
    }
}
