//! The ports of machines' cards, by what the host's bridges have learned.

use std::collections::BTreeMap;

use vmkit_model::{Evidence, Machine};
use vmkit_types::{HostNetwork, InterfaceKind, Kind, Mac, Reading, attribute};

/// Gives each card whose port is not known the one behind which its MAC was seen last. On macOS nothing
/// else tells the ports of several machines apart.
pub(super) fn assign<'m>(
    machines: impl Iterator<Item = &'m mut Machine>,
    evidence: &[Evidence],
    network: Option<&HostNetwork>,
) {
    let ports = learned(evidence, network);
    for machine in machines.filter(|_| !ports.is_empty()) {
        let cards = std::iter::once(&mut machine.cards.first).chain(&mut machine.cards.others);
        for card in cards {
            let port = card.known_mac().and_then(|mac| ports.get(&mac));
            if let (Reading::Known(net), Some(port)) = (&mut card.net, port)
                && net.port.is_none()
            {
                net.port = Some((*port).to_owned());
            }
        }
    }
}

/// The port of each MAC. A MAC behind the uplink is that of somebody else, or is out there as well.
fn learned<'e>(evidence: &'e [Evidence], network: Option<&HostNetwork>) -> BTreeMap<Mac, &'e str> {
    let is_adapter = |name: &str| {
        let mut interfaces = network.into_iter().flat_map(|network| &network.interfaces);
        interfaces.any(|interface| {
            interface.name == name
                && matches!(interface.kind, InterfaceKind::Wifi | InterfaceKind::Ethernet)
        })
    };
    let mut seen: Vec<_> = evidence
        .iter()
        .filter(|item| matches!(item.observation.kind, Kind::BridgePort | Kind::BridgeAddress))
        .filter_map(|item| {
            let port = item.observation.attribute(attribute::INTERFACE)?;
            Some((item.seen_at(), item.observation.mac?, port))
        })
        .filter(|(.., port)| !is_adapter(port))
        .collect();
    seen.sort_by_key(|(at, ..)| *at);
    seen.into_iter().map(|(_, mac, port)| (mac, port)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use vmkit_model::{Card, Cards};
    use vmkit_types::{Interface, NetworkMode, Observation};

    use super::*;

    const WEB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 1]);
    const DB: Mac = Mac::new([0x52, 0x54, 0, 0, 0, 2]);

    fn seen(mac: Mac, port: &str, age_s: u64) -> Evidence {
        let seen = Observation::new(0, Kind::BridgePort, "as it says").on_mac(mac);
        let seen = seen.with(attribute::INTERFACE, port).aged(Duration::from_secs(age_s));
        let received_at = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        Evidence { id: 0, plugin: "bridge".into(), received_at, observation: seen.into() }
    }

    fn machine(name: &str, mac: Mac, port: Option<&str>) -> Machine {
        let mut card = Card::new(Some(mac), Some(NetworkMode::Bridged), Some("en0".to_owned()));
        if let Reading::Known(net) = &mut card.net {
            net.port = port.map(str::to_owned);
        }
        let cards = Cards { first: card, others: Vec::new() };
        Machine { cards, ..Machine::new("vm-toolkit".into(), name) }
    }

    #[test]
    fn a_card_gets_the_port_of_its_last_frame() {
        let mut network = HostNetwork::default();
        network.interfaces.push(Interface {
            name: "en0".to_owned(),
            mac: None,
            addresses: Vec::new(),
            kind: InterfaceKind::Wifi,
            up: true,
            bridge: Some("bridge100".to_owned()),
        });
        let evidence = [
            seen(WEB, "vmenet0", 900),
            seen(WEB, "vmenet2", 3),
            seen(WEB, "en0", 1),
            seen(DB, "vmenet1", 3),
        ];
        let mut machines = [machine("web", WEB, None), machine("db", DB, Some("tap7"))];
        assign(machines.iter_mut(), &evidence, Some(&network));
        let ports = machines.each_ref().map(|machine| match &machine.cards.first.net {
            Reading::Known(net) => net.port.as_deref(),
            _ => None,
        });
        assert_eq!(ports, [Some("vmenet2"), Some("tap7")]);
    }
}
