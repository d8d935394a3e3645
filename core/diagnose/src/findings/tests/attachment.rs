//! How machines are attached on a Mac.

use vmkit_types::{HostNetwork, Interface, InterfaceKind, NetworkMode, Prefix};

use super::scene::{VM, machine};
use crate::{Attachment, Machine};

/// Name, kind, address and bridge of an interface.
type Row<'a> = (&'a str, InterfaceKind, Option<[u8; 4]>, Option<&'a str>);

fn network(rows: &[Row<'_>]) -> HostNetwork {
    let interface = |(name, kind, address, bridge): &Row<'_>| Interface {
        name: (*name).to_owned(),
        mac: None,
        addresses: address
            .map(|octets| Prefix { address: octets.into(), length: 24 })
            .into_iter()
            .collect(),
        kind: *kind,
        up: true,
        bridge: bridge.map(str::to_owned),
    };
    HostNetwork { interfaces: rows.iter().map(interface).collect(), routes: Vec::new() }
}

/// Ports in the machines' own network, ports in the bridge of the Wi-Fi interface, and the port,
/// bridge and uplink of a machine. vmnet does not say which port a machine has.
#[test]
fn finds_the_port_and_bridge_of_a_vmnet_machine() {
    use InterfaceKind::{Bridge, Tap, Wifi};
    use NetworkMode::{Bridged, Shared};
    let (own, host_only, air) = ("bridge100", "bridge102", "bridge101");
    let rows: [(&[&str], NetworkMode, &str); 7] = [
        (&[own], Shared, "vmenet0 bridge100 -"),
        (&[own, own], Shared, "- bridge100 -"),
        (&[own, host_only], Shared, "- - -"),
        (&[own, air], Shared, "vmenet0 bridge100 -"),
        (&[own, air], Bridged, "vmenet1 bridge101 en0"),
        (&[air, air], Bridged, "- bridge101 en0"),
        (&[], Shared, "- - -"),
    ];
    for (ports, mode, expected) in rows {
        let names: Vec<_> = (0..ports.len()).map(|index| format!("vmenet{index}")).collect();
        let mut all = vec![
            ("en0", Wifi, Some([192, 168, 1, 50]), Some(air)),
            (own, Bridge, Some([192, 168, 64, 1]), None),
            (host_only, Bridge, Some([192, 168, 65, 1]), None),
            (air, Bridge, None, None),
        ];
        let members = names.iter().zip(ports);
        all.extend(members.map(|(name, bridge)| (name.as_str(), Tap, None, Some(*bridge))));
        let network = network(&all);
        let interface = (mode == Bridged).then(|| "en0".to_owned());
        let machine = Machine { mode: Some(mode), interface, port: None, ..machine("web", VM) };
        let attachment = Attachment::of_machine(&machine, Some(&network));
        let found = [attachment.port, attachment.bridge, attachment.uplink]
            .map(|each| each.map_or("-", |interface| interface.name.as_str()));
        assert_eq!(found.join(" "), expected, "{ports:?} {mode:?}");
    }
}
