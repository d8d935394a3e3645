//! From records to observations, for live runs and snapshots alike.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use vmkit_plugin::{Kind, Observation, Subject, attribute};

use crate::{
    names::{domain, is_absent, of_machine, valid},
    record::{Answer, MULTICAST, Record, SYSTEM},
};

/// Most observations about one machine. More addresses of one machine are made up by a server.
const MOST_OF_A_MACHINE: usize = 8;

/// The answers of one source for one domain, in one address family.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Group {
    source: String,
    interface: Option<String>,
    domain: String,
    ipv6: bool,
}

impl Group {
    pub(crate) fn of((source, interface): (&str, Option<&str>), name: &str, ipv6: bool) -> Self {
        let (source, interface) = (source.to_owned(), interface.map(str::to_owned));
        Self { source, interface, domain: domain(name).to_owned(), ipv6 }
    }
}

/// Turns records into observations as they come.
///
/// A source may answer for names that do not exist, by a wildcard or for advertising. So answers wait
/// until the source has answered for a name that nobody has.
pub(crate) struct Collector {
    machines: HashMap<String, Vec<usize>>,
    unsettled: HashSet<Group>,
    waiting: Vec<(Group, NamedAddress)>,
    made_up: HashSet<(Group, IpAddr)>,
    /// Without interfaces: one host is heard on several.
    reported: HashSet<(usize, NamedAddress)>,
    room: HashMap<usize, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct NamedAddress {
    name: String,
    source: String,
    interface: Option<String>,
    ip: IpAddr,
    ttl_s: Option<u32>,
}

impl Collector {
    /// A collector for these machines. Answers of `unsettled` groups wait for [`Self::settle`].
    pub(crate) fn new(vms: &[Subject], unsettled: HashSet<Group>) -> Self {
        let mut machines: HashMap<String, Vec<usize>> = HashMap::new();
        for (vm, subject) in vms.iter().enumerate() {
            for name in of_machine(subject) {
                machines.entry(name).or_default().push(vm);
            }
        }
        Self {
            machines,
            unsettled,
            waiting: Vec::new(),
            made_up: HashSet::new(),
            reported: HashSet::new(),
            room: HashMap::new(),
        }
    }

    /// The observations from a whole list of records.
    pub(crate) fn of(vms: &[Subject], records: &[Record]) -> Vec<Observation> {
        let mut collector = Self::new(vms, HashSet::new());
        let (absent, present): (Vec<_>, Vec<_>) =
            records.iter().partition(|record| is_absent(&record.name));
        absent.into_iter().chain(present).flat_map(|record| collector.add(record)).collect()
    }

    /// Adds one record. Returns the observations that do not have to wait.
    pub(crate) fn add(&mut self, record: &Record) -> Vec<Observation> {
        let known_source = [SYSTEM, MULTICAST].contains(&record.source.as_str())
            || record.source.parse::<IpAddr>().is_ok();
        let Some(name) = valid(&record.name).filter(|_| known_source) else { return Vec::new() };
        let mut observations = Vec::new();
        for Answer { ip, ttl_s } in &record.answers {
            let ip = ip.to_canonical();
            let group = Group::of(record.group(), &name, ip.is_ipv6());
            if is_absent(&name) {
                self.made_up.insert((group, ip));
                continue;
            }
            let source = record.source.clone();
            let interface = record.interface.clone().filter(|name| is_interface(name));
            let address = NamedAddress { name: name.clone(), source, interface, ip, ttl_s: *ttl_s };
            if self.unsettled.contains(&group) {
                self.waiting.push((group, address));
            } else {
                observations.extend(self.report(&group, &address));
            }
        }
        observations
    }

    /// Notes that `group` has answered for a name that nobody has. Returns the observations that waited for
    /// that.
    pub(crate) fn settle(&mut self, group: &Group) -> Vec<Observation> {
        if !self.unsettled.remove(group) {
            return Vec::new();
        }
        let (ready, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(of, _)| of == group);
        self.waiting = waiting;
        self.report_all(ready)
    }

    /// Returns the observations that still wait. A source that did not answer for a name that nobody has
    /// may be right about other names.
    pub(crate) fn finish(mut self) -> Vec<Observation> {
        let waiting = std::mem::take(&mut self.waiting);
        self.report_all(waiting)
    }

    fn report_all(&mut self, addresses: Vec<(Group, NamedAddress)>) -> Vec<Observation> {
        addresses.into_iter().flat_map(|(group, address)| self.report(&group, &address)).collect()
    }

