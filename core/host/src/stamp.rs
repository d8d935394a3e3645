//! Checks an observation before it becomes evidence.

use std::{net::IpAddr, time::Duration};

use vmkit_types::{Kind, Mac, Observation, bounded};
use vmkit_wire::WireObservation;

/// Longest sentence of a plugin in bytes; longer ones are cut.
const SAYS_LIMIT: usize = 300;
/// Longest name and value of an attribute, in bytes: an RSA host key of 4096 bits has 724.
const ATTRIBUTE_LIMIT: usize = 1024;
/// Oldest age that makes sense, a year: beyond it arithmetic on times means nothing.
const AGE_LIMIT: Duration = Duration::from_hours(366 * 24);

/// The checked observation, or what is wrong with it. `batch`: how many machines were asked about.
pub(crate) fn checked(seen: &WireObservation, batch: usize) -> Result<Observation, String> {
    let vm = usize::try_from(seen.vm).ok().filter(|vm| *vm < batch);
    let vm = vm.ok_or_else(|| format!("machine {} of a batch of {batch}", seen.vm))?;
    let address: Option<IpAddr> = match &seen.address {
        Some(text) => Some(text.parse().map_err(|_| format!("{text:?} as an address"))?),
        None => None,
    };
    let mac: Option<Mac> = match &seen.mac {
        Some(text) => Some(text.parse().map_err(|_| format!("{text:?} as a MAC"))?),
        None => None,
    };
    Ok(Observation {
        vm,
        kind: Kind::from_code(&seen.kind),
        address,
        mac,
        age: seen.age_ms.map(Duration::from_millis).map(|age| age.min(AGE_LIMIT)),
        says: bounded(&seen.says, SAYS_LIMIT).to_owned(),
        attributes: seen
            .attributes
            .iter()
            .map(|(name, value)| {
                (
                    bounded(name, ATTRIBUTE_LIMIT).to_owned(),
                    bounded(value, ATTRIBUTE_LIMIT).to_owned(),
                )
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(vm: u32, address: &str, mac: &str) -> WireObservation {
        WireObservation {
            vm,
            kind: "neighbour-reachable".to_owned(),
            address: Some(address.to_owned()),
            mac: Some(mac.to_owned()),
            age_ms: Some(u64::MAX),
            says: "é".repeat(1000),
            attributes: Vec::new(),
        }
    }

    #[test]
    fn what_a_plugin_states_is_checked() {
        let rows = [
            (seen(0, "192.168.1.9", "52:54:0:0:0:1"), "ok"),
            (seen(1, "192.168.1.9", "52:54:0:0:0:1"), "machine 1 of a batch of 1"),
            (seen(0, "192.168.1.999", "52:54:0:0:0:1"), "\"192.168.1.999\" as an address"),
            (seen(0, "192.168.1.9", "\u{1b}[2J"), "\"\\u{1b}[2J\" as a MAC"),
        ];
        for (seen, expected) in rows {
            let outcome = checked(&seen, 1).map_or_else(|error| error, |_| "ok".to_owned());
            assert_eq!(outcome, expected);
        }
        let kept = checked(&seen(0, "::1", "52:54:0:0:0:1"), 1).unwrap();
        assert_eq!((kept.says.len(), kept.age), (SAYS_LIMIT, Some(AGE_LIMIT)));
    }
}
