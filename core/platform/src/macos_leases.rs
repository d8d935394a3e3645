//! Which interfaces of a Mac are asked for their own DHCP leases, and the texts as a snapshot keeps them.

use std::net::IpAddr;

use vmkit_types::{HostNetwork, Interface, InterfaceKind, Reading};

/// Most interfaces that are asked for: each takes a process.
const MOST: usize = 8;

/// The uplinks that may have an address by DHCP, that of the default route first.
pub(crate) fn uplinks(network: &HostNetwork) -> Vec<&str> {
    let is_default = |interface: &&Interface| {
        let mut routes = network.routes.iter();
        routes.any(|route| {
            let leads_out = route.destination.length == 0 && route.gateway.is_some();
            leads_out && route.interface == interface.name
        })
    };
    let (first, others): (Vec<&Interface>, Vec<&Interface>) =
        network.interfaces.iter().filter(|it| is_uplink(it)).partition(is_default);
    first.into_iter().chain(others).take(MOST).map(|it| it.name.as_str()).collect()
}

fn is_uplink(interface: &Interface) -> bool {
    let has_address = interface.addresses.iter().any(|prefix| match prefix.address {
        IpAddr::V4(address) => !address.is_link_local(),
        IpAddr::V6(_) => false,
    });
    let is_card = match interface.kind {
        InterfaceKind::Wifi | InterfaceKind::Ethernet | InterfaceKind::Unknown => true,
        InterfaceKind::Bridge
        | InterfaceKind::Tap
        | InterfaceKind::Loopback
        | InterfaceKind::Vpn
        | InterfaceKind::Container => false,
    };
    interface.up && has_address && is_card
}

/// The texts one after another, each below the name of its interface. Empty: none has a lease. Unknown:
/// one could not be asked, and the others have none.
pub(crate) fn joined<'n>(
    texts: impl Iterator<Item = (&'n str, Reading<String>)>,
) -> Reading<String> {
    let (mut all, mut missing) = (String::new(), None);
    for (name, text) in texts {
        match text {
            Reading::Known(text) if text.trim().is_empty() => {}
            Reading::Known(text) => all.extend(["interface ", name, "\n", &text, "\n"]),
            Reading::Absent => {}
            Reading::Unknown(why) => missing = Some(why),
        }
    }
    match missing {
        Some(why) if all.is_empty() => Reading::Unknown(why),
        _ => Reading::Known(all),
    }
}

#[cfg(test)]
mod tests {
    use vmkit_types::{Prefix, Route, Unread};

    use super::*;

    fn interface(name: &str, kind: InterfaceKind, address: [u8; 4], up: bool) -> Interface {
        let addresses = vec![Prefix { address: address.into(), length: 24 }];
        Interface { name: name.to_owned(), mac: None, addresses, kind, up, bridge: None }
    }

    #[test]
    fn every_uplink_with_an_address_is_asked_and_the_default_route_first() {
        use InterfaceKind::{Bridge, Ethernet, Loopback, Unknown, Vpn, Wifi};
        let interfaces = vec![
            interface("lo0", Loopback, [127, 0, 0, 1], true),
            interface("en0", Wifi, [192, 168, 178, 50], true),
            interface("en5", Ethernet, [169, 254, 3, 4], true),
            interface("en6", Ethernet, [10, 0, 0, 9], false),
            interface("en7", Unknown, [172, 20, 10, 2], true),
            interface("en8", Ethernet, [192, 168, 1, 50], true),
            interface("bridge100", Bridge, [192, 168, 64, 1], true),
            interface("utun4", Vpn, [10, 8, 0, 2], true),
        ];
        let destination = Prefix { address: [0, 0, 0, 0].into(), length: 0 };
        let gateway = Some([192, 168, 1, 254].into());
        let route = Route { destination, gateway, interface: "en8".to_owned() };
        let mut network = HostNetwork { interfaces, routes: vec![route] };
        assert_eq!(uplinks(&network), ["en8", "en0", "en7"]);
        network.routes.clear();
        assert_eq!(uplinks(&network), ["en0", "en7", "en8"]);
    }

    #[test]
    fn each_packet_stands_below_its_interface() {
        let known = |text: &str| Reading::Known(text.to_owned());
        let late = || Reading::Unknown(Unread::TimedOut);
        let rows = [
            (
                [("en0", known("yiaddr = 1\n")), ("en7", known("yiaddr = 2\n"))],
                known("interface en0\nyiaddr = 1\n\ninterface en7\nyiaddr = 2\n\n"),
            ),
            ([("en0", late()), ("en7", known("x"))], known("interface en7\nx\n")),
            ([("en0", late()), ("en7", known("\n"))], late()),
            ([("en0", known("")), ("en7", Reading::Absent)], known("")),
        ];
        for (texts, expected) in rows {
            assert_eq!(joined(texts.clone().into_iter()), expected, "{texts:?}");
        }
    }
}
