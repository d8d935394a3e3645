//! A randomly drawn computer with its VMs and its network.

use std::net::Ipv4Addr;

use vmkit_types::Mac;

use super::{
    fault::Fault,
    side::{self, Side},
};
use crate::random::Random;

/// The system of the computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Linux,
    MacOs,
}

/// The guest's DHCP client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    Udhcpc,
    Dhclient,
    Dhcpcd,
    Networkd,
}

/// Where frames are lost, and the percentage of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// In the computer, between the uplink and the VM's port. With a firewall rule, only towards the VM.
    InHost { percent: u8, by_rule: bool },
    /// Beyond the uplink, in the air or on the cable.
    Beyond { percent: u8 },
}

impl Loss {
    fn draw(random: &mut Random, system: System) -> Self {
        let percent = random.one_of(&[40, 60, 75]);
        if system == System::Linux && random.chance(0.5) {
            Self::InHost { percent, by_rule: random.chance(0.5) }
        } else {
            Self::Beyond { percent }
        }
    }
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct Vm {
    pub(super) name: String,
    pub(super) mac: Mac,
    pub(super) port: String,
    pub(super) client: Client,
    pub(super) client_id: Option<Vec<u8>>,
    /// Whether it requests broadcast replies.
    pub(super) wants_broadcast: bool,
    /// Its address from a working server.
    pub(super) address: Ipv4Addr,
    /// Whether it is the VM of the case.
    pub(super) ails: bool,
}

/// The computer and its network.
pub(super) struct Site {
    pub(super) faults: Vec<&'static Fault>,
    pub(super) random: Random,
    pub(super) system: System,
    /// What only a Mac has.
    pub(super) mac: Option<Side>,
    pub(super) shared: bool,
    /// Whether the uplink is Wi-Fi.
    pub(super) wifi: bool,
    pub(super) uplink: &'static str,
    /// Another wired adapter.
    pub(super) spare: &'static str,
    pub(super) bridge: &'static str,
    pub(super) subnet: [u8; 3],
    pub(super) host: Ipv4Addr,
    pub(super) host_mac: Mac,
    pub(super) bridge_mac: Mac,
    pub(super) gateway: Ipv4Addr,
    pub(super) gateway_mac: Mac,
    pub(super) vms: Vec<Vm>,
    /// `None`: no noticeable share is lost.
    pub(super) loss: Option<Loss>,
    /// Milliseconds since the Unix epoch.
    pub(super) now: u64,
    /// Seconds since the machines were started.
    pub(super) age: u64,
}

const NAMES: [&str; 14] = [
    "web",
    "db",
    "build-01",
    "ubuntu",
    "k3s-node1",
    "alpine-test",
    "dev_box",
    "ci-runner-7",
    "homeassistant",
    "debian12",
    "win-free",
    "mailserver",
    "sandbox",
    "minikube",
];

impl Site {
    pub(super) fn draw(family: &str, number: u64, faults: Vec<&'static Fault>) -> Self {
        let mut random = Random::of(family, number);
        let is = |need: &str| faults.iter().any(|fault| fault.given.contains(&need));
        let system = match (is("linux"), is("macos"), random.chance(0.5)) {
            (true, ..) | (false, false, true) => System::Linux,
            _ => System::MacOs,
        };
        let shared = is("shared") || !is("bridged") && random.chance(0.35);
        // Linux cannot bridge a managed Wi-Fi interface, so its uplink is wired.
        let wifi = is("wifi") || !is("ethernet") && system == System::MacOs && random.chance(0.6);
        let mac = (system == System::MacOs).then(|| Side::draw(family, number, wifi));
        let subnet = match (shared, &mac) {
            (true, Some(_)) => [192, 168, random.one_of(&[64, 105])],
            (true, None) => random.one_of(&[[192, 168, 122], [10, 77, 3], [172, 30, 9]]),
            (false, Some(mac)) => mac.subnet(),
            (false, None) => {
                random.one_of(&[[192, 168, 1], [192, 168, 0], [10, 0, 0], [192, 168, 178]])
            }
        };
        let at = |last: u8| Ipv4Addr::new(subnet[0], subnet[1], subnet[2], last);
        let gateway = at(random.one_of(&[1, 254]));
        let host = at(if shared { 1 } else { random.octet(2..=60) });
        let (gateway, host) = match &mac {
            Some(mac) if !shared => (mac.router(), mac.address()),
            _ => (gateway, host),
        };
        let (uplink, spare, bridge) = interfaces(system, shared, wifi);
        let two = is("two-machines");
        let vms = draw_vms(&mut random, two, |place| match system {
            System::MacOs => format!("vmenet{place}"),
            System::Linux if shared => format!("vnet{place}"),
            System::Linux => format!("tap{place}"),
        });
        let vms = vms.into_iter().map(|(vm, last)| Vm { address: at(last), ..vm }).collect();
        let nic = [0x3c, 0x22, 0xfb, random.octet(0..=255), random.octet(0..=255), 2];
        let oui = random.one_of(&[[0x44, 0xfe, 0x3b], [0x3c, 0xa6, 0x2f], [0xb0, 0x95, 0x75]]);
        let hub = [oui[0], oui[1], oui[2], random.octet(0..=255), 9, random.octet(0..=255)];
        let lossy = faults.iter().any(|fault| fault.code == "dhcp-lossy-link");
        Self {
            loss: lossy.then(|| Loss::draw(&mut random, system)),
            system,
            shared,
            wifi,
            uplink,
            spare,
            bridge,
            subnet,
            host,
            host_mac: if mac.is_some() { side::own_mac(&faults) } else { Mac::new(nic) },
            bridge_mac: Mac::new([0x3e, nic[1], nic[2], nic[3], nic[4], 0x64]),
            gateway: if shared { host } else { gateway },
            gateway_mac: if mac.is_some() { side::ROUTER } else { Mac::new(hub) },
            mac,
            vms,
            now: 1_795_500_000_000 + random.within(0..=80_000_000),
            age: if is("young") { random.within(8..=22) } else { random.within(90..=90_000) },
            faults,
            random,
        }
    }

