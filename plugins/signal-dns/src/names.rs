//! The names to ask for.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::IpAddr,
    time::SystemTime,
};

use vmkit_plugin::Subject;

/// Beginning of a label that nobody has. Asking for it shows whether a server answers for every name.
/// Records keep the name, so replays know as much as the live run.
const ABSENT: &str = "vmkit-absent-";
/// The domain of mDNS, RFC 6762 section 3.
const MULTICAST_DOMAIN: &str = "local";
/// Longest name and longest label, RFC 1035 section 2.3.4. A name as text is two bytes shorter than in a
/// packet.
const NAME_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// The names to ask for, each once, in the order of asking.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// For DNS servers.
    pub(crate) unicast: Vec<String>,
    /// For mDNS.
    pub(crate) multicast: Vec<String>,
}

impl Names {
    /// The names of these machines, plain and in each domain that the system searches. All plain names come
    /// first, because there may not be enough time for all domains. Before the first name of a domain
    /// comes one that does not exist there.
    pub(crate) fn of(vms: &[Subject], search: &[String], now: SystemTime) -> Self {
        let own: Vec<String> = distinct(vms.iter().flat_map(of_machine));
        let absent = absent_label(&own, now);
        let is_multicast = |name: &&String| domain(name) == MULTICAST_DOMAIN;
        let plain = own.iter().filter(|name| !is_multicast(name)).cloned();
        let labels = || own.iter().filter(|name| !name.contains('.'));
        let searched =
            search.iter().flat_map(|domain| labels().filter_map(move |name| below(name, domain)));
        let mut asked = HashSet::new();
        let unicast = plain.chain(searched).flat_map(|name| {
            let first_of_domain = asked.insert(domain(&name).to_owned());
            let absent = if first_of_domain { below(&absent, domain(&name)) } else { None };
            absent.into_iter().chain([name])
        });
        let multicast = labels().filter_map(|name| below(name, MULTICAST_DOMAIN));
        let multicast = multicast.chain(own.iter().filter(is_multicast).cloned());
        Self { unicast: distinct(unicast), multicast: distinct(multicast) }
    }
}

/// The valid names of one machine: that of its guest, and its own.
pub(crate) fn of_machine(subject: &Subject) -> Vec<String> {
    let names = subject.hostname.iter().chain([&subject.name]);
    distinct(names.filter_map(|name| valid(name)).filter(|name| !is_absent(name)))
}

/// The name in lower case without a final dot, if it has only letters, digits and hyphens: no other name is
/// ever sent.
pub(crate) fn valid(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = |label: &str| {
        (1..=LABEL_LIMIT).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good = name.len() <= NAME_LIMIT && name.split('.').all(label);
    // In an address, the last octet would look like a domain.
    (good && name.parse::<IpAddr>().is_err()).then(|| name.to_ascii_lowercase())
}

/// The part of a name after its first label; empty for a single label.
pub(crate) fn domain(name: &str) -> &str {
    name.split_once('.').map_or("", |(_, domain)| domain)
}

/// Whether this is a name that nobody has.
pub(crate) fn is_absent(name: &str) -> bool {
    name.starts_with(ABSENT)
}

/// A new label that nobody has, so that no cache knows it.
fn absent_label(names: &[String], now: SystemTime) -> String {
    let mut hasher = DefaultHasher::new();
    (names, now).hash(&mut hasher);
    format!("{ABSENT}{:016x}", hasher.finish())
}

fn below(label: &str, domain: &str) -> Option<String> {
    if domain.is_empty() { Some(label.to_owned()) } else { valid(&format!("{label}.{domain}")) }
}

fn distinct(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_names_of_letters_digits_and_hyphens() {
        let long = "x".repeat(63);
        let longest = [long.as_str(), &long, &long, &"x".repeat(61)].join(".");
        for good in ["web", "Web.", "a-1.example.com", "7", &long, &longest] {
            let expected = good.trim_end_matches('.').to_ascii_lowercase();
            assert_eq!(valid(good), Some(expected), "{good}");
        }
        let too_long = format!("{longest}x.x");
        let bad = [
            "",
            ".",
            "..",
            "-web",
            "web-",
            "a..b",
            "a b",
            "web\n",
            "web\0",
            "we_b",
            "wéb",
            "*",
            "10.0.0.1",
            "::1",
            "\u{1b}[2J",
            &"x".repeat(64),
            &too_long,
        ];
        for bad in bad {
            assert_eq!(valid(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn asks_for_plain_names_then_in_each_domain() {
        let vm = |name: &str, hostname: Option<&str>| Subject {
            name: name.into(),
            hostname: hostname.map(Into::into),
            ..Subject::default()
        };
        let vms = [
            vm("web", Some("web")),
            vm("DB_1", Some("db.example.com")),
            vm("web", None),
            vm("nas.local", None),
            vm("$(reboot)", None),
            vm("vmkit-absent-0", None),
        ];
        let search = ["lan".to_owned(), "bad domain".to_owned(), "x".repeat(64)];
        let names = Names::of(&vms, &search, SystemTime::UNIX_EPOCH);
        let shown = |names: &[String]| -> Vec<String> {
            let label = |name: &String| match name.strip_prefix(ABSENT) {
                Some(rest) => format!("*{}", &rest[16..]),
                None => name.clone(),
            };
            names.iter().map(label).collect()
        };
        assert_eq!(
            shown(&names.unicast),
            ["*", "web", "*.example.com", "db.example.com", "*.lan", "web.lan"]
        );
        assert_eq!(names.multicast, ["web.local", "nas.local"]);
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        assert_ne!(Names::of(&vms, &search, later).unicast[0], names.unicast[0]);
    }
}
