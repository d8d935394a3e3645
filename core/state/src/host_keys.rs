//! The host keys that VMs were first seen with.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use vmkit_types::{HostKey, Mac};

/// How often the time of a key is updated.
const UPDATE_AFTER: Duration = Duration::from_hours(24);
/// How long not to ask a VM again that showed no key. It may have been booting, or its server never
/// proves a key.
const RETRY_AFTER: Duration = Duration::from_hours(1);
/// Most remembered VMs. Beyond that, the ones seen longest ago are forgotten.
const MOST_MACHINES: usize = 10_000;

/// What identifies a VM between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name in its manager.
    pub name: String,
    /// The manager.
    pub manager: String,
    /// The directory of its files.
    pub directory: PathBuf,
    /// The MAC of its first network card.
    pub mac: Mac,
    /// The manager's id of this installation, if it has one. A VM that is made again under its old
    /// name has another id and other keys.
    pub instance: Option<String>,
}

impl Identity {
    fn has_same_place(&self, other: &Self) -> bool {
        (&self.name, &self.manager, &self.directory)
            == (&other.name, &other.manager, &other.directory)
    }

    /// Whether this is the same VM and not one made again. An unknown instance matches any.
    fn is(&self, other: &Self) -> bool {
        let instances = self.instance.as_ref().zip(other.instance.as_ref());
        self.has_same_place(other)
            && self.mac == other.mac
            && instances.is_none_or(|(one, another)| one == another)
    }
}

/// A VM and its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownMachine {
    pub(crate) identity: Identity,
    pub(crate) keys: Vec<SeenKey>,
    /// When it was last asked and showed no key.
    pub(crate) missing_at: Option<SystemTime>,
}

/// A key, and when the VM was seen with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenKey {
    pub(crate) key: HostKey,
    pub(crate) first_seen: SystemTime,
    pub(crate) last_seen: SystemTime,
}

impl KnownMachine {
    fn last_seen(&self) -> Option<SystemTime> {
        self.keys.iter().map(|seen| seen.last_seen).chain(self.missing_at).max()
    }
}

/// The keys of all remembered VMs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostKeys {
    pub(crate) entries: Vec<KnownMachine>,
}

impl HostKeys {
    /// The keys that this VM was seen with.
    pub fn keys_of(&self, machine: &Identity) -> impl Iterator<Item = &HostKey> {
        let entries = self.entries.iter().filter(|entry| entry.identity.is(machine));
        entries.flat_map(|entry| entry.keys.iter().map(|seen| &seen.key))
    }

    /// Whether another VM was seen with this key.
    pub fn belongs_to_another(&self, key: &HostKey, machine: &Identity) -> bool {
        let others = self.entries.iter().filter(|entry| !entry.identity.has_same_place(machine));
        others.flat_map(|entry| &entry.keys).any(|seen| seen.key == *key)
    }

    /// Whether to ask this VM for its first key: it has none, and did not lack one recently.
    pub fn should_ask(&self, machine: &Identity, now: SystemTime) -> bool {
        let entry = self.entries.iter().find(|entry| entry.identity.is(machine));
        entry.is_none_or(|entry| {
            let recently =
                entry.missing_at.is_some_and(|missing_at| age(missing_at, now) < RETRY_AFTER);
            entry.keys.is_empty() && !recently
        })
    }

    /// Forgets these keys, of whatever VM. Whether there were any.
    pub fn forget(&mut self, revoked: &[HostKey]) -> bool {
        let mut changed = false;
        for entry in &mut self.entries {
            let before = entry.keys.len();
            entry.keys.retain(|seen| !revoked.contains(&seen.key));
            changed |= entry.keys.len() < before;
        }
        changed
    }

    /// Records that this VM was asked and showed no key.
    pub fn record_missing(&mut self, machine: &Identity, now: SystemTime) {
        self.entry(machine).missing_at = Some(now);
    }

    /// Records that this VM was seen with this key. Whether the file needs a write.
    pub fn record_seen(&mut self, machine: &Identity, key: &HostKey, now: SystemTime) -> bool {
        let seen = SeenKey { key: key.clone(), first_seen: now, last_seen: now };
        let entry = self.entry(machine);
        let Some(known) = entry.keys.iter_mut().find(|known| known.key == *key) else {
            entry.keys.push(seen);
            return true;
        };
        let is_due = age(known.last_seen, now) >= UPDATE_AFTER;
        if is_due {
            known.last_seen = now;
        }
        is_due
    }

    /// The VM's entry. Forgets a former VM of its name and place.
    fn entry(&mut self, machine: &Identity) -> &mut KnownMachine {
        self.entries
            .retain(|entry| !entry.identity.has_same_place(machine) || entry.identity.is(machine));
        let place = self.entries.iter().position(|entry| entry.identity.is(machine));
        let place = place.unwrap_or_else(|| {
            self.make_room();
            let identity = machine.clone();
            self.entries.push(KnownMachine { identity, keys: Vec::new(), missing_at: None });
            self.entries.len() - 1
        });
        let entry = &mut self.entries[place];
        if entry.identity.instance.is_none() {
            entry.identity.instance.clone_from(&machine.instance);
        }
        entry
    }

