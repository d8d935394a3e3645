//! Kea: a JSON document with comments, `{"Dhcp4": {…}}`.

use std::net::Ipv4Addr;

use serde_json::Value;
use vmkit_leases::Format;
use vmkit_types::{Reading, Unread};

use crate::{
    Files,
    config::{Config, LeaseFiles},
};

/// Where it writes its leases if nothing says otherwise, and to which names of files are relative.
const FOLDER: &str = "/var/lib/kea";
const USUAL_LEASES: &str = "kea-leases4.csv";

/// The configuration of the server with this command line.
pub(crate) fn config(arguments: &[String], files: &dyn Files) -> Config {
    let mut config = Config::default();
    let place = arguments.iter().position(|word| word == "-c");
    let Some(path) = place.and_then(|place| arguments.get(place + 1)) else {
        config.cannot_read(Unread::Failed("its command line names no configuration".to_owned()));
        return config;
    };
    let text = match files.text(path) {
        Reading::Known(text) => text,
        Reading::Absent => {
            config.cannot_read(Unread::Failed(format!("{path} is gone")));
            return config;
        }
        Reading::Unknown(why) => {
            config.cannot_read(why);
            return config;
        }
    };
    match serde_json::from_str::<Value>(&plain(&text)) {
        Ok(document) => of_document(&document["Dhcp4"], &mut config),
        Err(error) => config.cannot_read(Unread::Malformed(format!("{path}: {error}"))),
    }
    config
}

fn of_document(server: &Value, config: &mut Config) {
    let interfaces = items(&server["interfaces-config"]["interfaces"]).filter_map(Value::as_str);
    for interface in interfaces.filter(|name| *name != "*") {
        // `eth0/192.0.2.1` is one address of the interface.
        let name = interface.split('/').next().unwrap_or_default();
        config.add_interface(name);
    }
    let networks = items(&server["shared-networks"]).flat_map(|it| items(&it["subnet4"]));
    for subnet in items(&server["subnet4"]).chain(networks) {
        for pool in items(&subnet["pools"]).filter_map(|pool| pool["pool"].as_str()) {
            match range(pool) {
                Some((first, last)) => config.add_range(first, last),
                None => config.cannot_read(Unread::Malformed(format!("the pool {pool:?} of Kea"))),
            }
        }
        reserve(&subnet["reservations"], config);
    }
    reserve(&server["reservations"], config);
    config.leases = leases(&server["lease-database"]);
    config.log = items(&server["loggers"])
        .flat_map(|logger| {
            // `output_options` before version 2.5.
            items(&logger["output-options"]).chain(items(&logger["output_options"]))
        })
        .filter_map(|options| options["output"].as_str())
        .find(|output| output.starts_with('/'))
        .map(str::to_owned);
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn reserve(reservations: &Value, config: &mut Config) {
    for each in items(reservations) {
        let address = each["ip-address"].as_str().and_then(|address| address.parse().ok());
        let mac = each["hw-address"].as_str().and_then(|mac| mac.parse().ok());
        if let Some(address) = address {
            config.reserve(mac, address);
        }
    }
}

/// `10.0.0.10 - 10.0.0.20` or `10.0.0.0/28`.
fn range(pool: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    if let Some((first, last)) = pool.split_once('-') {
        return Some((first.trim().parse().ok()?, last.trim().parse().ok()?));
    }
    let (network, length) = pool.split_once('/')?;
    let network: Ipv4Addr = network.trim().parse().ok()?;
    let length: u32 = length.trim().parse().ok().filter(|length| *length <= 32)?;
    let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
    let first = network.to_bits() & !hosts;
    Some((first.into(), (first | hosts).into()))
}

fn leases(database: &Value) -> Reading<LeaseFiles> {
    let failed = |why: &str| Reading::Unknown(Unread::Failed(why.to_owned()));
    match database["type"].as_str() {
        Some("memfile") | None => {}
        Some(_) => return failed("Kea keeps its leases in a database"),
    }
    if database["persist"] == Value::Bool(false) {
        return failed("Kea keeps its leases in its memory alone");
    }
    let name = database["name"].as_str().unwrap_or(USUAL_LEASES);
    let path = if name.starts_with('/') { name.to_owned() } else { format!("{FOLDER}/{name}") };
    // What the last clean-up left, what it works on, and what came since.
    let paths = vec![format!("{path}.2"), format!("{path}.1"), path];
    Reading::Known(LeaseFiles { format: Format::Kea, paths, made_at_start: true })
}

/// The document without what Kea allows beyond JSON: comments of three kinds, and a comma behind the last item.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut in_string = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if in_string => {
                out.push(letter);
                out.extend(letters.next());
            }
            '"' => {
                in_string = !in_string;
                out.push(letter);
            }
            '#' if !in_string => {
                letters.by_ref().find(|letter| *letter == '\n');
                out.push('\n');
            }
            '/' if !in_string && letters.peek() == Some(&'/') => {
                letters.by_ref().find(|letter| *letter == '\n');
                out.push('\n');
            }
            '/' if !in_string && letters.peek() == Some(&'*') => {
                letters.next();
                let mut before = ' ';
                for letter in letters.by_ref() {
                    if before == '*' && letter == '/' {
                        break;
                    }
                    before = letter;
                }
                out.push(' ');
            }
            ']' | '}' if !in_string => {
                let kept = out.trim_end();
                if kept.ends_with(',') {
                    out.truncate(kept.len() - 1);
                }
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_kea_becomes_one_of_json() {
        let rows = [
            (r#"{"a": 1} # note"#, r#"{"a":1}"#),
            ("{\"a\": [1, 2, ], // note\n}", r#"{"a":[1,2]}"#),
            (r#"{"a": /* [ */ "//#/*\"" }"#, r#"{"a":"//#/*\""}"#),
            ("/* a ** / */{}", "{}"),
        ];
        for (text, expected) in rows {
            let read: Value = serde_json::from_str(&plain(text)).unwrap();
            assert_eq!(read.to_string(), expected, "{text}");
        }
        for text in ["/*", "/", "\"\\", "#", "]"] {
            assert!(serde_json::from_str::<Value>(&plain(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pool_is_a_range_or_a_network() {
        let rows = [
            ("10.0.0.10 - 10.0.0.20", Some("10.0.0.10 10.0.0.20")),
            ("10.0.0.10-10.0.0.10", Some("10.0.0.10 10.0.0.10")),
            ("10.0.0.16/28", Some("10.0.0.16 10.0.0.31")),
            ("10.0.0.1/32", Some("10.0.0.1 10.0.0.1")),
            ("0.0.0.0/0", Some("0.0.0.0 255.255.255.255")),
            ("10.0.0.0/33", None),
            ("10.0.0.0", None),
            ("2001:db8::1-2001:db8::2", None),
        ];
        for (pool, expected) in rows {
            let found = range(pool).map(|(first, last)| format!("{first} {last}"));
            assert_eq!(found.as_deref(), expected, "{pool}");
        }
    }
}
