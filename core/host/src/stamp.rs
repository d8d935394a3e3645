//! Checks an observation before it becomes evidence.

use std::{net::IpAddr, time::Duration};

use vmkit_types::{Kind, Mac, Observation, bounded};
use vmkit_wire::{Manifest, WireObservation};

use crate::authority;

/// Longest sentence of a plugin in bytes; longer ones are cut.
const SAYS_LIMIT: usize = 300;
/// Longest name and value of an attribute, in bytes: an RSA host key of 4096 bits has 724.
const ATTRIBUTE_LIMIT: usize = 1024;
/// Oldest age that makes sense, a year: beyond it arithmetic on times means nothing.
const AGE_LIMIT: Duration = Duration::from_hours(366 * 24);

/// Most attributes of one observation; those that the host understands are fewer.
const MOST_ATTRIBUTES: usize = 16;
/// Most bytes of all names and values of one observation: the largest of one attribute, and as much
/// again for the others. A run keeps up to 640,000 observations for 10,000 machines.
const ATTRIBUTES_LIMIT: usize = 2 * ATTRIBUTE_LIMIT;

/// The checked observation of this plugin, or what is wrong with it. `batch`: how many machines were
/// asked about; `replays`: the plugin looks at a snapshot.
pub(crate) fn checked(
    seen: &WireObservation,
    batch: usize,
    manifest: &Manifest,
    replays: bool,
) -> Result<Observation, String> {
    let kind = Kind::from_code(&seen.kind);
    authority::check(manifest, replays, &kind, &seen.attributes)?;
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
        kind,
        address,
        mac,
        age: seen.age_ms.map(Duration::from_millis).map(|age| age.min(AGE_LIMIT)),
        says: bounded(&seen.says, SAYS_LIMIT).to_owned(),
        attributes: bounded_attributes(&seen.attributes),
    })
}

/// The first attributes, as many as fit.
fn bounded_attributes(attributes: &[(String, String)]) -> Vec<(String, String)> {
    let mut left = ATTRIBUTES_LIMIT;
    let kept = attributes.iter().take(MOST_ATTRIBUTES).map_while(|(name, value)| {
        let (name, value) = (bounded(name, ATTRIBUTE_LIMIT), bounded(value, ATTRIBUTE_LIMIT));
        left = left.checked_sub(name.len() + value.len())?;
        Some((name.to_owned(), value.to_owned()))
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let text = r#"{"id":"a","version":"1","epoch":1,"kinds":["signal"],
            "needs":{"neighbour_table":true}}"#;
        text.parse().unwrap()
    }

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
            let outcome = checked(&seen, 1, &manifest(), false)
                .map_or_else(|error| error, |_| "ok".to_owned());
            assert_eq!(outcome, expected);
        }
        let kept = checked(&seen(0, "::1", "52:54:0:0:0:1"), 1, &manifest(), false).unwrap();
        assert_eq!((kept.says.len(), kept.age), (SAYS_LIMIT, Some(AGE_LIMIT)));
    }
    #[test]
    fn attributes_are_bounded_in_number_and_size() {
        // How many, the bytes of each value, and how many are kept.
        let rows = [(3, 700, 2), (100, 0, 16), (2, 5000, 1), (16, 100, 16)];
        for (count, bytes, kept) in rows {
            let attributes = vec![("name".to_owned(), "v".repeat(bytes)); count];
            let many = WireObservation { attributes, ..seen(0, "::1", "52:54:0:0:0:1") };
            let checked = checked(&many, 1, &manifest(), false).unwrap();
            assert_eq!(checked.attributes.len(), kept, "{count} of {bytes} bytes");
        }
    }

    #[test]
    fn a_fact_needs_the_grant_of_its_source() {
        let lie =
            WireObservation { kind: "arp-reply".to_owned(), ..seen(0, "::1", "52:54:0:0:0:1") };
        let why = checked(&lie, 1, &manifest(), false).unwrap_err();
        assert_eq!(why, "arp-reply, which it cannot know without `arp`");
    }
}
