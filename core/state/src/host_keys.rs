//! Which host keys belong to which machine, as it was first seen.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use vmkit_types::{HostKey, Mac};

/// How old the last sight of a key may be before another one is worth a write.
const WORTH_A_WRITE: Duration = Duration::from_hours(24);
/// How long a machine that had no key to show is left alone: it may have been booting, or its server
/// may be one that never proves anything and only costs time.
const RETRY_AFTER: Duration = Duration::from_hours(1);
/// Most machines that are remembered; of more, those that were seen longest ago are forgotten.
const MOST_MACHINES: usize = 10_000;

/// What makes a machine the same one that it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name in its manager.
    pub name: String,
    /// Its manager.
    pub manager: String,
    /// Where its files are.
    pub directory: PathBuf,
    /// The MAC of its first network card.
    pub mac: Mac,
    /// What its manager calls this installation of it, where it does: made anew under its old name,
    /// the machine has another one, and other keys.
    pub instance: Option<String>,
}

impl Identity {
    fn is_at_the_place_of(&self, other: &Self) -> bool {
        (&self.name, &self.manager, &self.directory)
            == (&other.name, &other.manager, &other.directory)
    }

    /// Whether this is the same machine, not one that was made anew. An instance that nobody names
    /// tells nothing.
    fn is(&self, other: &Self) -> bool {
        let instances = self.instance.as_ref().zip(other.instance.as_ref());
        self.is_at_the_place_of(other)
            && self.mac == other.mac
            && instances.is_none_or(|(one, another)| one == another)
    }
}

/// One machine and its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) identity: Identity,
    pub(crate) keys: Vec<Sight>,
    /// When it was last asked for a key in vain.
    pub(crate) tried: Option<SystemTime>,
}

/// One key, and when the machine was seen with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) key: HostKey,
    pub(crate) first_seen: SystemTime,
    pub(crate) last_seen: SystemTime,
}

impl Entry {
    fn last_seen(&self) -> Option<SystemTime> {
        self.keys.iter().map(|sight| sight.last_seen).chain(self.tried).max()
    }
}

/// The keys of all machines that are remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostKeys {
    pub(crate) entries: Vec<Entry>,
}

impl HostKeys {
    /// The keys that this machine was seen with.
    pub fn of(&self, machine: &Identity) -> impl Iterator<Item = &HostKey> {
        let entries = self.entries.iter().filter(|entry| entry.identity.is(machine));
        entries.flat_map(|entry| entry.keys.iter().map(|sight| &sight.key))
    }

    /// Whether another machine than this was seen with the key.
    pub fn is_of_another(&self, key: &HostKey, machine: &Identity) -> bool {
        let others =
            self.entries.iter().filter(|entry| !entry.identity.is_at_the_place_of(machine));
        others.flat_map(|entry| &entry.keys).any(|sight| sight.key == *key)
    }

    /// Whether to ask the machine for its first key: not again soon where it had none to show.
    pub fn lacks(&self, machine: &Identity, now: SystemTime) -> bool {
        let entry = self.entries.iter().find(|entry| entry.identity.is(machine));
        entry.is_none_or(|entry| {
            let recently = entry.tried.is_some_and(|tried| age(tried, now) < RETRY_AFTER);
            entry.keys.is_empty() && !recently
        })
    }

    /// Remembers that the machine was asked for a key in vain.
    pub fn miss(&mut self, machine: &Identity, now: SystemTime) {
        self.entry(machine).tried = Some(now);
    }

    /// Remembers that the machine has just been seen with the key; whether that is worth a write.
    pub fn see(&mut self, machine: &Identity, key: &HostKey, now: SystemTime) -> bool {
        let sight = Sight { key: key.clone(), first_seen: now, last_seen: now };
        let entry = self.entry(machine);
        let Some(known) = entry.keys.iter_mut().find(|known| known.key == *key) else {
            entry.keys.push(sight);
            return true;
        };
        let worth = age(known.last_seen, now) >= WORTH_A_WRITE;
        if worth {
            known.last_seen = now;
        }
        worth
    }