    /// Whether the case has this fault.
    pub(super) fn has(&self, code: &str) -> bool {
        self.faults.iter().any(|fault| fault.code == code)
    }

    /// Whether the case has one of these faults.
    pub(super) fn has_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.has(code))
    }

    /// Whether a card that is down was taken down by the guest itself, which nobody sees from outside.
    pub(super) fn is_down_inside(&self) -> bool {
        self.age.is_multiple_of(4)
    }

    /// Whether the servers' leases end at once.
    pub(super) fn has_lease_of_zero(&self) -> bool {
        self.has("dhcp-short-lease") && self.age.is_multiple_of(3)
    }

    /// An address of the network.
    pub(super) fn at(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(self.subnet[0], self.subnet[1], self.subnet[2], last)
    }

    /// The host's interface in the VMs' network.
    pub(super) fn own_interface(&self) -> &'static str {
        match (self.system, self.shared) {
            (System::MacOs, false) => self.uplink,
            _ => self.bridge,
        }
    }

    /// This computer's address on the network of its uplink, and the router there.
    pub(super) fn lan(&self) -> (Ipv4Addr, Ipv4Addr) {
        match &self.mac {
            _ if !self.shared => (self.host, self.gateway),
            _ if self.has("host-subnet-collides") => (self.at(23), self.at(254)),
            Some(mac) => (mac.address(), mac.router()),
            None => (Ipv4Addr::new(192, 168, 86, 23), Ipv4Addr::new(192, 168, 86, 1)),
        }
    }

    /// Whether the host sends the VMs' frames with its own MAC, as macOS does over Wi-Fi.
    pub(super) fn translates(&self) -> bool {
        self.system == System::MacOs && self.wifi && !self.shared
    }
}

/// The uplink, another adapter, and the bridge.
fn interfaces(
    system: System,
    shared: bool,
    wifi: bool,
) -> (&'static str, &'static str, &'static str) {
    match system {
        System::MacOs if shared => ("en0", "en5", "bridge100"),
        System::MacOs => ("en0", "en5", "bridge101"),
        System::Linux if wifi => ("wlp2s0", "enp3s0", "br0"),
        System::Linux if shared => ("enp3s0", "wlp2s0", "virbr0"),
        System::Linux => ("enp3s0", "wlp2s0", "br0"),
    }
}

/// Draws the VMs, each with the last octet of its address.
fn draw_vms(random: &mut Random, two: bool, port: impl Fn(usize) -> String) -> Vec<(Vm, u8)> {
    let mut names = NAMES.to_vec();
    random.shuffle(&mut names);
    let many = if two { 2 } else { 1 + usize::from(random.chance(0.3)) };
    let mut vms = Vec::new();
    for (place, name) in names.into_iter().take(many).enumerate() {
        let mac = Mac::new([0x52, 0x54, 0, random.octet(0..=255), random.octet(0..=255), 7]);
        let client =
            random.one_of(&[Client::Udhcpc, Client::Dhclient, Client::Dhcpcd, Client::Networkd]);
        let last = u8::try_from(place).unwrap_or(0) * 40 + 70 + random.octet(0..=30);
        let vm = Vm {
            name: name.to_owned(),
            mac,
            port: port(place),
            client,
            client_id: identifier(client, mac, random),
            wants_broadcast: random.chance(0.15),
            address: Ipv4Addr::UNSPECIFIED,
            ails: place == 0,
        };
        vms.push((vm, last));
    }
    vms
}

/// Each client's option 61.
fn identifier(client: Client, mac: Mac, random: &mut Random) -> Option<Vec<u8>> {
    let own = mac.octets();
    match client {
        Client::Udhcpc | Client::Dhcpcd => Some([&[1][..], &own].concat()),
        Client::Dhclient => None,
        // An IAID, then systemd's DUID, made from the machine-id without a MAC.
        Client::Networkd => {
            let mut duid = vec![0xff, own[2], own[3], own[4], own[5], 0, 2, 0, 0, 0xab, 0x11];
            duid.extend((0..8).map(|_| random.octet(0..=255)));
            Some(duid)
        }
    }
}
