//! Networks of a computer, to be reported.

use std::time::Duration;

use vmkit_attach::{KnownRouter, Reach};
use vmkit_model::{CommandPlace, Platform};
use vmkit_report::Networks;
use vmkit_types::{HostNetwork, Interface, InterfaceKind, Prefix, Reading, Route};

use super::{mac, now};

fn interface(name: &str, kind: InterfaceKind, address: Option<[u8; 4]>) -> Interface {
    let prefix = |address: [u8; 4]| Prefix { address: address.into(), length: 24 };
    Interface {
        name: name.to_owned(),
        mac: Some(mac(1)),
        addresses: address.map(prefix).into_iter().collect(),
        kind,
        up: true,
        bridge: None,
    }
}

fn default_route(interface: &str) -> Route {
    Route {
        destination: Prefix { address: [0, 0, 0, 0].into(), length: 0 },
        gateway: Some([192, 168, 1, 254].into()),
        interface: interface.to_owned(),
    }
}

/// A Linux computer with a wired bridge, a spare adapter, Wi-Fi, and a network of libvirt's.
pub(crate) fn wired() -> HostNetwork {
    let mut uplink = interface("enp1s0", InterfaceKind::Ethernet, None);
    uplink.bridge = Some("br0".to_owned());
    let spare = Interface { up: false, ..interface("enp2s0", InterfaceKind::Ethernet, None) };
    let odd = interface("odd0", InterfaceKind::Unknown, None);
    HostNetwork {
        interfaces: vec![
            interface("br0", InterfaceKind::Bridge, Some([192, 168, 1, 20])),
            uplink,
            spare,
            interface("wlan0", InterfaceKind::Wifi, Some([192, 168, 105, 9])),
            interface("virbr0", InterfaceKind::Bridge, Some([192, 168, 122, 1])),
            odd,
        ],
        routes: vec![default_route("br0")],
    }
}

/// A Linux computer with Wi-Fi in a bridge by 4-address frames.
pub(crate) fn wifi() -> HostNetwork {
    let mut uplink = interface("wlan0", InterfaceKind::Wifi, None);
    uplink.bridge = Some("br0".to_owned());
    HostNetwork {
        interfaces: vec![
            interface("br0", InterfaceKind::Bridge, Some([192, 168, 1, 20])),
            uplink,
            Interface { up: false, ..interface("eth0", InterfaceKind::Ethernet, None) },
        ],
        routes: vec![default_route("br0")],
    }
}

pub(crate) fn networks(network: &HostNetwork) -> Networks<'_> {
    Networks {
        machine: Some("web"),
        runs: false,
        network,
        platform: Platform::Linux,
        router: Reading::Known(KnownRouter {
            name: "BT Smart Hub 2".to_owned(),
            report: Some("Switch Smart Setup to Mode 2".to_owned()),
        }),
        reach: Reach::OtherMachines,
        remembered: None,
        generated_at: now(),
        elapsed: Duration::from_millis(12),
        place: CommandPlace::default(),
    }
}
