//! The agent's reply to `guest-network-get-interfaces`.
//!
//! It lists every interface of the guest, also those of containers and VPNs. Only addresses on a card of the
//! machine are the machine's.

use std::net::IpAddr;

use serde_json::Value;
use vmkit_plugin::{Kind, Mac, Observation, Unread, attribute, bounded, escaped, is_host_address};

/// Most addresses of one machine that are reported: with IPv6, a card has a handful.
const ADDRESSES_LIMIT: usize = 16;

/// Longest interface name and error message that are shown, in bytes.
const TEXT_LIMIT: usize = 100;

/// The observations from this reply about machine `vm`, whose cards have these MACs.
pub(crate) fn observations(vm: usize, macs: &[Mac], reply: &[u8]) -> Vec<Observation> {
    match interfaces(reply) {
        Ok(interfaces) => interfaces
            .iter()
            .filter_map(|interface| Some((interface, card(interface, macs)?)))
            .flat_map(|(interface, mac)| of_interface(vm, interface, mac))
            .take(ADDRESSES_LIMIT)
            .collect(),
        Err(why) => vec![Observation::unread(vm, &why)],
    }
}

/// The interfaces in the reply, not yet parsed.
fn interfaces(reply: &[u8]) -> Result<Vec<Value>, Unread> {
    let malformed = |what: &str| Unread::Malformed(format!("the guest agent's reply: {what}"));
    let mut reply: Value =
        serde_json::from_slice(reply).map_err(|error| malformed(&error.to_string()))?;
    if let Some(error) = reply.get("error") {
        let text = error.get("desc").and_then(Value::as_str).unwrap_or("no reason");
        let text = escaped(bounded(text, TEXT_LIMIT));
        return Err(Unread::Failed(format!("the guest agent refuses: {text}")));
    }
    match reply.get_mut("return").map(Value::take) {
        Some(Value::Array(interfaces)) => Ok(interfaces),
        _ => Err(malformed("it has no list of interfaces")),
    }
}

/// The MAC of an interface, if it is one of the machine's.
fn card(interface: &Value, macs: &[Mac]) -> Option<Mac> {
    let mac: Mac = interface.get("hardware-address")?.as_str()?.parse().ok()?;
    (!mac.is_zero() && macs.contains(&mac)).then_some(mac)
}

