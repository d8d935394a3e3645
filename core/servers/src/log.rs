//! What servers write to their logs about the answers to their clients.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use vmkit_survey::Answer;
use vmkit_types::Mac;

/// Most clients whose answers are kept: those that were answered last.
const MOST_CLIENTS: usize = 1000;

/// The last answer to each client. A line may begin with its time in seconds since the Unix epoch.
pub(crate) fn answers(text: &str) -> BTreeMap<Mac, Answer> {
    let mut last = BTreeMap::new();
    for line in text.lines().rev() {
        let Some((mac, refused)) = dnsmasq(line).or_else(|| kea(line)).or_else(|| isc(line)) else {
            continue;
        };
        if last.len() < MOST_CLIENTS {
            last.entry(mac).or_insert_with(|| Answer { mac, refused, at: time(line) });
        }
    }
    last
}

fn time(line: &str) -> Option<SystemTime> {
    let first = line.split_whitespace().next()?;
    let (seconds, _) = first.split_once('.')?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))
}

/// `DHCPDISCOVER(br0) 52:54:00:4b:5e:57 no address available`, `DHCPOFFER(br0) 10.0.0.9 52:54:00:4b:5e:57`.
fn dnsmasq(line: &str) -> Option<(Mac, bool)> {
    let (before, rest) = line.split_once("DHCP")?;
    // Other lines quote what a client says, such as `dnsmasq-dhcp[8]: 2093485 vendor class: …`.
    let is_quoted = |word: &str| word.ends_with(':') && !word.starts_with("dnsmasq");
    if before.split_whitespace().any(is_quoted) {
        return None;
    }
    let (kind, rest) = rest.split_once('(')?;
    let (_, rest) = rest.split_once(')')?;
    let mac = || rest.split_whitespace().find_map(|word| word.parse().ok());
    match kind {
        "DISCOVER" | "REQUEST" if rest.ends_with("no address available") => Some((mac()?, true)),
        "OFFER" | "ACK" => Some((mac()?, false)),
        _ => None,
    }
}

/// `ALLOC_ENGINE_V4_ALLOC_FAIL [hwtype=1 52:54:00:4b:5e:57], cid=[…], tid=0x…: failed to allocate …`,
/// `DHCP4_LEASE_OFFER [hwtype=1 …], cid=[…], tid=0x…: lease 10.0.0.9 will be offered`.
fn kea(line: &str) -> Option<(Mac, bool)> {
    let (before, rest) = line.split_once("[hwtype=")?;
    let (client, _) = rest.split_once(']')?;
    let mac = client.split_whitespace().nth(1)?.parse().ok()?;
    let code = before.split_whitespace().next_back()?;
    if code.starts_with("ALLOC_ENGINE_V4_ALLOC_FAIL") {
        Some((mac, true))
    } else {
        let gives = ["DHCP4_LEASE_OFFER", "DHCP4_LEASE_ADVERT", "DHCP4_LEASE_ALLOC"];
        gives.contains(&code).then_some((mac, false))
    }
}