    fn make_room(&mut self) {
        if self.entries.len() >= MOST_MACHINES {
            self.entries.sort_by_key(KnownMachine::last_seen);
            self.entries.drain(..=self.entries.len() - MOST_MACHINES);
        }
    }
}

/// The age, zero if the clock was set back.
fn age(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str, mac: u8, instance: Option<&str>) -> Identity {
        Identity {
            name: name.to_owned(),
            manager: "vm-toolkit".to_owned(),
            directory: PathBuf::from("/vms").join(name),
            mac: format!("52:54:00:00:00:{mac:02x}").parse().unwrap(),
            instance: instance.map(str::to_owned),
        }
    }

    fn key(text: &str) -> HostKey {
        HostKey::new("ssh-ed25519", text).unwrap()
    }

    #[test]
    fn a_machine_made_again_is_another() {
        let old = machine("web", 1, Some("iid-1"));
        let rows = [
            ("the same", old.clone(), true),
            ("unknown instance", machine("web", 1, None), true),
            ("another instance", machine("web", 1, Some("iid-2")), false),
            ("another MAC", machine("web", 2, Some("iid-1")), false),
            ("another name", machine("db", 1, Some("iid-1")), false),
            ("another place", Identity { directory: "/other/web".into(), ..old.clone() }, false),
        ];
        for (what, now, same) in rows {
            let mut keys = HostKeys::default();
            assert!(keys.record_seen(&old, &key("OLD"), SystemTime::UNIX_EPOCH));
            assert_eq!(keys.keys_of(&now).count(), usize::from(same), "{what}");
            assert!(keys.record_seen(&now, &key("NEW"), SystemTime::UNIX_EPOCH), "{what}");
            let known: Vec<_> = keys.keys_of(&now).map(HostKey::encoded).collect();
            assert_eq!(known, if same { vec!["OLD", "NEW"] } else { vec!["NEW"] }, "{what}");
            let other_stays = !now.has_same_place(&old);
            assert_eq!(keys.belongs_to_another(&key("OLD"), &now), other_stays, "{what}");
        }
    }

    #[test]
    fn forgets_revoked_keys_of_all_machines() {
        let (web, db) = (machine("web", 1, None), machine("db", 2, None));
        let mut keys = HostKeys::default();
        for (machine, text) in [(&web, "LEAKED"), (&web, "OWN"), (&db, "LEAKED")] {
            keys.record_seen(machine, &key(text), SystemTime::UNIX_EPOCH);
        }
        assert!(!keys.forget(&[key("OTHER")]));
        assert!(keys.forget(&[key("LEAKED")]));
        assert_eq!(keys.keys_of(&web).map(HostKey::encoded).collect::<Vec<_>>(), ["OWN"]);
        // A machine whose only key is revoked is asked for its new one.
        assert!(keys.should_ask(&db, SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn updates_the_time_of_a_key_once_a_day() {
        let (web, now) = (machine("web", 1, None), SystemTime::UNIX_EPOCH);
        let mut keys = HostKeys::default();
        let hours = [(0, true), (1, false), (23, false), (24, true), (47, false), (48, true)];
        for (hour, written) in hours {
            let now = now + Duration::from_hours(hour);
            assert_eq!(keys.record_seen(&web, &key("A"), now), written, "hour {hour}");
        }
        assert!(!keys.record_seen(&web, &key("A"), now), "the clock was set back");
        let seen = &keys.entries[0].keys[0];
        assert_eq!((seen.first_seen, seen.last_seen), (now, now + Duration::from_hours(48)));
    }

    #[test]
    fn does_not_ask_a_machine_without_a_key_for_an_hour() {
        let (web, now) = (machine("web", 1, None), SystemTime::UNIX_EPOCH);
        let mut keys = HostKeys::default();
        for (minute, asked) in [(0, true), (1, false), (59, false), (60, true)] {
            let now = now + Duration::from_mins(minute);
            assert_eq!(keys.should_ask(&web, now), asked, "minute {minute}");
            if asked {
                keys.record_missing(&web, now);
            }
        }
        keys.record_seen(&web, &key("A"), now);
        assert!(!keys.should_ask(&web, now + Duration::from_hours(1000)));
        assert!(keys.should_ask(&machine("web", 2, None), now), "it was made again");
    }

    #[test]
    fn forgets_the_machine_that_was_seen_longest_ago() {
        let mut keys = HostKeys::default();
        let named = |number: usize| machine(&format!("vm{number}"), 1, None);
        for number in 0..MOST_MACHINES {
            let seen = SeenKey {
                key: key("A"),
                first_seen: SystemTime::UNIX_EPOCH,
                last_seen: SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64),
            };
            keys.entries.push(KnownMachine {
                identity: named(number),
                keys: vec![seen],
                missing_at: None,
            });
        }
        keys.record_seen(&named(MOST_MACHINES), &key("B"), SystemTime::UNIX_EPOCH);
        let known = |number| keys.keys_of(&named(number)).count();
        assert_eq!((keys.entries.len(), known(0), known(1)), (MOST_MACHINES, 0, 1));
    }
}
