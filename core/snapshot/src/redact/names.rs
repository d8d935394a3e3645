//! Stand-ins for names.

/// A shorter name would match inside other words.
const SHORTEST: usize = 3;

/// Names and their stand-ins, the longest names first.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<(String, String)>);

impl Names {
    /// Stand-ins `vm1`, `vm2`, … for machines, `host1`, … for hosts and `user1`, … for users. A
    /// name that stands in two lists has the stand-in of the first.
    pub fn new<'a>(
        machines: impl IntoIterator<Item = &'a str>,
        hosts: impl IntoIterator<Item = &'a str>,
        users: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut names: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, kind: &str, least: usize| {
            let known = names.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
            if name.len() >= least && !known {
                let number = names.iter().filter(|(_, own)| own.starts_with(kind)).count() + 1;
                names.push((name.to_owned(), format!("{kind}{number}")));
            }
        };
        machines.into_iter().for_each(|name| add(name, "vm", 1));
        hosts.into_iter().for_each(|name| add(name, "host", SHORTEST));
        // A name that every image has identifies nobody.
        let usual = ["root", "ubuntu", "debian", "admin", "user", "cloud"];
        let own = users.into_iter().filter(|name| !usual.contains(name));
        own.for_each(|name| add(name, "user", SHORTEST));
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self(names)
    }

    /// The stand-in of a word that is a name.
    pub(super) fn stand_in(&self, word: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map(|(_, stand_in)| stand_in.as_str())
    }

    /// The path of a file, in whose name a machine's may stand: `dhcp/guest-NAME.pcap`,
    /// `console/NAME.log`.
    pub(super) fn in_path(&self, path: &str) -> String {
        let (folder, file) =
            path.rsplit_once('/').map_or(("", path), |(above, _)| path.split_at(above.len() + 1));
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let (before, name) = match stem.strip_prefix("guest-") {
            Some(name) => ("guest-", name),
            None => ("", stem),
        };
        match self.stand_in(name) {
            Some(stand_in) if !extension.is_empty() => {
                format!("{folder}{before}{stand_in}.{extension}")
            }
            _ => path.to_owned(),
        }
    }
}
