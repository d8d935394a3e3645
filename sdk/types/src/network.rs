//! The host's own network, as plain data.

use std::{fmt, net::IpAddr};

use crate::Mac;

/// An address with the length of its network's prefix.
///
/// ```
/// use vmkit_types::Prefix;
///
/// let lan = Prefix { address: [192, 168, 1, 0].into(), length: 24 };
/// assert!(lan.contains([192, 168, 1, 64].into()) && !lan.contains([192, 168, 2, 64].into()));
/// assert_eq!(lan.to_string(), "192.168.1.0/24");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    /// An address inside the network.
    pub address: IpAddr,
    /// Leading bits that name the network: at most 32, or 128 for IPv6.
    pub length: u8,
}

impl Prefix {
    /// Whether `other` lies in the same network.
    pub fn contains(self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.length.min(32))
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.length.min(128))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// What an interface is.
///
/// ```
/// use vmkit_types::InterfaceKind;
///
/// // A machine can be attached to a bridge, and to no loopback.
/// assert_ne!(InterfaceKind::Bridge, InterfaceKind::Loopback);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InterfaceKind {
    /// An 802.11 station.
    Wifi,
    /// A wired card, or a virtual one that behaves like it.
    Ethernet,
    /// A software switch.
    Bridge,
    /// A guest's port.
    Tap,
    /// `lo`.
    Loopback,
    /// A tunnel of a VPN.
    Vpn,
    /// A bridge or port of a container engine.
    Container,
    /// The system does not say.
    Unknown,
}

/// One interface of the host.
///
/// ```
/// use vmkit_types::{Interface, InterfaceKind, Prefix};
///
/// let bridge = Interface {
///     name: "br0".into(),
///     mac: None,
///     addresses: vec![Prefix { address: [192, 168, 1, 20].into(), length: 24 }],
///     kind: InterfaceKind::Bridge,
///     up: true,
///     bridge: None,
/// };
/// assert!(bridge.addresses[0].contains([192, 168, 1, 64].into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name, such as `en0`.
    pub name: String,
    /// Its MAC, where it has one.
    pub mac: Option<Mac>,
    /// Its addresses, of both families.
    pub addresses: Vec<Prefix>,
    /// What it is.
    pub kind: InterfaceKind,
    /// Whether it is administratively up, and has a carrier where the system says so.
    pub up: bool,
    /// The bridge that it is a port of, where that is known.
    pub bridge: Option<String>,
}

/// One route of the host.
///
/// ```
/// use vmkit_types::{Prefix, Route};
///
/// let default = Route {
///     destination: Prefix { address: [0, 0, 0, 0].into(), length: 0 },
///     gateway: Some([192, 168, 1, 1].into()),
///     interface: "br0".into(),
/// };
/// assert!(default.destination.contains([203, 0, 113, 7].into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destinations; a length of 0 is the default route.
    pub destination: Prefix,
    /// The next hop; `None`: on the link itself.
    pub gateway: Option<IpAddr>,
    /// The interface of the next hop.
    pub interface: String,
}

/// What is known of the host's network at one moment.
///
/// ```
/// use vmkit_types::HostNetwork;
///
/// let unplugged = HostNetwork::default();
/// assert_eq!(unplugged.gateways().count(), 0);
/// assert_eq!(unplugged.on_link([192, 168, 1, 64].into()), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostNetwork {
    /// All interfaces.
    pub interfaces: Vec<Interface>,
    /// All routes.
    pub routes: Vec<Route>,
}

impl HostNetwork {
    /// The gateways of all default routes.
    pub fn gateways(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.routes.iter().filter(|route| route.destination.length == 0).filter_map(|r| r.gateway)
    }

    /// The interface whose network contains `address`, except loopback: the most specific one.
    pub fn on_link(&self, address: IpAddr) -> Option<&Interface> {
        let longest = |interface: &Interface| {
            interface.addresses.iter().filter(|p| p.contains(address)).map(|p| p.length).max()
        };
        self.interfaces
            .iter()
            .filter(|interface| interface.kind != InterfaceKind::Loopback)
            .filter_map(|interface| longest(interface).map(|length| (length, interface)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, interface)| interface)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_contains_its_network_and_nothing_else() {
        let prefix = Prefix { address: [192, 168, 1, 50].into(), length: 24 };
        assert!(prefix.contains([192, 168, 1, 254].into()));
        assert!(!prefix.contains([192, 168, 2, 50].into()));
        assert!(!prefix.contains("::1".parse().unwrap()));
        assert!(Prefix { length: 0, ..prefix }.contains([8, 8, 8, 8].into()));
    }
}
