//! From what bridges know to observations.

use std::collections::HashMap;

use vmkit_plugin::{Kind, Mac, Observation, Subject, attribute};

use crate::table::{Fact, Table, What};

/// Why nothing can be said of a machine that no bridge translates.
const NO_ADDRESS: &str = "no bridge of this computer names an address of its MAC";

/// The observations about these machines. A MAC of two machines counts for both.
pub(crate) fn discover(table: &Table, vms: &[Subject]) -> Vec<Observation> {
    let mut owners: HashMap<Mac, Vec<usize>> = HashMap::new();
    for (vm, subject) in vms.iter().enumerate() {
        for mac in &subject.macs {
            let machines = owners.entry(*mac).or_default();
            if machines.last() != Some(&vm) {
                machines.push(vm);
            }
        }
    }
    let mut named = vec![false; vms.len()];
    let mut observations = Vec::new();
    for fact in &table.facts {
        for &vm in owners.get(&fact.mac).into_iter().flatten() {
            named[vm] |= matches!(fact.what, What::Translated(_));
            observations.push(observation(vm, fact));
        }
    }
    // The silence of a bridge says nothing: it names addresses only where it translates MACs.
    let unnamed = named.iter().enumerate().filter(|(_, named)| !**named);
    observations.extend(unnamed.map(|(vm, _)| Observation::nothing_to_look_at(vm, NO_ADDRESS)));
    observations
}

fn observation(vm: usize, fact: &Fact) -> Observation {
    let Fact { mac, port, bridge, age, what } = fact;
    let seen = match what {
        What::Seen => {
            let says = format!("frames of its MAC come in at {port} of {bridge}");
            Observation::new(vm, Kind::BridgePort, says)
        }
        What::Asking => {
            let says =
                format!("its DHCP request went out by {bridge} from {port}, without an answer yet");
            Observation::new(vm, Kind::BridgePort, says)
        }
        What::Translated(address) => {
            let says = format!("{bridge} translates its MAC for this address at {port}");
            Observation::new(vm, Kind::BridgeAddress, says).at(*address)
        }
    };
    let seen = seen.on_mac(*mac).with(attribute::INTERFACE, port.as_str());
    let seen = seen.with(attribute::BRIDGE, bridge.as_str());
    Observation { age: *age, ..seen }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const DB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 2]);

    fn vm(macs: &[Mac]) -> Subject {
        Subject { macs: macs.to_vec(), ..Subject::default() }
    }

    fn fact(mac: Mac, port: &str, what: What) -> Fact {
        let age = Some(Duration::from_secs(3));
        Fact { mac, port: port.to_owned(), bridge: "bridge100".to_owned(), age, what }
    }

    #[test]
    fn reports_ports_and_addresses_of_the_machines_macs() {
        let facts = vec![
            fact(WEB, "vmenet0", What::Seen),
            fact(WEB, "vmenet0", What::Translated([192, 168, 1, 64].into())),
            fact(DB, "vmenet1", What::Asking),
            fact(Mac::new([2, 0, 0, 0, 0, 9]), "en0", What::Seen),
        ];
        let table = Table { facts, without_macs: Vec::new() };
        let seen = discover(&table, &[vm(&[WEB, WEB]), vm(&[DB]), vm(&[])]);
        let lines: Vec<_> = seen
            .iter()
            .map(|seen| {
                let address = seen.address.map_or_else(|| "-".to_owned(), |at| at.to_string());
                format!("{} {} {address} {}", seen.vm, seen.kind.code(), seen.says)
            })
            .collect();
        let expected = [
            "0 bridge-port - frames of its MAC come in at vmenet0 of bridge100",
            "0 bridge-address 192.168.1.64 bridge100 translates its MAC for this address at vmenet0",
            "1 bridge-port - its DHCP request went out by bridge100 from vmenet1, without an answer yet",
            "1 unread - no bridge of this computer names an address of its MAC",
            "2 unread - no bridge of this computer names an address of its MAC",
        ];
        assert_eq!(lines, expected);
        assert_eq!(seen[1].attribute("interface"), Some("vmenet0"));
        assert_eq!(seen[1].attribute("bridge"), Some("bridge100"));
        assert_eq!((seen[1].mac, seen[1].age), (Some(WEB), Some(Duration::from_secs(3))));
    }

    #[test]
    fn a_mac_of_two_machines_counts_for_both() {
        let address = What::Translated([192, 168, 1, 64].into());
        let table = Table { facts: vec![fact(WEB, "vmenet0", address)], without_macs: Vec::new() };
        let seen = discover(&table, &[vm(&[WEB]), vm(&[DB, WEB])]);
        let of: Vec<_> = seen.iter().map(|seen| (seen.vm, seen.kind.code())).collect();
        assert_eq!(of, [(0, "bridge-address"), (1, "bridge-address")]);
    }
}
