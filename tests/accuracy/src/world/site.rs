//! The host and its networks.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use vmkit_types::{HostNetwork, Interface, InterfaceKind, Mac, NetworkMode, Prefix, Route};

use crate::random::Random;

/// The host's IPv6 address on its LAN.
const LAN_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 20);

/// Networks that macOS and its helpers share with machines.
const MACOS_SHARED: [[u8; 3]; 3] = [[192, 168, 64], [192, 168, 65], [192, 168, 105]];

/// The host: its platform, its LAN and its shared network.
#[expect(clippy::struct_excessive_bools, reason = "each is drawn on its own")]
pub struct Site {
    /// macOS: neighbour entries have no state and no age.
    pub macos: bool,
    lan: [u8; 3],
    shared: [u8; 3],
    gateway: u8,
    host: u8,
    used: HashSet<Ipv4Addr>,
    /// MAC of the host's card on the LAN.
    pub host_mac: Mac,
    /// MAC of the LAN's router.
    pub gateway_mac: Mac,
    /// Whether the router has SSH open, as many do.
    pub gateway_ssh: bool,
    /// Whether the host's own network could be read.
    pub network_known: bool,
    /// Whether vmkit may send ARP requests.
    pub privileged: bool,
    /// Whether something on the host has asked for the candidates within the last minute: an
    /// earlier run of vmkit, a ping, an open SSH session.
    pub asked_before: bool,
    /// Whether macOS hides the neighbours from this program.
    pub hides_neighbours: bool,
    has_docker: bool,
    /// Whether the host has IPv6 on its LAN.
    has_v6: bool,
}

impl Site {
    /// A home or office network.
    pub fn draw(random: &mut Random) -> Self {
        let lan = random.one_of(&[
            [192, 168, 1],
            [192, 168, 0],
            [192, 168, 178],
            [10, 0, 0],
            [172, 20, 4],
        ]);
        let macos = random.chance(0.5);
        let shared = if macos { random.one_of(&MACOS_SHARED) } else { [192, 168, 122] };
        let mac = |random: &mut Random, vendor: u8| {
            let tail = [random.octet(0..=255), random.octet(0..=255)];
            Mac::new([0xa4, 0x83, 0xe7, vendor, tail[0], tail[1]])
        };
        Self {
            macos,
            lan,
            shared,
            gateway: random.one_of(&[1, 254]),
            host: random.octet(2..=60),
            used: HashSet::new(),
            host_mac: mac(random, 1),
            gateway_mac: mac(random, 2),
            gateway_ssh: random.chance(0.15),
            network_known: random.chance(0.97),
            privileged: random.chance(0.3),
            asked_before: random.chance(0.5),
            hides_neighbours: false,
            has_docker: random.chance(0.3),
            has_v6: random.chance(0.5),
        }
    }

    /// Gives the shared network one of macOS's usual ranges.
    pub(crate) fn renumber_shared(&mut self, random: &mut Random) {
        self.shared = random.one_of(&MACOS_SHARED);
    }

    fn net(&self, mode: NetworkMode) -> [u8; 3] {
        if mode == NetworkMode::Shared { self.shared } else { self.lan }
    }

    /// This host number on the network of this mode.
    pub(crate) fn numbered(&self, mode: NetworkMode, number: u8) -> Ipv4Addr {
        let [a, b, c] = self.net(mode);
        Ipv4Addr::new(a, b, c, number)
    }

    /// An address of the pool of this mode's network that nobody has had.
    pub(crate) fn lease(&mut self, random: &mut Random, mode: NetworkMode) -> Ipv4Addr {
        loop {
            let number = random.octet(if mode == NetworkMode::Shared { 2..=253 } else { 64..=253 });
            let address = self.numbered(mode, number);
            if self.used.insert(address) {
                return address;
            }
        }
    }

    /// Whether the host has the address on one of its links.
    pub(crate) fn on_link(&self, address: IpAddr) -> bool {
        let shared = |v4: Ipv4Addr| v4.octets()[..3] == self.shared;
        self.on_lan(address) || matches!(address, IpAddr::V4(v4) if shared(v4))
    }

    /// Whether the address is on the LAN.
    pub(crate) fn on_lan(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => v4.octets()[..3] == self.lan,
            IpAddr::V6(v6) => self.has_v6 && v6.segments()[..4] == LAN_V6.segments()[..4],
        }
    }

    /// The router of this mode's network.
    pub(crate) fn router(&self, mode: NetworkMode) -> Ipv4Addr {
        self.numbered(mode, if mode == NetworkMode::Shared { 1 } else { self.gateway })
    }

    /// Whether the address is the host's own or a router's.
    pub(crate) fn is_infrastructure(&self, address: IpAddr) -> bool {
        let lan = NetworkMode::Bridged;
        let shared = self.router(NetworkMode::Shared);
        [shared, self.router(lan), self.numbered(lan, self.host)].iter().any(|own| address == *own)
    }

    /// The host's interface that a machine of this mode is on or bridged with.
    pub(crate) fn interface(&self, mode: NetworkMode) -> &'static str {
        match (self.macos, mode) {
            (true, NetworkMode::Shared) => "bridge100",
            (true, _) => "en0",
            (false, NetworkMode::Shared) => "virbr0",
            (false, _) => "br0",
        }
    }

    /// What vmkit learns of the host's network, if it could be read.
    pub(crate) fn network(&self) -> Option<HostNetwork> {
        let lan = self.interface(NetworkMode::Bridged);
        let shared = self.interface(NetworkMode::Shared);
        let lan_kind = if self.macos { InterfaceKind::Wifi } else { InterfaceKind::Bridge };
        let own = self.numbered(NetworkMode::Bridged, self.host);
        let router = self.router(NetworkMode::Shared);
        let mut interfaces = vec![
            interface("lo", [127, 0, 0, 1].into(), 8, InterfaceKind::Loopback, None),
            interface(lan, own, 24, lan_kind, Some(self.host_mac)),
            interface(shared, router, 24, InterfaceKind::Bridge, None),
        ];
        if self.has_v6 {
            let own = Prefix { address: LAN_V6.into(), length: 64 };
            interfaces[1].addresses.push(own);
        }
        if self.has_docker {
            let address = [172, 17, 0, 1].into();
            interfaces.push(interface("docker0", address, 16, InterfaceKind::Container, None));
        }
        let default = Route {
            destination: Prefix { address: Ipv4Addr::UNSPECIFIED.into(), length: 0 },
            gateway: Some(self.router(NetworkMode::Bridged).into()),
            interface: lan.to_owned(),
        };
        self.network_known.then(|| HostNetwork { interfaces, routes: vec![default] })
    }
}

fn interface(
    name: &str,
    address: Ipv4Addr,
    length: u8,
    kind: InterfaceKind,
    mac: Option<Mac>,
) -> Interface {
    let addresses = vec![Prefix { address: IpAddr::from(address), length }];
    Interface { name: name.to_owned(), mac, addresses, kind, up: true, bridge: None }
}
