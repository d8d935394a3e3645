//! Trust on first use: which key a look has proven well enough to be remembered.

use vmkit_model::{Evidence, Machine};
use vmkit_scoring::{Pick, Weights};
use vmkit_state::{HostKeys, Identity};
use vmkit_types::{HostKey, Kind, attribute};

/// A machine whose key may be remembered.
pub(crate) struct Learner<'a> {
    pub(crate) machine: &'a Machine,
    /// The number that evidence gives to it.
    pub(crate) vm: usize,
    pub(crate) pick: &'a Pick,
}

/// The key to remember the machine by: proven at its address, which is certain, and nowhere else;
/// either its first, or one that it is remembered with.
///
/// A key that helped to make the address certain is never a first one: nothing was known of that.
pub(super) fn key_to_trust(
    vm: usize,
    pick: &Pick,
    identity: &Identity,
    remembered: &HostKeys,
    evidence: &[Evidence],
    weights: &Weights,
) -> Option<HostKey> {
    let address = pick.address.filter(|_| pick.may_be_written(weights));
    address?;
    let proven = || {
        evidence.iter().map(|item| &item.observation).filter_map(|seen| {
            Some((seen, seen.attribute(attribute::HOST_KEY)?.parse::<HostKey>().ok()?))
        })
    };
    let mut here = proven().filter(|(seen, _)| seen.vm == vm && seen.address == address);
    let (seen, key) = here.next()?;
    // Servers that answer in turn, behind one address.
    let is_the_only_one = here.all(|(_, another)| another == key);
    let is_elsewhere = proven().any(|(seen, another)| another == key && seen.address != address);
    let is_its_own = remembered.keys_of(identity).any(|known| *known == key);
    let is_first = remembered.keys_of(identity).next().is_none();
    let fits = match seen.kind {
        Kind::SshHostKey => is_its_own,
        Kind::SshNewHostKey => is_first && !remembered.belongs_to_another(&key, identity),
        _ => false,
    };
    (fits && is_the_only_one && !is_elsewhere).then_some(key)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use vmkit_model::Card;
    use vmkit_scoring::{Case, score};
    use vmkit_types::{HostNetwork, Interface, InterfaceKind, Observation, Prefix};

    use super::*;

    const MAC: &str = "52:54:00:00:00:01";

    fn identity(name: &str) -> Identity {
        Identity {
            name: name.to_owned(),
            manager: "vm-toolkit".to_owned(),
            directory: format!("/vms/{name}").into(),
            mac: MAC.parse().unwrap(),
            instance: None,
        }
    }

    /// 10.0.0.0/24 on a bridge.
    fn network() -> HostNetwork {
        let address = Prefix { address: [10, 0, 0, 254].into(), length: 24 };
        let bridge = Interface {
            name: "br0".to_owned(),
            mac: None,
            addresses: vec![address],
            kind: InterfaceKind::Bridge,
            up: true,
            bridge: None,
        };
        HostNetwork { interfaces: vec![bridge], routes: Vec::new() }
    }

    /// `KIND ADDRESS [KEY]` each, about the machine or, with `db:` before it, about another one.
    fn evidence(texts: &[&str], now: SystemTime) -> Vec<Evidence> {
        let one = |(id, text): (u32, &&str)| {
            let (vm, text) = text.strip_prefix("db:").map_or((0, *text), |text| (1, text));
            let words: Vec<&str> = text.split(' ').collect();
            let mut seen = Observation::new(vm, Kind::from_code(words[0]), "as it was seen")
                .at(words[1].parse::<std::net::IpAddr>().unwrap());
            if words[0].starts_with("neighbour") {
                let mac = if vm == 0 { MAC } else { "52:54:00:00:00:02" };
                seen = seen.on_mac(mac.parse().unwrap()).aged(Duration::ZERO);
            }
            if let Some(key) = words.get(2) {
                seen = seen.with(attribute::HOST_KEY, format!("ssh-ed25519 {key}"));
            }
            Evidence { id, plugin: "test".into(), received_at: now, observation: seen.into() }
        };
        (0..).zip(texts).map(one).collect()
    }

    #[test]
    fn trusts_a_key_only_where_the_address_is_certain_without_it() {
        const NEAR: &str = "neighbour-reachable 10.0.0.1";
        const READY: &str = "ssh-ready 10.0.0.1";
        const NEW: &str = "ssh-new-host-key 10.0.0.1 NEW";
        // The keys of web, those of db, the evidence, and the key to trust for web.
        type Texts = &'static [&'static str];
        let rows: [(Texts, Texts, Texts, Option<&str>); 11] = [
            (&[], &[], &[NEAR, READY, NEW], Some("NEW")),
            (&[], &[], &[NEAR, READY], None),
            // Only its key would make the address certain.
            (&[], &[], &[READY, NEW], None),
            (&[], &[], &["ssh-host-key 10.0.0.1 NEW"], None),
            // At another address than the one that is certain.
            (&[], &[], &[NEAR, READY, "ssh-new-host-key 10.0.0.2 NEW"], None),
            (&[], &[], &[NEAR, READY, NEW, "db:ssh-new-host-key 10.0.0.2 NEW"], None),
            (&[], &[], &[NEAR, READY, NEW, "ssh-new-host-key 10.0.0.1 NEXT"], None),
            // A clone has the key of what it was made from.
            (&[], &["NEW"], &[NEAR, READY, NEW], None),
            (&["OLD"], &[], &[NEAR, READY, "ssh-host-key 10.0.0.1 OLD"], Some("OLD")),
            // Of another kind than the one that is remembered.
            (&["OLD"], &[], &[NEAR, READY, NEW], None),
            (&["OLD"], &[], &[NEAR, READY, "ssh-other-host-key 10.0.0.1 NEW"], None),
        ];
        let weights = Weights::builtin().unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        let case = |name: &str, mac: &str| Case {
            name: name.to_owned(),
            host_name: None,
            cards: Card::new(Some(mac.parse().unwrap()), None, None).into(),
            running: true,
            started_at: None,
        };
        let cases = [case("web", MAC), case("db", "52:54:00:00:00:02")];
        let network = network();
        for (of_web, of_db, seen, expected) in rows {
            let (web, db) = (identity("web"), identity("db"));
            let mut remembered = HostKeys::default();
            for (machine, keys) in [(&web, of_web), (&db, of_db)] {
                for key in keys {
                    remembered.record_seen(
                        machine,
                        &HostKey::new("ssh-ed25519", key).unwrap(),
                        now,
                    );
                }
            }
            let evidence = evidence(seen, now);
            let picks = score(&cases, &evidence, Some(&network), now, &weights);
            let key = key_to_trust(0, &picks[0], &web, &remembered, &evidence, &weights);
            assert_eq!(key.as_ref().map(HostKey::encoded), expected, "{seen:?}");
        }
    }
}