    fn report(&mut self, group: &Group, address: &NamedAddress) -> Vec<Observation> {
        let NamedAddress { name, source, ip, .. } = address;
        if !is_machine_address(*ip) {
            tracing::debug!("{source} gives {ip} for {name}, which no machine can have");
            return Vec::new();
        }
        if self.made_up.contains(&(group.clone(), *ip)) {
            tracing::debug!("{source} gives {ip} for {name}, and for names that nobody has");
            return Vec::new();
        }
        let machines = self.machines_named(name);
        let mut observations = Vec::new();
        for vm in machines {
            let room = self.room.entry(vm).or_insert(MOST_OF_A_MACHINE);
            let heard = NamedAddress { interface: None, ..address.clone() };
            if *room > 0 && self.reported.insert((vm, heard)) {
                *room -= 1;
                observations.push(address.observation(vm));
            }
        }
        observations
    }

    /// The machines with this name, or with the longest name that it begins with.
    fn machines_named(&self, name: &str) -> Vec<usize> {
        let ends = name.rmatch_indices('.').map(|(end, _)| end);
        let mut heads = std::iter::once(name.len()).chain(ends).map(|end| &name[..end]);
        heads.find_map(|head| self.machines.get(head)).cloned().unwrap_or_default()
    }
}

impl NamedAddress {
    fn observation(&self, vm: usize) -> Observation {
        let Self { name, source, interface, ip, ttl_s } = self;
        let on = interface.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
        let server = source.parse::<IpAddr>().ok();
        let says = match (source.as_str(), server) {
            (_, Some(server)) => format!("DNS at {server}: {name} is {ip}"),
            (MULTICAST, None) => format!("DNS: {name} is {ip} (mDNS{on})"),
            _ => format!("DNS{on}: {name} is {ip}"),
        };
        let mut seen = Observation::new(vm, Kind::DnsAddress, says).at(*ip);
        if let Some(server) = server {
            seen = seen.with(attribute::SERVER, server.to_string());
        }
        match ttl_s {
            Some(seconds) => seen.with(attribute::TTL_S, seconds.to_string()),
            None => seen,
        }
    }
}

/// Whether this may be the name of an interface; a record may come from elsewhere.
fn is_interface(name: &str) -> bool {
    // The kernels' limit is 15 octets.
    (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a machine on a link can have this address.
fn is_machine_address(ip: IpAddr) -> bool {
    let group = match ip {
        // 240.0.0.0/4 is reserved and includes the broadcast address.
        IpAddr::V4(ip) => ip.octets()[0] == 0 || ip.octets()[0] >= 240,
        IpAddr::V6(_) => false,
    };
    !(group || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm(name: &str) -> Subject {
        Subject { name: name.into(), ..Subject::default() }
    }

    fn record(source: &str, name: &str, answers: &[&str]) -> Record {
        let answer = |ip: &&str| Answer { ip: ip.parse().unwrap(), ttl_s: Some(60) };
        Record {
            name: name.into(),
            source: source.into(),
            interface: None,
            answers: answers.iter().map(answer).collect(),
            error: None,
        }
    }

    fn on(interface: &str, record: Record) -> Record {
        Record { interface: Some(interface.into()), ..record }
    }

    fn lines(observations: &[Observation]) -> Vec<String> {
        observations.iter().map(|seen| format!("{} {}", seen.vm, seen.says)).collect()
    }

    #[test]
    fn reports_what_records_say() {
        let rows: &[(&str, &[Record], &[&str])] = &[
            (
                "each source in its words",
                &[
                    record("system", "web.lan", &["192.168.1.64"]),
                    record("mdns", "web.local", &["192.168.1.64", "fe80::1"]),
                    record("192.168.1.254", "web", &["192.168.1.64"]),
                ],
                &[
                    "0 DNS: web.lan is 192.168.1.64",
                    "0 DNS: web.local is 192.168.1.64 (mDNS)",
                    "0 DNS: web.local is fe80::1 (mDNS)",
                    "0 DNS at 192.168.1.254: web is 192.168.1.64",
                ],
            ),
            (
                "an answer says by which interface it came, and what is absent on one is not on all",
                &[
                    on("en0", record("mdns", "web.local", &[])),
                    on("bridge100", record("mdns", "web.local", &["192.168.64.3"])),
                    on("en7", record("system", "web.lan", &["172.20.10.5"])),
                    on("\u{1b}[2J", record("system", "web", &["172.20.10.6"])),
                ],
                &[
                    "0 DNS: web.local is 192.168.64.3 (mDNS on bridge100)",
                    "0 DNS on en7: web.lan is 172.20.10.5",
                    "0 DNS: web is 172.20.10.6",
                ],
            ),
            (
                "a wildcard of one interface's server says nothing about another's",
                &[
                    on("en7", record("system", "vmkit-absent-1.lan", &["10.9.9.9"])),
                    on("en7", record("system", "web.lan", &["10.9.9.9"])),
                    record("system", "web.lan", &["10.9.9.9"]),
                ],
                &["0 DNS: web.lan is 10.9.9.9"],
            ),
            (
                "a wildcard's answer is dropped where it came from, and another one is kept",
                &[
                    record("system", "web.lan", &["10.9.9.9", "192.168.1.64"]),
                    record("system", "vmkit-absent-1.lan", &["10.9.9.9"]),
                    record("192.168.1.254", "web.lan", &["10.9.9.9"]),
                    record("system", "web", &["10.9.9.9"]),
                ],
                &[
                    "0 DNS: web.lan is 192.168.1.64",
                    "0 DNS at 192.168.1.254: web.lan is 10.9.9.9",
                    "0 DNS: web is 10.9.9.9",
                ],
            ),
            (
                "addresses that no machine has",
                &[record(
                    "system",
                    "web",
                    &[
                        "127.0.0.1",
                        "0.0.0.0",
                        "0.1.2.3",
                        "224.0.0.251",
                        "255.255.255.255",
                        "::1",
                        "::",
                        "ff02::fb",
                        "::ffff:127.0.0.1",
                        "240.0.0.1",
                    ],
                )],
                &[],
            ),
            (
                "the longest name of a machine, and unknown names",
                &[
                    record("system", "db.example.com", &["10.0.0.1"]),
                    record("system", "db.lan", &["10.0.0.2"]),
                    record("system", "webx.lan", &["10.0.0.3"]),
                    record("system", "x.web.lan", &["10.0.0.4"]),
                ],
                &["2 DNS: db.example.com is 10.0.0.1", "1 DNS: db.lan is 10.0.0.2"],
            ),
            (
                "hostile names and sources",
                &[
                    record("system", "web.\u{1b}[2J", &["10.0.0.1"]),
                    record("\u{1b}[2J", "web", &["10.0.0.1"]),
                    record("system", &"web.".repeat(100), &["10.0.0.1"]),
                ],
                &[],
            ),
        ];
        let vms = [vm("web"), vm("db"), vm("db.example.com")];
        for (case, records, expected) in rows {
            assert_eq!(lines(&Collector::of(&vms, records)), *expected, "{case}");
        }
    }

    #[test]
    fn an_observation_has_server_and_time_to_live() {
        let records = [record("192.168.1.254", "web", &["10.0.0.1"])];
        let observations = Collector::of(&[vm("web")], &records);
        assert_eq!(observations[0].attribute(attribute::SERVER), Some("192.168.1.254"));
        assert_eq!(observations[0].attribute(attribute::TTL_S), Some("60"));
        assert_eq!(observations[0].kind, Kind::DnsAddress);
    }

    #[test]
    fn reports_each_address_once_and_eight_of_a_machine_at_most() {
        let many: Vec<String> = (1..=20).map(|last| format!("10.0.0.{last}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let twice = [record("system", "web", &many[..2]), record("system", "web", &many)];
        assert_eq!(Collector::of(&[vm("web")], &twice).len(), 8);
        assert_eq!(Collector::of(&[vm("web"), vm("web")], &twice[..1]).len(), 4);
    }

    #[test]
    fn answers_wait_until_it_is_known_what_their_source_makes_up() {
        let group = Group::of(("system", None), "any.lan", false);
        let mut collector = Collector::new(&[vm("web")], HashSet::from([group.clone()]));
        let none: Vec<String> = Vec::new();
        let early = record("system", "web.lan", &["10.9.9.9", "10.0.0.1", "fd00::1"]);
        assert_eq!(lines(&collector.add(&early)), ["0 DNS: web.lan is fd00::1"]);
        let made_up = record("system", "vmkit-absent-1.lan", &["10.9.9.9"]);
        assert_eq!(lines(&collector.add(&made_up)), none);
        assert_eq!(lines(&collector.settle(&group)), ["0 DNS: web.lan is 10.0.0.1"]);
        assert_eq!(lines(&collector.settle(&group)), none);
        assert_eq!(lines(&collector.finish()), none);

        let mut collector = Collector::new(&[vm("web")], HashSet::from([group]));
        collector.add(&early);
        assert_eq!(
            lines(&collector.finish()),
            ["0 DNS: web.lan is 10.9.9.9", "0 DNS: web.lan is 10.0.0.1"]
        );
    }
}
