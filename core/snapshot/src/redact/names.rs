//! Stand-ins for names.

use std::collections::{HashMap, HashSet};

use vmkit_model::{Machine, stem};
use vmkit_types::Reading;

/// A shorter name of a host or a user would match inside other words.
const SHORTEST: usize = 3;
/// Names that images have. They identify nobody.
const USUAL: [&str; 6] = ["root", "ubuntu", "debian", "admin", "user", "cloud"];

/// Longest name, in bytes: the most that a file or a host can have. Of a longer one the words are replaced.
const LONGEST: usize = 255;

/// Names and their stand-ins, by the name in small letters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    stand_ins: HashMap<String, String>,
    /// The bytes with which names begin.
    firsts: HashSet<u8>,
    longest: usize,
}

impl Names {
    /// The names of these machines, and those that their files give to guests and users.
    pub(crate) fn of(machines: &[Machine]) -> Self {
        let of = |reading: &'_ Reading<String>| reading.as_ref().known().cloned();
        let hosts: Vec<String> = machines.iter().filter_map(|each| of(&each.hostname)).collect();
        let users: Vec<String> = machines.iter().filter_map(|each| of(&each.username)).collect();
        let names = machines.iter().map(|machine| machine.name.as_str());
        let (hosts, users) = (hosts.iter().map(String::as_str), users.iter().map(String::as_str));
        let mut all = Self::new(names, hosts, users);
        for machine in machines {
            all.add_alias(&machine.name, &stem(&machine.name));
            all.add_alias(&machine.name, &machine.own_name);
        }
        all
    }

    /// Gives a name the stand-in of another one.
    fn add_alias(&mut self, name: &str, alias: &str) {
        let stand_in = self.stand_in(name).map(str::to_owned);
        if let Some(stand_in) = stand_in.filter(|_| !alias.is_empty()) {
            self.stand_ins.entry(alias.to_ascii_lowercase()).or_insert(stand_in);
            self.firsts.extend(alias.to_ascii_lowercase().bytes().next());
            self.longest = self.longest.max(alias.len()).min(LONGEST);
        }
    }

    /// Stand-ins `vm1`, `vm2`, … for machines, `host1`, … for hosts and `user1`, … for users. A
    /// name that stands in two lists has the stand-in of the first.
    pub(super) fn new<'a>(
        machines: impl IntoIterator<Item = &'a str>,
        hosts: impl IntoIterator<Item = &'a str>,
        users: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut names = HashMap::new();
        let mut add = |kind: &str, of_kind: &mut dyn Iterator<Item = &'a str>| {
            let mut number = 0;
            for name in of_kind {
                names.entry(name.to_ascii_lowercase()).or_insert_with(|| {
                    number += 1;
                    format!("{kind}{number}")
                });
            }
        };
        add("vm", &mut machines.into_iter());
        add("host", &mut hosts.into_iter().filter(|name| name.len() >= SHORTEST));
        let own = |name: &&str| name.len() >= SHORTEST && !USUAL.contains(name);
        add("user", &mut users.into_iter().filter(own));
        let firsts = names.keys().filter_map(|name| name.bytes().next()).collect();
        let longest = names.keys().map(String::len).max().unwrap_or(0).min(LONGEST);
        Self { stand_ins: names, firsts, longest }
    }

    /// Whether a name begins with this byte.
    pub(super) fn begin_with(&self, first: u8) -> bool {
        self.firsts.contains(&first.to_ascii_lowercase())
    }

    /// The length of the longest name.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The stand-in of a name.
    pub(super) fn stand_in(&self, name: &str) -> Option<&str> {
        self.stand_ins.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}
