//! From acknowledged addresses to observations.

use std::{collections::HashMap, time::SystemTime};

use vmkit_plugin::{Kind, Mac, Observation, Subject, attribute};

use crate::holds::Hold;

/// Length of the lease in seconds, by which the host's weights lower the observation with its age.
const LEASE_SECONDS: &str = "lease-s";
/// `wrong` if the checksum of the acknowledgement is wrong.
const CHECKSUM: &str = "checksum";

/// An observation for every machine whose MAC is a client's hardware address. If no machine has the
/// hardware address, the MAC in the client identifier counts. A MAC of two machines counts for both.
pub(crate) fn discover(holds: &[Hold], vms: &[Subject], now: SystemTime) -> Vec<Observation> {
    let mut owners: HashMap<Mac, Vec<usize>> = HashMap::new();
    for (vm, subject) in vms.iter().enumerate() {
        for mac in &subject.macs {
            let owners = owners.entry(*mac).or_default();
            if owners.last() != Some(&vm) {
                owners.push(vm);
            }
        }
    }
    let owners_of = |mac: Mac| owners.get(&mac).map_or(&[][..], Vec::as_slice);
    let of_hold = |hold: &Hold| -> Vec<Observation> {
        let by_chaddr = owners_of(hold.chaddr);
        if !by_chaddr.is_empty() {
            let to = to_chaddr(hold);
            return by_chaddr.iter().map(|&vm| given(vm, hold, hold.chaddr, &to, now)).collect();
        }
        // A repeater may replace the machine's MAC by its own and keep the client identifier.
        let Some(mac) = hold.client_mac else { return Vec::new() };
        let to = format!("{} with the VM's MAC as its client-id", hold.chaddr);
        owners_of(mac).iter().map(|&vm| given(vm, hold, mac, &to, now)).collect()
    };
    holds.iter().flat_map(of_hold).collect()
}

fn to_chaddr(hold: &Hold) -> String {
    match hold.client_mac {
        Some(other) if other != hold.chaddr => {
            format!("the VM's MAC, though its client-id names {other}")
        }
        _ => "the VM's MAC".to_owned(),
    }
}

fn given(vm: usize, hold: &Hold, mac: Mac, to: &str, now: SystemTime) -> Observation {
    // A capture by another clock may be ahead of the present; then its age is zero.
    let age = now.duration_since(hold.at).unwrap_or_default();
    let from = hold.server.map_or_else(String::new, |server| format!(" from {server}"));
    let lease = hold.lease.map_or_else(String::new, |seconds| {
        let ended = seconds != u32::MAX && age.as_secs() >= seconds.into();
        format!(", lease {}{}", duration(seconds), if ended { ", ended by now" } else { "" })
    });
    let mut observation =
        Observation::new(vm, Kind::DhcpAck, format!("DHCP ACK{from} to {to}{lease}"))
            .at(hold.address)
            .on_mac(mac)
            .aged(age);
    let details = [
        (attribute::SERVER, hold.server.map(|server| server.to_string())),
        (attribute::PREFIX, hold.prefix.map(|length| length.to_string())),
        (LEASE_SECONDS, hold.lease.map(|seconds| seconds.to_string())),
        (CHECKSUM, hold.wrong_checksum.then(|| "wrong".to_owned())),
    ];
    for (name, value) in details {
        if let Some(value) = value {
            observation = observation.with(name, value);
        }
    }
    observation
}

/// The duration in the largest unit up to hours that divides it.
fn duration(seconds: u32) -> String {
    match seconds {
        u32::MAX => "without end".to_owned(),
        0 => "0 s".to_owned(),
        _ if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const REPEATER: Mac = Mac::new([0x3c, 0, 0, 0, 0, 9]);

    fn vm(name: &str) -> Subject {
        Subject { name: name.into(), macs: vec![WEB, WEB], ..Subject::default() }
    }

    fn hold(chaddr: Mac, client_mac: Option<Mac>, lease: Option<u32>) -> Hold {
        Hold {
            chaddr,
            client_mac,
            address: [192, 168, 1, 64].into(),
            prefix: Some(24),
            server: Some([192, 168, 1, 254].into()),
            lease,
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(100),
            wrong_checksum: true,
        }
    }

    #[test]
    fn reports_an_acknowledgement_in_plain_words() {
        let rows = [
            (WEB, None, Some(86400), "to the VM's MAC, lease 24 h"),
            (WEB, Some(WEB), Some(5400), "to the VM's MAC, lease 90 min"),
            (WEB, Some(WEB), Some(30), "to the VM's MAC, lease 30 s, ended by now"),
            (WEB, None, Some(u32::MAX), "to the VM's MAC, lease without end"),
            (WEB, None, None, "to the VM's MAC"),
            (
                WEB,
                Some(REPEATER),
                None,
                "to the VM's MAC, though its client-id names 3c:00:00:00:00:09",
            ),
            (REPEATER, Some(WEB), None, "to 3c:00:00:00:00:09 with the VM's MAC as its client-id"),
            (REPEATER, None, None, ""),
            (REPEATER, Some(REPEATER), None, ""),
        ];
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(140);
        for (chaddr, client_mac, lease, expected) in rows {
            let found = discover(&[hold(chaddr, client_mac, lease)], &[vm("web")], now);
            let says: Vec<_> = found.iter().map(|seen| seen.says.as_str()).collect();
            let expected = format!("DHCP ACK from 192.168.1.254 {expected}");
            let expected = Some(expected.as_str()).filter(|text| !text.ends_with(' '));
            assert_eq!(says, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn reports_attributes_and_counts_a_shared_mac_for_both_machines() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(160);
        let found = discover(&[hold(WEB, None, Some(600))], &[vm("web"), vm("twin")], now);
        assert_eq!(found.iter().map(|seen| seen.vm).collect::<Vec<_>>(), [0, 1]);
        assert_eq!((found[0].mac, found[0].age), (Some(WEB), Some(Duration::from_mins(1))));
        let details = [
            ("server", "192.168.1.254"),
            ("prefix", "24"),
            ("lease-s", "600"),
            ("checksum", "wrong"),
        ];
        let details = details.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found[0].attributes, details);
        let before = SystemTime::UNIX_EPOCH;
        assert_eq!(
            discover(&[hold(WEB, None, None)], &[vm("web")], before)[0].age,
            Some(Duration::ZERO)
        );
    }
}
