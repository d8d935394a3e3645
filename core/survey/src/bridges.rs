//! Bridges and their ports from the JSON of `ip -details link` and of `bridge -details link`.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use vmkit_types::{Reading, Unread, bounded};

use crate::{Bridge, LONGEST_TEXT, Port, PortState};

/// Most interfaces that are read.
const MOST_INTERFACES: usize = 10_000;
/// Longest interface name; Linux allows 15 characters.
const LONGEST_NAME: usize = 64;

/// The bridges in a document, sorted by name. Both tools write a list of interfaces. The form
/// `{"bridges": [{"name", "stp", "forward_delay_ms", "ports": [{"name", "state", "isolated"}]}]}`
/// is also accepted.
pub fn bridges(text: &[u8]) -> Reading<Vec<Bridge>> {
    let malformed = |what: &str| Reading::Unknown(Unread::Malformed(format!("bridges: {what}")));
    if text.len() > LONGEST_TEXT {
        return malformed("the document is too long");
    }
    let document: Value = match serde_json::from_slice(text) {
        Ok(document) => document,
        Err(error) => return malformed(&error.to_string()),
    };
    let mut found: BTreeMap<String, Bridge> = BTreeMap::new();
    match (&document, document.get("bridges")) {
        (_, Some(Value::Array(bridges))) => {
            for bridge in bridges.iter().take(MOST_INTERFACES) {
                plain(bridge, &mut found);
            }
        }
        (Value::Array(interfaces), _) => {
            for interface in interfaces.iter().take(MOST_INTERFACES) {
                interface_of_a_tool(interface, &mut found);
            }
        }
        _ => return malformed("neither a list nor `bridges`"),
    }
    Reading::Known(found.into_values().collect())
}

fn empty(name: &str) -> Bridge {
    Bridge {
        name: name.to_owned(),
        spanning_tree: Reading::Unknown(Unread::NotTried),
        forward_delay: Reading::Unknown(Unread::NotTried),
        vlan_filtering: Reading::Unknown(Unread::NotTried),
        ports: Vec::new(),
    }
}

fn plain(value: &Value, found: &mut BTreeMap<String, Bridge>) {
    let Some(name) = name(value, "name") else { return };
    let bridge = found.entry(name.clone()).or_insert_with(|| empty(&name));
    bridge.spanning_tree = flag(value.get("stp"));
    bridge.vlan_filtering = flag(value.get("vlan_filtering"));
    if let Some(delay) = value.get("forward_delay_ms").and_then(Value::as_u64) {
        bridge.forward_delay = Reading::Known(Duration::from_millis(delay));
    }
    let ports = value.get("ports").and_then(Value::as_array);
    for port in ports.into_iter().flatten().take(MOST_INTERFACES) {
        let Some(name) = self::name(port, "name") else { continue };
        bridge.ports.push(Port {
            name,
            state: state(port.get("state")),
            isolated: flag(port.get("isolated")),
            carrier: flag(port.get("carrier")),
        });
    }
}

/// One interface of `ip -j -d link` or `bridge -j -d link`. The first value of each field counts.
fn interface_of_a_tool(value: &Value, found: &mut BTreeMap<String, Bridge>) {
    let Some(name) = name(value, "ifname") else { return };
    let info = value.get("linkinfo");
    let of = |key: &str, wanted: &str| {
        info.and_then(|info| info.get(key)).and_then(Value::as_str) == Some(wanted)
    };
    if of("info_kind", "bridge") {
        let data = info.and_then(|info| info.get("info_data"));
        let bridge = found.entry(name.clone()).or_insert_with(|| empty(&name));
        bridge.spanning_tree = flag(data.and_then(|data| data.get("stp_state")));
        bridge.vlan_filtering = flag(data.and_then(|data| data.get("vlan_filtering")));
        // The kernel reports hundredths of a second.
        let delay = data.and_then(|data| data.get("forward_delay")).and_then(Value::as_u64);
        if let Some(delay) = delay {
            bridge.forward_delay = Reading::Known(Duration::from_millis(delay.saturating_mul(10)));
        }
    }
    let Some(master) = self::name(value, "master") else { return };
    let slave = info.and_then(|info| info.get("info_slave_data"));
    let detail = |key: &str| slave.and_then(|slave| slave.get(key)).or_else(|| value.get(key));
    // Members of a bond or a VRF also have a master.
    if !of("info_slave_kind", "bridge") && value.get("state").is_none() {
        return;
    }
    let port = Port {
        name,
        state: state(detail("state")),
        isolated: flag(detail("isolated")),
        carrier: carrier(value.get("flags")),
    };
    let bridge = found.entry(master.clone()).or_insert_with(|| empty(&master));
    if bridge.ports.iter().all(|other| other.name != port.name) {
        bridge.ports.push(port);
    }
}

