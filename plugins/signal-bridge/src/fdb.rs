//! The forwarding databases of Linux's bridges, in the form of `bridge -j -s fdb show`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vmkit_plugin::{Mac, Result, parse_list};

use crate::table::{Fact, MOST_FACTS, Table, What, is_interface};

/// One entry. Fields that this signal does not need are left out.
#[derive(Debug, Deserialize, Serialize)]
struct Row {
    mac: String,
    ifname: String,
    /// The bridge; without it the entry is a filter of the interface's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    master: Option<String>,
    /// `permanent` for the port's own address, `static` for one entered by hand, empty for one that
    /// was learned.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    state: String,
    /// Seconds since the last frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated: Option<u64>,
}

/// The MACs that bridges learned or were told. `name` is for messages.
///
/// # Errors
/// The text is no JSON list.
pub(crate) fn parse(name: &str, text: &[u8]) -> Result<Table> {
    let rows: Vec<Row> = parse_list(name, text)?;
    let facts = rows.into_iter().filter_map(Row::into_fact).take(MOST_FACTS).collect();
    Ok(Table { facts, without_macs: Vec::new() })
}

impl Row {
    fn into_fact(self) -> Option<Fact> {
        let bridge = self.master.filter(|bridge| is_interface(bridge))?;
        let mac: Mac = self.mac.parse().ok()?;
        let usable = !mac.is_zero() && !mac.is_multicast() && is_interface(&self.ifname);
        let age = self.updated.map(Duration::from_secs);
        (usable && self.state != "permanent").then_some(Fact {
            mac,
            port: self.ifname,
            bridge,
            age,
            what: What::Seen,
        })
    }
}

/// The text of these facts, for a snapshot.
#[cfg(any(target_os = "linux", test))]
pub(crate) fn to_json(facts: &[Fact]) -> String {
    let rows: Vec<Row> = facts
        .iter()
        .map(|fact| Row {
            mac: fact.mac.to_string(),
            ifname: fact.port.clone(),
            master: Some(fact.bridge.clone()),
            state: String::new(),
            updated: fact.age.map(|age| age.as_secs()),
        })
        .collect();
    serde_json::to_string_pretty(&rows).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[
        {"mac":"52:54:00:00:00:01","ifname":"tap0","flags":[],"used":12,"updated":3,"master":"br0","state":""},
        {"mac":"52:54:00:00:00:02","ifname":"tap1","flags":[],"master":"br0","state":"static"},
        {"mac":"fe:54:00:00:00:01","ifname":"tap0","flags":[],"master":"br0","state":"permanent"},
        {"mac":"33:33:00:00:00:01","ifname":"eth0","flags":["self"],"state":"permanent"},
        {"mac":"52:54:00:00:00:03","ifname":"eth0","flags":["self"]},
        {"mac":"ff:ff:ff:ff:ff:ff","ifname":"tap0","master":"br0"},
        {"mac":7,"ifname":"tap0","master":"br0"},
        {"mac":"52:54:00:00:00:04","ifname":"tap\u001b","master":"br0"},
        "words"]"#;

    #[test]
    fn reads_what_bridges_learned() {
        let table = parse("fdb", TEXT.as_bytes()).unwrap();
        let facts: Vec<_> = table
            .facts
            .iter()
            .map(|fact| (fact.mac.to_string(), fact.port.as_str(), fact.bridge.as_str(), fact.age))
            .collect();
        let expected = [
            ("52:54:00:00:00:01".to_owned(), "tap0", "br0", Some(Duration::from_secs(3))),
            ("52:54:00:00:00:02".to_owned(), "tap1", "br0", None),
        ];
        assert_eq!(facts, expected);
    }

    #[test]
    fn facts_survive_a_snapshot() {
        let table = parse("fdb", TEXT.as_bytes()).unwrap();
        assert_eq!(parse("fdb", to_json(&table.facts).as_bytes()).unwrap(), table);
        let fault = parse("fdb", b"[\n{").unwrap_err();
        assert!(fault.message.starts_with("fdb: "), "{fault}");
    }
}
