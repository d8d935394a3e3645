//! What was asked and answered, as `dns.json` in a snapshot holds it.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Cx, Error, ErrorCode, Result};

/// Name of the artefact.
const ARTEFACT: &str = "dns.json";
/// Most bytes of it that are read: tens of thousands of questions.
const LIMIT: u64 = 16 << 20;

/// Source of a record that a resolver of the system gave.
pub(crate) const SYSTEM: &str = "system";
/// Source of a record that came by mDNS.
pub(crate) const MULTICAST: &str = "mdns";

/// One name at one source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Record {
    pub(crate) name: String,
    /// [`SYSTEM`], [`MULTICAST`] or the address of a server.
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) answers: Vec<Answer>,
    /// Why there is no answer, where that is not for want of the name.
    #[serde(default)]
    pub(crate) error: Option<String>,
}

/// One address of a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Answer {
    pub(crate) ip: IpAddr,
    /// How long it may be kept, in seconds.
    #[serde(default)]
    pub(crate) ttl_s: Option<u32>,
}

/// Writes what was seen, where the run is recorded.
pub(crate) fn record(records: Vec<Record>, cx: &Cx<'_>) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let Some(mut file) = cx.recording(ARTEFACT)? else { return Ok(()) };
    // Text and numbers always have a form in JSON.
    let text = serde_json::to_string_pretty(&joined(records)).unwrap_or_default();
    file.write_all(text.as_bytes())
        .map_err(|error| Error::io(&format!("record {ARTEFACT}"), &error))
}

/// One record for each name at each source, of the answers of both families.
fn joined(records: Vec<Record>) -> Vec<Record> {
    let mut joined: BTreeMap<(String, String), Record> = BTreeMap::new();
    for record in records {
        let key = (record.name.clone(), record.source.clone());
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

/// The records of the snapshot; none where it has no such artefact.
pub(crate) fn replay(cx: &Cx<'_>) -> Result<Vec<Record>> {
    let Some(file) = cx.artefact(ARTEFACT)? else { return Ok(Vec::new()) };
    let mut text = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut text)
        .map_err(|error| Error::io(&format!("read {ARTEFACT}"), &error))?;
    parse(&text)
}

/// Entries of a form that this version does not know are passed over.
fn parse(text: &[u8]) -> Result<Vec<Record>> {
    let malformed = |why: String| Error::new(ErrorCode::Other, format!("{ARTEFACT}: {why}"));
    if text.len() as u64 > LIMIT {
        return Err(malformed(format!("more than {LIMIT} bytes")));
    }
    let entries: Vec<serde_json::Value> =
        serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_joins_the_answers_of_both_families() {
        let record = |name: &str, ip: Option<&str>, error: Option<&str>| Record {
            name: name.into(),
            source: SYSTEM.into(),
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
        assert_eq!(parse(text.as_bytes()).unwrap(), records);
    }

    #[test]
    fn entries_that_are_not_understood_are_passed_over() {
        let text = br#"[1, {"name":"web"}, {"name":"web","source":"mdns","answers":[{"ip":"x"}]},
            {"name":"db","source":"mdns","answers":[{"ip":"10.0.0.1"}]}]"#;
        assert_eq!(parse(text).unwrap().len(), 1);
        assert!(parse(b"{}").unwrap_err().message.starts_with("dns.json: "));
    }
}