fn name(value: &Value, key: &str) -> Option<String> {
    let name = value.get(key)?.as_str()?;
    (!name.is_empty()).then(|| bounded(name, LONGEST_NAME).to_owned())
}

fn flag(value: Option<&Value>) -> Reading<bool> {
    match value {
        Some(Value::Bool(set)) => Reading::Known(*set),
        Some(Value::Number(number)) if number.as_u64().is_some_and(|n| n < 2) => {
            Reading::Known(number.as_u64() == Some(1))
        }
        Some(Value::String(word)) if word == "on" || word == "off" => Reading::Known(word == "on"),
        _ => Reading::Unknown(Unread::NotTried),
    }
}

fn state(value: Option<&Value>) -> Reading<PortState> {
    let word = value.and_then(Value::as_str).unwrap_or_default();
    Reading::Known(match word.to_ascii_lowercase().as_str() {
        "disabled" => PortState::Disabled,
        "listening" => PortState::Listening,
        "learning" => PortState::Learning,
        "forwarding" => PortState::Forwarding,
        "blocking" => PortState::Blocking,
        _ => return Reading::Unknown(Unread::NotTried),
    })
}

fn carrier(flags: Option<&Value>) -> Reading<bool> {
    match flags.and_then(Value::as_array) {
        Some(flags) => {
            let has = |word: &str| flags.iter().any(|flag| flag.as_str() == Some(word));
            Reading::Known(has("LOWER_UP") && !has("NO-CARRIER"))
        }
        None => Reading::Unknown(Unread::NotTried),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ip -j -d link` of iproute2 6.15, shortened to the fields that are read.
    const IP: &str = r#"[
      {"ifname":"br0","flags":["BROADCAST","UP","LOWER_UP"],"linkinfo":{"info_kind":"bridge",
        "info_data":{"forward_delay":1500,"stp_state":1,"vlan_filtering":0}}},
      {"ifname":"tap0","master":"br0","flags":["BROADCAST","UP","LOWER_UP"],
        "linkinfo":{"info_kind":"tun","info_slave_kind":"bridge",
        "info_slave_data":{"state":"learning","isolated":false}}},
      {"ifname":"eth9","master":"bond0","flags":["UP"],"linkinfo":{"info_slave_kind":"bond"}},{}]"#;
    /// `bridge -j -d link`.
    const BRIDGE: &str = r#"[{"ifindex":3,"ifname":"tap0","flags":["UP","NO-CARRIER"],"master":"br0",
      "state":"disabled","priority":32,"isolated":true}]"#;

    #[test]
    fn reads_bridges_and_ports_of_both_tools() {
        let Reading::Known(read) = bridges(IP.as_bytes()) else { panic!("not read") };
        let [bridge] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!((bridge.name.as_str(), &bridge.spanning_tree), ("br0", &Reading::Known(true)));
        assert_eq!(bridge.forward_delay, Reading::Known(Duration::from_secs(15)));
        assert_eq!(bridge.vlan_filtering, Reading::Known(false));
        assert_eq!(bridge.ports.len(), 1);
        assert_eq!(bridge.ports[0].state, Reading::Known(PortState::Learning));
        assert_eq!(bridge.ports[0].carrier, Reading::Known(true));

        let Reading::Known(read) = bridges(BRIDGE.as_bytes()) else { panic!("not read") };
        assert_eq!(read[0].spanning_tree, Reading::Unknown(Unread::NotTried));
        let port = &read[0].ports[0];
        assert_eq!(port.state, Reading::Known(PortState::Disabled));
        assert_eq!(
            (&port.isolated, &port.carrier),
            (&Reading::Known(true), &Reading::Known(false))
        );
    }

    #[test]
    fn other_documents_are_unknown() {
        for text in ["", "{}", "3", "[", "bridge name bridge id"] {
            assert!(matches!(bridges(text.as_bytes()), Reading::Unknown(_)), "{text}");
        }
        assert_eq!(bridges(b"[]"), Reading::Known(Vec::new()));
    }
}
