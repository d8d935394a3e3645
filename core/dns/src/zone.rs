//! The VMs' names and addresses, and the answer to each query.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Instant,
};

use hickory_server::proto::rr::{DNSClass, Name, RecordType};
use vmkit_resolver::Suffix;

/// Longest name that is served: the limit of a DNS label.
const LABEL_LIMIT: usize = 63;

/// The names of all VMs, as one look found them.
#[derive(Clone, Debug)]
pub struct Zone {
    suffix: Suffix,
    /// By name in lower case, since DNS ignores case. `None`: nobody could look.
    machines: HashMap<Vec<u8>, Option<Addresses>>,
    /// Names that several VMs have, which therefore lead to none.
    shared: BTreeSet<String>,
    good_until: Instant,
    /// Seconds for which an answer may be cached.
    ttl: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Addresses {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

/// The answer to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The VM's address of the requested family.
    Address(IpAddr),
    /// The start of authority of the zone.
    Authority,
    /// The name exists and has no record of this type.
    NoSuchType,
    /// The name does not exist.
    NoSuchName,
    /// The name is outside of the zone.
    Refused,
    /// The zone is too old to be trusted.
    Stale,
    /// The name exists, and nobody could look for its addresses.
    NotChecked,
}

impl Answer {
    /// Whether another look could change the answer.
    pub(crate) fn may_change(self) -> bool {
        matches!(self, Self::NoSuchType | Self::NoSuchName | Self::Stale | Self::NotChecked)
    }
}

impl Zone {
    /// A zone of these VMs with the first of their addresses of each family. It is valid until
    /// `good_until`, and answers may be cached for `ttl` seconds. VMs whose names differ only in case
    /// get no address. `None`: nobody could look for the addresses.
    pub fn new<'a>(
        suffix: Suffix,
        machines: impl IntoIterator<Item = (&'a str, Option<Vec<IpAddr>>)>,
        good_until: Instant,
        ttl: u32,
    ) -> Self {
        let (machines_by_name, shared) = (HashMap::new(), BTreeSet::new());
        let mut zone = Self { suffix, machines: machines_by_name, shared, good_until, ttl };
        for (name, addresses) in machines {
            if (1..=LABEL_LIMIT).contains(&name.len()) {
                match zone.machines.entry(name.to_ascii_lowercase().into_bytes()) {
                    Entry::Occupied(mut known) => {
                        known.insert(Some(Addresses::default()));
                        zone.shared.insert(name.to_ascii_lowercase());
                    }
                    Entry::Vacant(place) => {
                        place.insert(addresses.as_deref().map(Addresses::first_of_each));
                    }
                }
            }
        }
        zone
    }

    /// The names, in lower case, that several VMs have and that therefore lead to none.
    pub fn shared_names(&self) -> impl Iterator<Item = &str> {
        self.shared.iter().map(String::as_str)
    }

    /// Seconds for which an answer may be cached.
    pub fn ttl(&self) -> u32 {
        self.ttl
    }

    /// The domain of all names.
    pub fn suffix(&self) -> &Suffix {
        &self.suffix
    }

    /// The answer to a query. The name is in lower case.
    pub fn answer(&self, name: &Name, class: DNSClass, of: RecordType, now: Instant) -> Answer {
        let Some(below) = self.below(name).filter(|_| class == DNSClass::IN) else {
            return Answer::Refused;
        };
        let label = match below {
            Below::Itself if of == RecordType::SOA => return Answer::Authority,
            Below::Itself => return Answer::NoSuchType,
            Below::Label(label) => label,
            Below::Deeper => return Answer::NoSuchName,
        };
        if now > self.good_until {
            return Answer::Stale;
        }
        let Some(addresses) = self.machines.get(label) else { return Answer::NoSuchName };
        let address = match (of, addresses) {
            (RecordType::A | RecordType::AAAA, None) => return Answer::NotChecked,
            (RecordType::A, Some(known)) => known.v4.map(IpAddr::V4),
            (RecordType::AAAA, Some(known)) => known.v6.map(IpAddr::V6),
            _ => None,
        };
        address.map_or(Answer::NoSuchType, Answer::Address)
    }