/// `DHCPDISCOVER from 52:54:00:4b:5e:57 (web) via br0: network 10.0.0.0/24: no free leases`,
/// `DHCPOFFER on 10.0.0.9 to 52:54:00:4b:5e:57 (web) via br0`.
fn isc(line: &str) -> Option<(Mac, bool)> {
    // A client's name, which it chooses, stands behind its MAC.
    let (_, message) = line.split_once("DHCP")?;
    let after = |word: &str| message.split_once(word)?.1.split_whitespace().next()?.parse().ok();
    if line.trim_end().ends_with("no free leases") {
        return Some((after(" from ")?, true));
    }
    let gives = ["OFFER on ", "ACK on "].iter().any(|kind| message.starts_with(kind));
    gives.then(|| after(" to ")).flatten().map(|mac| (mac, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of a log, and whether a client was refused.
    #[test]
    fn reads_what_each_server_answers() {
        let rows = [
            ("dnsmasq-dhcp: DHCPDISCOVER(br0) 52:54:00:4b:5e:57 no address available", Some(true)),
            (
                "dnsmasq-dhcp[8]: 2093485 DHCPDISCOVER(br0) 52:54:00:4b:5e:57 no address available",
                Some(true),
            ),
            ("dnsmasq-dhcp[8]: DHCPDISCOVER(br0) 10.0.0.9 52:54:00:4b:5e:57 ", None),
            ("dnsmasq-dhcp[8]: DHCPOFFER(br0) 10.0.0.9 52:54:00:4b:5e:57 ", Some(false)),
            ("dnsmasq-dhcp[8]: DHCPACK(br0) 10.0.0.9 52:54:00:4b:5e:57 web", Some(false)),
            (
                "WARN  [kea-dhcp4.alloc-engine/8.7] ALLOC_ENGINE_V4_ALLOC_FAIL_SUBNET [hwtype=1 52:54:00:4b:5e:57], cid=[no info], tid=0x9: failed to allocate an IPv4 lease in the subnet 10.0.0.0/24, subnet-id 1, shared network (none)",
                Some(true),
            ),
            (
                "INFO  [kea-dhcp4.leases/8.7] DHCP4_LEASE_OFFER [hwtype=1 52:54:00:4b:5e:57], cid=[01:52:54:00:4b:5e:57], tid=0x9: lease 10.0.0.9 will be offered",
                Some(false),
            ),
            (
                "dhcpd: DHCPDISCOVER from 52:54:00:4b:5e:57 (web) via br0: network 10.0.0.0/24: no free leases",
                Some(true),
            ),
            ("dhcpd: DHCPDISCOVER from 52:54:00:4b:5e:57 via br0", None),
            ("dhcpd: DHCPOFFER on 10.0.0.9 to 52:54:00:4b:5e:57 (web) via br0", Some(false)),
            // What other clients say of themselves.
            (
                "dnsmasq-dhcp[8]: 2093485 vendor class: DHCPDISCOVER(br0) 52:54:00:4b:5e:57 no address available",
                None,
            ),
            (
                "dnsmasq-dhcp[8]: 2093485 client provides name: DHCPACK(br0) 10.0.0.9 52:54:00:4b:5e:57",
                None,
            ),
            (
                "dhcpd: DHCPREQUEST for 10.0.0.8 from 52:54:00:00:00:08 (DHCPACK on 10.0.0.9 to 52:54:00:4b:5e:57) via br0",
                None,
            ),
            ("DHCPACK on 10.0.0.9 to nobody", None),
            ("no free leases", None),
            ("DHCP(", None),
        ];
        let mac = "52:54:00:4b:5e:57".parse().unwrap();
        for (line, expected) in rows {
            let found = answers(line).remove(&mac).map(|answer| answer.refused);
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn of_many_clients_those_that_were_answered_last_count() {
        let mac = |at: usize| format!("52:54:00:00:{:02x}:{:02x}", at >> 8, at & 255);
        let line = |at: usize| format!("DHCPACK(br0) 10.0.0.9 {}\n", mac(at));
        let text: String = (0..=MOST_CLIENTS).map(line).collect();
        let found = answers(&text);
        assert_eq!(found.len(), MOST_CLIENTS);
        let is_kept = |at: usize| found.contains_key(&mac(at).parse().unwrap());
        assert_eq!([0, 1, MOST_CLIENTS].map(is_kept), [false, true, true]);
    }

    #[test]
    fn the_last_answer_to_a_client_counts() {
        let refused = "DHCPDISCOVER(br0) 52:54:00:4b:5e:57 no address available";
        let given = "DHCPACK(br0) 10.0.0.9 52:54:00:4b:5e:57";
        let other = "DHCPACK(br0) 10.0.0.9 52:54:00:4b:5e:58";
        let mac = "52:54:00:4b:5e:57".parse().unwrap();
        for (first, then, expected) in [(refused, given, false), (given, refused, true)] {
            let text = format!("1795510800.25 host {first}\n1795510801.5 host {then}\n{other}\n");
            let answer = answers(&text).remove(&mac).unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_510_801);
            assert_eq!((answer.refused, answer.at), (expected, Some(at)), "{text}");
        }
    }
}
