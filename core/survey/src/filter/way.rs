//! The hooks that a packet passes, in their order.

use super::rules::{Family, Hook};

/// A hook on the way of a packet, and the interfaces as its chains see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The families of the chains that are asked.
    pub(crate) families: &'static [Family],
    pub(crate) hook: Hook,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    /// The bridge that the input or output is a port of.
    pub(crate) bridge: Option<String>,
    pub(crate) physical_input: Option<String>,
    pub(crate) physical_output: Option<String>,
    /// The place is on the way only if bridged frames pass the IP filter.
    pub(crate) if_bridged_are_filtered: bool,
}

/// An interface whose name is not known: no interface can have this one.
pub(crate) const UNKNOWN: &str = "/";

/// The way of a packet through this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way(pub(crate) Vec<Place>);

const BRIDGE: &[Family] = &[Family::Bridge];
const IP: &[Family] = &[Family::Ip, Family::Inet];
const ARP: &[Family] = &[Family::Arp];
const DEVICE: &[Family] = &[Family::Netdev, Family::Inet];

impl Place {
    fn new(
        families: &'static [Family],
        hook: Hook,
        input: Option<&str>,
        output: Option<&str>,
    ) -> Self {
        Self {
            families,
            hook,
            input: input.map(str::to_owned),
            output: output.map(str::to_owned),
            bridge: None,
            physical_input: None,
            physical_output: None,
            if_bridged_are_filtered: false,
        }
    }

    fn at(hook: Hook, bridge: &str, input: Option<&str>, output: Option<&str>) -> Self {
        Self { bridge: Some(bridge.to_owned()), ..Self::new(BRIDGE, hook, input, output) }
    }

    /// The IP filter knows the port of a bridge that a packet came in by.
    fn by_port(self, port: Option<&str>) -> Self {
        Self { physical_input: Some(port.unwrap_or(UNKNOWN).to_owned()), ..self }
    }

    /// A hook of the IP filter for a bridged frame. Its interfaces are the bridge, and its ports are
    /// visible as physical ones (`br_netfilter_hooks.c`).
    fn bridged(hook: Hook, bridge: &str, input: Option<&str>, output: Option<&str>) -> Self {
        // PREROUTING has no output, and POSTROUTING of a bridged frame no input.
        let logical = |port: Option<&str>| port.map(|_| bridge.to_owned());
        let before = hook == Hook::Postrouting;
        Self {
            input: if before { None } else { logical(input) },
            output: logical(output),
            physical_input: input.map(str::to_owned),
            physical_output: output.map(str::to_owned),
            if_bridged_are_filtered: true,
            ..Self::new(IP, hook, None, None)
        }
    }
}

impl Way {
    /// From one port of a bridge to another.
    pub fn bridged(bridge: &str, from: Option<&str>, to: Option<&str>) -> Self {
        let (from, to) = (from.or(Some(UNKNOWN)), to.or(Some(UNKNOWN)));
        Self(vec![
            Place::new(DEVICE, Hook::Ingress, from, None),
            Place::at(Hook::Prerouting, bridge, from, None),
            Place::bridged(Hook::Prerouting, bridge, from, None),
            Place::bridged(Hook::Forward, bridge, from, to),
            Place::at(Hook::Forward, bridge, from, to),
            Place::at(Hook::Postrouting, bridge, None, to),
            Place::bridged(Hook::Postrouting, bridge, from, to),
            Place::new(DEVICE, Hook::Egress, None, to),
        ])
    }

    /// From a port of a bridge to this computer. `raw`: to a program that reads frames before the IP
    /// filter.
    pub fn to_host(bridge: &str, port: Option<&str>, raw: bool) -> Self {
        let mut way = Self::into_bridge(bridge, port);
        if !raw {
            for hook in [Hook::Prerouting, Hook::Input] {
                way.0.push(Place::new(IP, hook, Some(bridge), None).by_port(port));
            }
        }
        way
    }

    /// ARP from a port of a bridge to this computer.
    pub fn arp_to_host(bridge: &str, port: Option<&str>) -> Self {
        let mut way = Self::into_bridge(bridge, port);
        way.0.push(Place::new(ARP, Hook::Input, Some(bridge), None));
        way
    }

    /// Whether a program of this computer sends what goes this way.
    pub(crate) fn is_from_host(&self) -> bool {
        self.0.first().is_some_and(|place| matches!(place.hook, Hook::Output | Hook::Egress))
    }

    /// From this computer to a port of a bridge. `raw`: of a program that writes frames itself.
    pub fn from_host(bridge: &str, port: Option<&str>, raw: bool) -> Self {
        let mut way = Self::out_of_bridge(bridge, port);
        if !raw {
            way.0.insert(0, Place::new(IP, Hook::Output, None, Some(bridge)));
            way.0.insert(1, Place::new(IP, Hook::Postrouting, None, Some(bridge)));
        }
        way
    }

    /// ARP from this computer to a port of a bridge.
    pub fn arp_from_host(bridge: &str, port: Option<&str>) -> Self {
        let mut way = Self::out_of_bridge(bridge, port);
        way.0.insert(0, Place::new(ARP, Hook::Output, None, Some(bridge)));
        way
    }

    /// From an interface that is in no bridge to a program of the same computer.
    pub fn arriving(interface: &str) -> Self {
        let input = Some(interface);
        let device = Place::new(DEVICE, Hook::Ingress, input, None);
        let filtered =
            [Hook::Prerouting, Hook::Input].map(|hook| Place::new(IP, hook, input, None));
        Self(std::iter::once(device).chain(filtered).collect())
    }

    /// From a port of a bridge, routed by this computer, to another interface.
    pub fn routed_out(bridge: &str, port: Option<&str>, uplink: &str) -> Self {
        let mut way = Self::into_bridge(bridge, port);
        way.0.extend(Self::routed(bridge, uplink).map(|place| place.by_port(port)));
        way.0.push(Place::new(DEVICE, Hook::Egress, None, Some(uplink)));
        way
    }

    /// From an interface, routed by this computer, to a port of a bridge.
    pub fn routed_in(uplink: &str, bridge: &str, port: Option<&str>) -> Self {
        let mut way = vec![Place::new(DEVICE, Hook::Ingress, Some(uplink), None)];
        way.extend(Self::routed(uplink, bridge));
        way.extend(Self::out_of_bridge(bridge, port).0);
        Self(way)
    }

    fn routed(from: &str, to: &str) -> [Place; 3] {
        let (from, to) = (Some(from), Some(to));
        [
            Place::new(IP, Hook::Prerouting, from, None),
            Place::new(IP, Hook::Forward, from, to),
            Place::new(IP, Hook::Postrouting, from, to),
        ]
    }

    fn into_bridge(bridge: &str, port: Option<&str>) -> Self {
        let port = port.or(Some(UNKNOWN));
        Self(vec![
            Place::new(DEVICE, Hook::Ingress, port, None),
            Place::at(Hook::Prerouting, bridge, port, None),
            Place::bridged(Hook::Prerouting, bridge, port, None),
            Place::at(Hook::Input, bridge, port, None),
            Place::new(DEVICE, Hook::Ingress, Some(bridge), None),
        ])
    }

    fn out_of_bridge(bridge: &str, port: Option<&str>) -> Self {
        let port = port.or(Some(UNKNOWN));
        Self(vec![
            Place::new(DEVICE, Hook::Egress, None, Some(bridge)),
            Place::at(Hook::Output, bridge, None, port),
            Place::at(Hook::Postrouting, bridge, None, port),
            Place::new(DEVICE, Hook::Egress, None, port),
        ])
    }
}