    /// The machine's entry. What was remembered of an earlier machine of its name and place is
    /// forgotten.
    fn entry(&mut self, machine: &Identity) -> &mut Entry {
        self.entries.retain(|entry| {
            !entry.identity.is_at_the_place_of(machine) || entry.identity.is(machine)
        });
        let place = self.entries.iter().position(|entry| entry.identity.is(machine));
        let place = place.unwrap_or_else(|| {
            self.make_room();
            let identity = machine.clone();
            self.entries.push(Entry { identity, keys: Vec::new(), tried: None });
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
            self.entries.sort_by_key(Entry::last_seen);
            self.entries.drain(..=self.entries.len() - MOST_MACHINES);
        }
    }
}

/// A clock that was set back makes nothing older.
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
    fn a_machine_that_was_made_anew_is_another() {
        let old = machine("web", 1, Some("iid-1"));
        let rows = [
            ("the same", old.clone(), true),
            ("instance not told", machine("web", 1, None), true),
            ("another instance", machine("web", 1, Some("iid-2")), false),
            ("another MAC", machine("web", 2, Some("iid-1")), false),
            ("another name", machine("db", 1, Some("iid-1")), false),
            ("another place", Identity { directory: "/other/web".into(), ..old.clone() }, false),
        ];
        for (what, now, same) in rows {
            let mut keys = HostKeys::default();
            assert!(keys.see(&old, &key("OLD"), SystemTime::UNIX_EPOCH));
            assert_eq!(keys.of(&now).count(), usize::from(same), "{what}");
            assert!(keys.see(&now, &key("NEW"), SystemTime::UNIX_EPOCH), "{what}");
            let known: Vec<_> = keys.of(&now).map(HostKey::encoded).collect();
            assert_eq!(known, if same { vec!["OLD", "NEW"] } else { vec!["NEW"] }, "{what}");
            let other_stays = !now.is_at_the_place_of(&old);
            assert_eq!(keys.is_of_another(&key("OLD"), &now), other_stays, "{what}");
        }
    }

    #[test]
    fn another_sight_is_written_once_a_day() {
        let (web, now) = (machine("web", 1, None), SystemTime::UNIX_EPOCH);
        let mut keys = HostKeys::default();
        let hours = [(0, true), (1, false), (23, false), (24, true), (47, false), (48, true)];
        for (hour, written) in hours {
            let now = now + Duration::from_hours(hour);
            assert_eq!(keys.see(&web, &key("A"), now), written, "hour {hour}");
        }
        assert!(!keys.see(&web, &key("A"), now), "the clock was set back");
        let sight = &keys.entries[0].keys[0];
        assert_eq!((sight.first_seen, sight.last_seen), (now, now + Duration::from_hours(48)));
    }

    #[test]
    fn a_machine_without_a_key_to_show_is_left_alone_for_an_hour() {
        let (web, now) = (machine("web", 1, None), SystemTime::UNIX_EPOCH);
        let mut keys = HostKeys::default();
        for (minute, asked) in [(0, true), (1, false), (59, false), (60, true)] {
            let now = now + Duration::from_mins(minute);
            assert_eq!(keys.lacks(&web, now), asked, "minute {minute}");
            if asked {
                keys.miss(&web, now);
            }
        }
        keys.see(&web, &key("A"), now);
        assert!(!keys.lacks(&web, now + Duration::from_hours(1000)));
        assert!(keys.lacks(&machine("web", 2, None), now), "it was made anew");
    }

    #[test]
    fn of_too_many_machines_the_longest_unseen_is_forgotten() {
        let mut keys = HostKeys::default();
        let named = |number: usize| machine(&format!("vm{number}"), 1, None);
        for number in 0..MOST_MACHINES {
            let sight = Sight {
                key: key("A"),
                first_seen: SystemTime::UNIX_EPOCH,
                last_seen: SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64),
            };
            keys.entries.push(Entry { identity: named(number), keys: vec![sight], tried: None });
        }
        keys.see(&named(MOST_MACHINES), &key("B"), SystemTime::UNIX_EPOCH);
        let known = |number| keys.of(&named(number)).count();
        assert_eq!((keys.entries.len(), known(0), known(1)), (MOST_MACHINES, 0, 1));
    }
}
