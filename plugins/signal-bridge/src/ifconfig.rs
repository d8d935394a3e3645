//! The output of macOS's `ifconfig -a -v -v`. Said twice, `-v` adds to each bridge what `ifconfig BRIDGE`
//! shows of it:
//!
//! ```text
//! bridge101: flags=8a63<UP,…> mtu 1500 index 20
//! ⇥Configuration:
//! ⇥⇥maxage 0 holdcnt 0 proto stp maxaddr 100 timeout 1200
//! ⇥member: vmenet0 flags=10003<LEARNING,DISCOVER,CSUM>
//! ⇥Address cache:
//! ⇥⇥52:54:0:4b:5e:57 Vlan1 vmenet0 1187 flags=0<>
//! ⇥MAC NAT list:
//! ⇥⇥vmenet0 192.168.1.64 52:54:0:4b:5e:57 1187
//! ⇥DHCP XID list:
//! ⇥⇥vmenet0 52:54:0:4b:5e:57 0x1234abcd 9
//! ```
//!
//! The last number of a line is when the entry expires, in seconds. Lists appear where they have entries,
//! save the first, and releases add words and lines.

use std::{net::IpAddr, time::Duration};

use vmkit_plugin::Mac;

use crate::table::{Fact, MOST_FACTS, Table, What, is_interface};

/// How long entries are kept where the bridge does not say.
const USUAL_TIMEOUT: u64 = 1200;

/// How the names of machines' ports begin.
const GUEST_PORT: &str = "vmenet";

/// The list that a line is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Addresses,
    Translations,
    Requests,
    Other,
}

/// The bridge whose lines are being read.
struct Bridge<'t> {
    name: &'t str,
    timeout: u64,
    section: Section,
    has_guests: bool,
    lists_macs: bool,
}

/// The facts of all bridges in the text.
pub(crate) fn parse(text: &str) -> Table {
    let mut table = Table::default();
    let mut bridge = Bridge::new("");
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            bridge.end(&mut table);
            bridge = Bridge::new(line.split(':').next().unwrap_or_default());
        } else if let Some(fact) = bridge.read(line)
            && table.facts.len() < MOST_FACTS
        {
            table.facts.push(fact);
        }
    }
    bridge.end(&mut table);
    table
}

impl<'t> Bridge<'t> {
    const fn new(name: &'t str) -> Self {
        Self {
            name,
            timeout: USUAL_TIMEOUT,
            section: Section::Other,
            has_guests: false,
            lists_macs: false,
        }
    }

    /// Notes a bridge whose MACs were left out.
    fn end(&self, table: &mut Table) {
        if self.has_guests && !self.lists_macs && table.without_macs.len() < MOST_FACTS {
            table.without_macs.push(self.name.to_owned());
        }
    }

    /// Reads one indented line; the fact on it.
    fn read(&mut self, line: &str) -> Option<Fact> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !line.starts_with("\t\t") {
            let member = words.first() == Some(&"member:");
            self.has_guests |=
                member && words.get(1).is_some_and(|port| port.starts_with(GUEST_PORT));
            self.section = section(line.trim());
            self.lists_macs |= self.section == Section::Addresses;
            return None;
        }
        match (self.section, words.as_slice()) {
            (Section::Addresses, [mac, _, port, expires, ..]) => {
                self.fact(mac, port, expires, What::Seen)
            }
            (Section::Translations, [port, address, mac, expires, ..]) => {
                let address = usable(address.parse().ok()?)?;
                self.fact(mac, port, expires, What::Translated(address))
            }
            (Section::Requests, [port, mac, ..]) => self.fact(mac, port, "", What::Asking),
            _ => {
                let timeout = words.iter().position(|word| *word == "timeout");
                let seconds = timeout.and_then(|place| words.get(place + 1)?.parse().ok());
                self.timeout = seconds.unwrap_or(self.timeout);
                None
            }
        }
    }

    fn fact(&self, mac: &str, port: &str, expires: &str, what: What) -> Option<Fact> {
        let mac: Mac = mac.parse().ok()?;
        let usable = !mac.is_zero() && !mac.is_multicast() && is_interface(port);
        let left: Option<u64> = expires.parse().ok();
        usable.then(|| Fact {
            mac,
            port: port.to_owned(),
            bridge: self.name.to_owned(),
            age: left.and_then(|left| self.timeout.checked_sub(left)).map(Duration::from_secs),
            what,
        })
    }
}