    fn below<'n>(&self, name: &'n Name) -> Option<Below<'n>> {
        let mut labels = name.iter().rev();
        self.suffix.labels().rev().all(|label| labels.next() == Some(label)).then_some(())?;
        Some(match (labels.next(), labels.next()) {
            (None, _) => Below::Itself,
            (Some(label), None) => Below::Label(label),
            (Some(_), Some(_)) => Below::Deeper,
        })
    }
}

/// A name's position below the suffix.
enum Below<'n> {
    Itself,
    Label(&'n [u8]),
    Deeper,
}

impl Addresses {
    fn first_of_each(addresses: &[IpAddr]) -> Self {
        let (mut v4, mut v6) = (None, None);
        for address in addresses {
            match address {
                IpAddr::V4(address) => v4 = v4.or(Some(*address)),
                IpAddr::V6(address) => v6 = v6.or(Some(*address)),
            }
        }
        Self { v4, v6 }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn answers_each_query() {
        let start = Instant::now();
        let (v4, v6): (IpAddr, IpAddr) =
            ("192.168.77.50".parse().unwrap(), "fd00::50".parse().unwrap());
        let machines = [
            ("web", Some(vec![v6, v4, "10.0.0.1".parse().unwrap()])),
            ("My_DB", Some(vec![v4])),
            ("off", Some(vec![])),
            ("Twin", Some(vec![v4])),
            ("twin", Some(vec![v4])),
            ("unseen", None),
        ];
        let good_until = start + Duration::from_secs(30);
        let zone = Zone::new("vm.test".parse().unwrap(), machines, good_until, 5);
        assert_eq!(zone.shared_names().collect::<Vec<_>>(), ["twin"]);
        let rows = [
            ("web.vm.test.", RecordType::A, Answer::Address(v4)),
            ("web.vm.test.", RecordType::AAAA, Answer::Address(v6)),
            ("web.vm.test.", RecordType::MX, Answer::NoSuchType),
            ("web.vm.test.", RecordType::ANY, Answer::NoSuchType),
            ("my_db.vm.test.", RecordType::A, Answer::Address(v4)),
            ("my_db.vm.test.", RecordType::AAAA, Answer::NoSuchType),
            ("off.vm.test.", RecordType::A, Answer::NoSuchType),
            ("twin.vm.test.", RecordType::A, Answer::NoSuchType),
            ("unseen.vm.test.", RecordType::A, Answer::NotChecked),
            ("unseen.vm.test.", RecordType::AAAA, Answer::NotChecked),
            ("unseen.vm.test.", RecordType::MX, Answer::NoSuchType),
            ("wbe.vm.test.", RecordType::A, Answer::NoSuchName),
            ("a.web.vm.test.", RecordType::A, Answer::NoSuchName),
            ("*.vm.test.", RecordType::A, Answer::NoSuchName),
            ("vm.test.", RecordType::SOA, Answer::Authority),
            ("vm.test.", RecordType::A, Answer::NoSuchType),
            ("test.", RecordType::A, Answer::Refused),
            ("web.xvm.test.", RecordType::A, Answer::Refused),
            ("vm.test.example.com.", RecordType::A, Answer::Refused),
            (".", RecordType::NS, Answer::Refused),
            ("web.", RecordType::A, Answer::Refused),
        ];
        for (name, of, expected) in rows {
            let parsed = Name::from_ascii(name).unwrap();
            assert_eq!(zone.answer(&parsed, DNSClass::IN, of, start), expected, "{name} {of}");
        }
        let web = Name::from_ascii("web.vm.test.").unwrap();
        assert_eq!(zone.answer(&web, DNSClass::CH, RecordType::A, start), Answer::Refused);
        let later = good_until + Duration::from_millis(1);
        assert_eq!(zone.answer(&web, DNSClass::IN, RecordType::A, later), Answer::Stale);
    }
}