fn of_interface(vm: usize, interface: &Value, mac: Mac) -> impl Iterator<Item = Observation> {
    let name = interface.get("name").and_then(Value::as_str).unwrap_or("an interface");
    let says = format!("the guest agent reports it on {}", escaped(bounded(name, TEXT_LIMIT)));
    let addresses = interface.get("ip-addresses").and_then(Value::as_array);
    addresses.into_iter().flatten().filter_map(move |entry| {
        let address: IpAddr = entry.get("ip-address")?.as_str()?.parse().ok()?;
        let fact = Observation::new(vm, Kind::from_code("agent-address"), says.as_str())
            .at(address)
            .on_mac(mac);
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = entry.get("prefix").and_then(Value::as_u64).filter(|it| *it <= longest);
        is_host_address(address).then(|| match prefix {
            Some(prefix) => fact.with(attribute::PREFIX, prefix.to_string()),
            None => fact,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac::new([0x52, 0x54, 0, 0x4b, 0x5e, 0x57]);
    const DOCKER_HOST: &[u8] = include_bytes!("../tests/data/docker-host.json");

    fn lines(reply: &[u8]) -> Vec<String> {
        let line = |seen: &Observation| {
            let address = seen.address.map_or_else(|| "-".to_owned(), |at| at.to_string());
            let prefix = seen.attribute(attribute::PREFIX).unwrap_or("-");
            format!("{} {address} /{prefix} {}", seen.kind.code(), seen.says)
        };
        observations(0, &[MAC], reply).iter().map(line).collect()
    }

    #[test]
    fn reports_only_addresses_on_the_machines_own_card() {
        let expected = [
            "agent-address 192.168.1.64 /24 the guest agent reports it on enp0s1",
            "agent-address 2001:db8::5054:ff:fe4b:5e57 /64 the guest agent reports it on enp0s1",
        ];
        assert_eq!(lines(DOCKER_HOST), expected);
    }

    #[test]
    fn reports_what_is_wrong_with_other_replies() {
        let card = |more: &str| {
            format!(r#"{{"return":[{{"hardware-address":"52:54:0:4B:5E:57"{more}}}]}}"#)
        };
        let addresses =
            |list: &str| card(&format!(r#","name":"a\u001b[2J","ip-addresses":[{list}]"#));
        let on = "the guest agent reports it on a\\x1b[2J";
        let rows = [
            (card(""), String::new()),
            (r#"{"return":[]}"#.to_owned(), String::new()),
            (r#"{"return":[7,null,{"name":"lo"}]}"#.to_owned(), String::new()),
            (addresses(r#"7,{},{"ip-address":5},{"ip-address":"fe80::1"}"#), String::new()),
            (addresses(r#"{"ip-address":"10.0.0.2"}"#), format!("agent-address 10.0.0.2 /- {on}")),
            (
                addresses(r#"{"ip-address":"10.0.0.2","prefix":33}"#),
                format!("agent-address 10.0.0.2 /- {on}"),
            ),
            (
                addresses(r#"{"ip-address":"169.254.9.9","prefix":16}"#),
                format!("agent-address 169.254.9.9 /16 {on}"),
            ),
            (
                r#"{"error":{"class":"CommandNotFound","desc":"disabled\u001b[2J"}}"#.to_owned(),
                "unread - /- the guest agent refuses: disabled\\x1b[2J".to_owned(),
            ),
            (
                r#"{"return":{}}"#.to_owned(),
                "unread - /- not understood: the guest agent's reply: it has no list of interfaces"
                    .to_owned(),
            ),
            (
                r#"{"return":["#.to_owned(),
                "unread - /- not understood: the guest agent's reply: EOF while parsing a list at \
                 line 1 column 11"
                    .to_owned(),
            ),
        ];
        for (reply, expected) in rows {
            assert_eq!(lines(reply.as_bytes()).join("|"), expected, "{reply}");
        }
    }

    #[test]
    fn reports_a_limited_number_of_addresses() {
        let entries = vec![r#"{"ip-address":"10.0.0.2"}"#; 1000].join(",");
        let reply = format!(
            r#"{{"return":[{{"hardware-address":"{MAC}","name":"a","ip-addresses":[{entries}]}}]}}"#
        );
        assert_eq!(lines(reply.as_bytes()).len(), ADDRESSES_LIMIT);
    }

    #[test]
    fn reads_two_thousand_broken_replies() {
        // George Marsaglia's xorshift64. Its fixed sequence makes failures reproducible.
        let mut state = 0x5eed_a6e7_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % limit.max(1) as u64).unwrap()
        };
        for _ in 0..2000 {
            let mut bytes = DOCKER_HOST.to_vec();
            for _ in 0..=below(8) {
                let at = below(bytes.len());
                match below(4) {
                    0 if at > 0 => bytes.truncate(at),
                    1 => bytes.insert(at, b"{}[]\",:\\\xff"[below(9)]),
                    2 => drop(bytes.drain(at..(at + below(40)).min(bytes.len()))),
                    _ => {
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte ^= 1 << below(8);
                        }
                    }
                }
            }
            assert!(observations(0, &[MAC], &bytes).len() <= ADDRESSES_LIMIT);
        }
    }

    #[test]
    fn reads_a_megabyte_of_anything_in_linear_time() {
        for pattern in ["[", "{\"return\":", "\"", "0,", " ", "\\"] {
            let reply = pattern.repeat((1 << 20) / pattern.len());
            // A quadratic reader would take minutes; a recursive one would end the process.
            assert!(lines(reply.as_bytes())[0].starts_with("unread"), "{pattern}");
        }
    }
}