fn section(heading: &str) -> Section {
    let headings = [
        ("Address cache", Section::Addresses),
        ("MAC NAT list", Section::Translations),
        ("DHCP XID list", Section::Requests),
    ];
    let found = headings.iter().find(|(start, _)| heading.starts_with(start));
    found.map_or(Section::Other, |(_, section)| *section)
}

/// The address, if a machine can have it. A guest that has none yet speaks for 0.0.0.0.
fn usable(address: IpAddr) -> Option<IpAddr> {
    let unusable = address.is_unspecified() || address.is_multicast() || address.is_loopback();
    (!unusable && address != IpAddr::from([255; 4])).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(table: &Table) -> Vec<String> {
        let line = |fact: &Fact| {
            let Fact { mac, port, bridge, age, what } = fact;
            let age = age.map_or_else(|| "-".to_owned(), |age| age.as_secs().to_string());
            match what {
                What::Seen => format!("{mac} seen at {port} of {bridge}, {age}"),
                What::Translated(address) => {
                    format!("{mac} has {address} at {port} of {bridge}, {age}")
                }
                What::Asking => format!("{mac} asks at {port} of {bridge}, {age}"),
            }
        };
        table.facts.iter().map(line).collect()
    }

    #[test]
    fn reads_what_each_bridge_knows() {
        let table = parse(include_str!("../tests/data/ifconfig.txt"));
        let expected: Vec<_> = include_str!("../tests/data/ifconfig.expected").lines().collect();
        assert_eq!(summary(&table), expected);
        assert_eq!(table.without_macs, Vec::<String>::new());
        // A release that leaves out the lists.
        let text = "bridge100: flags=0<>\n\tmember: vmenet0 flags=3<LEARNING>\n\tstatus: active\n";
        assert_eq!(parse(text).without_macs, ["bridge100"]);
    }

    #[test]
    fn skips_lines_of_other_forms() {
        let lines = [
            "\t\t52:54:0:4b:5e:57",
            "\t\t52:54:0:4b:5e Vlan1 vmenet0 7 flags=0<>",
            "\t\tff:ff:ff:ff:ff:ff Vlan1 vmenet0 7 flags=0<>",
            "\t\t0:0:0:0:0:0 Vlan1 vmenet0 7 flags=0<>",
            "\t\t52:54:0:4b:5e:57 Vlan1 a-name-that-is-too-long 7 flags=0<>",
            "\tAddress cache 52:54:0:4b:5e:57 Vlan1 vmenet0 7",
        ];
        for line in lines {
            let text = format!("bridge100: flags=0<>\n\tAddress cache:\n{line}\n");
            assert_eq!(parse(&text), Table::default(), "{line}");
        }
        let translations = [
            "\t\tvmenet0 0.0.0.0 52:54:0:4b:5e:57 7",
            "\t\tvmenet0 224.0.0.251 52:54:0:4b:5e:57 7",
            "\t\tvmenet0 192.168.1.999 52:54:0:4b:5e:57 7",
            "\t\tvmenet0 192.168.1.9",
        ];
        for line in translations {
            let text = format!("bridge100: flags=0<>\n\tMAC NAT list:\n{line}\n");
            assert_eq!(parse(&text).facts, [], "{line}");
        }
    }

    #[test]
    fn an_entry_without_a_usable_time_has_no_age() {
        for expires in ["0x9", "1201", "18446744073709551616"] {
            let text = format!(
                "bridge100: flags=0<>\n\tMAC NAT list:\n\t\tvmenet0 192.168.1.9 52:54:0:0:0:1 {expires}\n"
            );
            let ages: Vec<_> = parse(&text).facts.iter().map(|fact| fact.age).collect();
            assert_eq!(ages, [None], "{expires}");
        }
    }
}
