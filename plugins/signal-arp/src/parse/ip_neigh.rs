//! The output of iproute2's `ip neigh`, as text and with `-j`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vmkit_plugin::Mac;

use crate::table::{Entry, State, is_interface, last_heard};

/// One entry of `ip -j -s neigh`. Without `-s` it has no times.
#[derive(Deserialize, Serialize)]
struct Row {
    dst: String,
    dev: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lladdr: Option<String>,
    /// Seconds since the neighbour was last confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<u64>,
    /// Seconds since its entry last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<u64>,
    #[serde(default)]
    state: Vec<String>,
}

impl Row {
    /// The entry; `None` for states that say nothing.
    fn into_entry(self) -> Option<Entry> {
        let state = self.state.iter().find_map(|word| state(word))?;
        let mac = self.lladdr.and_then(|mac| mac.parse::<Mac>().ok());
        let mac = mac.filter(|mac| !mac.is_zero() && state != State::Failed);
        (mac.is_some() || state == State::Failed).then_some(())?;
        Some(Entry {
            address: self.dst.parse().ok()?,
            mac,
            state,
            age: self.confirmed.filter(|_| state != State::Failed).map(|confirmed| {
                let updated = self.updated.map(Duration::from_secs);
                last_heard(state, Duration::from_secs(confirmed), updated)
            }),
            interface: self.dev.filter(|name| is_interface(name)),
        })
    }
}

fn state(word: &str) -> Option<State> {
    let states = [
        State::Reachable,
        State::Stale,
        State::Delay,
        State::Probe,
        State::Permanent,
        State::NoArp,
        State::Cached,
        State::Failed,
    ];
    states.into_iter().find(|state| state.word() == word)
}

/// The entries of `ip -j neigh`.
pub(crate) fn json(text: &str) -> Result<Vec<Entry>, String> {
    // Some releases print nothing for an empty table.
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(rows.into_iter().filter_map(Row::into_entry).collect())
}

/// The entries as `ip -j -s neigh` prints them. An entry of unknown age has a state of its own.
pub(crate) fn to_json(entries: &[Entry]) -> String {
    let row = |entry: &Entry| Row {
        dst: entry.address.to_string(),
        dev: entry.interface.clone(),
        lladdr: entry.mac.map(|mac| mac.to_string()),
        confirmed: entry.age.map(|age| age.as_secs()),
        updated: None,
        state: vec![entry.state.word().to_owned()],
    };
    let rows: Vec<Row> = entries.iter().map(row).collect();
    // Rows of text and numbers always have a form in JSON.
    serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n"
}

/// The entry on a line of `ip neigh`, `ip -6 neigh` or, with its times, `ip -s neigh`:
/// `192.168.1.64 dev br0 lladdr 52:54:00:4b:5e:57 [router] [used 1/2/3] [probes 1] STALE`
pub(super) fn entry(line: &str) -> Option<Entry> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let after = |label: &str| {
        let at = words.iter().position(|word| *word == label)?;
        words.get(at + 1).map(|word| (*word).to_owned())
    };
    // `used/confirmed/updated`
    let time = |index| after("used").and_then(|times| times.split('/').nth(index)?.parse().ok());
    let row = Row {
        dst: (*words.first()?).to_owned(),
        dev: after("dev"),
        lladdr: after("lladdr"),
        confirmed: time(1),
        updated: time(2),
        state: vec![(*words.last()?).to_owned()],
    };
    row.into_entry()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(entry: &Entry) -> String {
        let Entry { address, mac, state, age, interface } = entry;
        let (state, interface) = (state.word(), interface.as_deref().unwrap_or("-"));
        let mac = mac.map_or_else(|| "-".to_owned(), |mac| mac.to_string());
        let age = age.map_or_else(|| "-".to_owned(), |age| age.as_secs().to_string());
        format!("{address} {mac} {state} {age} {interface}")
    }

    #[test]
    fn json_survives_parsing_and_writing() {
        let text = r#"[{"dst":"192.168.1.64","dev":"br0","lladdr":"52:54:00:4b:5e:57","refcnt":1,
            "used":9,"confirmed":4,"updated":9,"probes":1,"state":["REACHABLE"]},
            {"dst":"192.168.1.65","dev":"br0","lladdr":"52:54:0:4b:5e:58","state":["STALE"]},
            {"dst":"192.168.1.66","dev":"br0","state":["FAILED"]},
            {"dst":"192.168.1.67","dev":"br0","state":["INCOMPLETE"]},
            {"dst":"192.168.1.68","dev":"br0","lladdr":"00:00:00:00:00:00","state":["NOARP"]},
            {"dst":"fe80::1","dev":"br0","lladdr":"52:54:00:4b:5e:57","router":null,"state":["STALE"]}]"#;
        let expected = [
            "192.168.1.64 52:54:00:4b:5e:57 REACHABLE 4 br0",
            "192.168.1.65 52:54:00:4b:5e:58 STALE - br0",
            "192.168.1.66 - FAILED - br0",
            "fe80::1 52:54:00:4b:5e:57 STALE - br0",
        ];
        let entries = json(text).unwrap();
        assert_eq!(entries.iter().map(summary).collect::<Vec<_>>(), expected);
        assert_eq!(json(&to_json(&entries)), Ok(entries));
        assert_eq!(json("\n"), Ok(Vec::new()));
        assert!(json("{").is_err());
    }

    #[test]
    fn reads_lines_of_text() {
        let rows = [
            (
                "192.168.1.64 dev br0 lladdr 52:54:00:4b:5e:57 STALE ",
                Some("192.168.1.64 52:54:00:4b:5e:57 STALE - br0"),
            ),
            (
                "192.168.1.1 dev en lladdr 52:54:00:4b:5e:57 router ref 1 used 9/4/7 probes 1 DELAY",
                Some("192.168.1.1 52:54:00:4b:5e:57 DELAY 4 en"),
            ),
            ("192.168.1.66 dev br0  FAILED", Some("192.168.1.66 - FAILED - br0")),
            ("192.168.1.67 dev br0  INCOMPLETE", None),
            (
                "fe80::1 dev br0 lladdr 52:54:00:4b:5e:57 router STALE",
                Some("fe80::1 52:54:00:4b:5e:57 STALE - br0"),
            ),
            ("2001:db8::66 dev br0 FAILED", Some("2001:db8::66 - FAILED - br0")),
            ("192.168.1.68 dev br0 lladdr", None),
            ("", None),
        ];
        for (line, expected) in rows {
            assert_eq!(entry(line).as_ref().map(summary).as_deref(), expected, "{line}");
        }
    }
}
