//! A machine `web` on a tap in br0 with the Wi-Fi interface en0, written as text.

use std::time::{Duration, SystemTime};

use vmkit_dhcp::{Checksum, Exchange, Message, MessageKind, TestResult, Traffic};
use vmkit_inside::Inside;
use vmkit_model::{Card, Evidence, Platform};
use vmkit_scoring::{Case, Weights, score};
use vmkit_survey::Survey;
use vmkit_types::{
    HostNetwork, Interface, InterfaceKind, Mac, NetworkMode, Observation, Prefix, Reading, Route,
    Unread,
};

use crate::{Attachment, Compared, Comparison, Facts, Machine, Machines, Process, Router};

pub(super) const VM: &str = "52:54:00:00:00:01";
pub(super) const HOST: &str = "aa:aa:aa:aa:aa:aa";

/// Everything that facts borrow.
pub(super) struct Scene {
    pub(super) machine: Machine,
    pub(super) others: Vec<Machine>,
    pub(super) network: Reading<HostNetwork>,
    pub(super) platform: Platform,
    pub(super) survey: Survey,
    pub(super) guest: Option<Traffic>,
    /// Captures at the ports of other machines.
    pub(super) other_guests: Vec<Traffic>,
    pub(super) uplink: Option<Traffic>,
    pub(super) test: Option<Vec<TestResult>>,
    pub(super) inside: Option<Inside>,
    pub(super) router: Option<Router>,
    pub(super) observations: Vec<Observation>,
    /// Those about other machines, by their names.
    pub(super) observations_of_others: Vec<(&'static str, Observation)>,
}

pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
}

pub(super) fn machine(name: &str, mac: &str) -> Machine {
    Machine {
        name: name.to_owned(),
        own_name: Some(name.to_owned()),
        host_name: Reading::Unknown(Unread::NotTried),
        process: Reading::Known(Process::Running),
        started_at: Some(now() - Duration::from_mins(5)),
        console_written_at: None,
        link_up: Reading::Unknown(Unread::Unsupported),
        devices: Reading::Unknown(Unread::Unsupported),
        macs: vec![mac.parse().unwrap()],
        recorded_mac: Reading::Known(mac.parse().unwrap()),
        mode: Some(NetworkMode::Bridged),
        interface: Some("br0".to_owned()),
        port: Some("tap0".to_owned()),
        remarks: Reading::Absent,
    }
}

impl Default for Scene {
    /// Only the machine's process was looked at.
    fn default() -> Self {
        Self {
            machine: machine("web", VM),
            others: Vec::new(),
            network: Reading::Unknown(Unread::NotTried),
            platform: Platform::Linux,
            survey: Survey::default(),
            guest: None,
            other_guests: Vec::new(),
            uplink: None,
            test: None,
            inside: None,
            router: None,
            observations: Vec::new(),
            observations_of_others: Vec::new(),
        }
    }
}

impl Scene {
    /// The same on a host whose network is known: br0 has en0 and tap0.
    pub(super) fn at_home() -> Self {
        Self { network: Reading::Known(home()), ..Self::default() }
    }

    /// Messages at the machine's port, one on each line, see [`traffic`].
    pub(super) fn guest(mut self, lines: &str) -> Self {
        self.guest = Some(traffic(lines));
        self
    }

    /// Messages at the uplink.
    pub(super) fn uplink(mut self, lines: &str) -> Self {
        self.uplink = Some(traffic(lines));
        self
    }

    /// Changes the interface of this name.
    pub(super) fn interface(mut self, name: &str, change: impl FnOnce(&mut Interface)) -> Self {
        if let Reading::Known(network) = &mut self.network {
            change(network.interfaces.iter_mut().find(|each| each.name == name).unwrap());
        }
        self
    }

    pub(super) fn facts<T>(&self, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let case = Case {
            name: self.machine.name.clone(),
            host_name: None,
            running: true,
            started_at: self.machine.started_at,
            cards: Card::new(
                self.machine.macs.first().copied(),
                self.machine.mode,
                self.machine.interface.clone(),
            )
            .into(),
        };
        let of = |observation: &Observation, id| Evidence {
            id,
            plugin: "test".into(),
            received_at: now(),
            observation: observation.clone().into(),
        };
        let evidence: Vec<Evidence> =
            self.observations.iter().zip(0..).map(|(each, id)| of(each, id)).collect();
        let others: Vec<(&str, Evidence)> =
            self.observations_of_others.iter().map(|(name, each)| (*name, of(each, 0))).collect();
        let weights = Weights::builtin().unwrap();
        let network = self.network.as_ref().known();
        let picks = score(&[case], &evidence, network, now(), &weights);
        let machines: Machines =
            std::iter::once(&self.machine).chain(&self.others).cloned().collect();
        let captured = [&self.guest, &self.uplink].into_iter().flatten();
        let name = self.machine.name.as_str();
        let links = machines.iter().filter_map(|machine| {
            Some((machine.name.as_str(), Attachment::of_machine(machine, network).link()?))
        });
        let in_vlans = machines.iter().filter(|machine| {
            Attachment::of_machine(machine, network).may_be_in_a_vlan(&self.survey)
        });
        let comparison = Comparison::of(&Compared {
            machines: &machines,
            links: links.collect(),
            in_vlans: in_vlans.map(|machine| machine.name.as_str()).collect(),
            traffic: captured.chain(&self.other_guests).collect(),
            evidence: evidence
                .iter()
                .map(|item| (name, item))
                .chain(others.iter().map(|(other, item)| (*other, item)))
                .collect(),
        });
        look(&Facts {
            now: now(),
            platform: self.platform,
            machine: &self.machine,
            machines: &machines,
            comparison: &comparison,
            network: self.network.as_ref(),
            survey: &self.survey,
            evidence: evidence.iter().collect(),
            pick: &picks[0],
            guest_traffic: reading(self.guest.as_ref()),
            uplink_traffic: reading(self.uplink.as_ref()),
            test: reading(self.test.as_deref()),
            inside: reading(self.inside.as_ref()),
            router: reading(self.router.as_ref()),
            examined: Reading::Unknown(Unread::NotTried),
        })
    }
}

fn reading<T: ?Sized>(value: Option<&T>) -> Reading<&T> {
    value.map_or(Reading::Unknown(Unread::NotTried), Reading::Known)
}

fn home() -> HostNetwork {
    let interface = |name: &str, kind, bridge: Option<&str>| Interface {
        name: name.to_owned(),
        mac: Some(HOST.parse().unwrap()),
        addresses: Vec::new(),
        kind,
        up: true,
        bridge: bridge.map(str::to_owned),
    };
    let mut bridge = interface("br0", InterfaceKind::Bridge, None);
    bridge.addresses.push(Prefix { address: [192, 168, 1, 50].into(), length: 24 });
    let default = Prefix { address: [0, 0, 0, 0].into(), length: 0 };
    HostNetwork {
        interfaces: vec![
            interface("en0", InterfaceKind::Wifi, Some("br0")),
            bridge,
            interface("tap0", InterfaceKind::Tap, Some("br0")),
        ],
        routes: vec![Route {
            destination: default,
            gateway: Some([192, 168, 1, 254].into()),
            interface: "br0".to_owned(),
        }],
    }
}

/// Traffic from lines of `SECONDS KIND XID [from MAC] [chaddr MAC] [for|to ADDRESS] [by SERVER]
/// [router ADDRESS] [portal URL] [for-s SECONDS] [mask LENGTH|none] [mtu OCTETS]
/// [id TEXT] [duid TEXT] [flag] [broken] [has ADDRESS]
/// [vlan NUMBER]`.
/// The capture spans 20 s at least.
pub(super) fn traffic(lines: &str) -> Traffic {
    let mut traffic = Traffic::default();
    let at = |seconds: f64| now() - Duration::from_mins(1) + Duration::from_secs_f64(seconds);
    traffic.span = Some((at(0.0), at(20.0)));
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let value =
            |key: &str| words.iter().position(|word| *word == key).map(|place| words[place + 1]);
        let kind = match words[1] {
            "DISCOVER" => MessageKind::Discover,
            "OFFER" => MessageKind::Offer,
            "REQUEST" => MessageKind::Request,
            "ACK" => MessageKind::Ack,
            "NAK" => MessageKind::Nak,
            "DECLINE" => MessageKind::Decline,
            "RELEASE" => MessageKind::Release,
            "frame" => {
                let mac = value("from").unwrap().parse().unwrap();
                *traffic.frames_by_source.entry(mac).or_default() += 1;
                continue;
            }
            other => panic!("{other}"),
        };
        let mac = |key: &str, other: &str| -> Mac { value(key).unwrap_or(other).parse().unwrap() };
        let server = "aa:00:00:00:00:fe";
        let sender = if kind.is_of_client() { VM } else { server };
        let flag = words.contains(&"flag");
        let message = Message {
            at: at(words[0].parse().unwrap()),
            kind,
            source_mac: mac("from", sender),
            destination_mac: Mac::new([0xff; 6]),
            vlan: value("vlan").map(|vlan| vlan.parse().unwrap()),
            source: [0, 0, 0, 0].into(),
            destination: [255, 255, 255, 255].into(),
            checksum: if words.contains(&"broken") { Checksum::Wrong } else { Checksum::Right },
            xid: words[2].parse().unwrap(),
            secs: 0,
            broadcast_flag: flag,
            chaddr: mac("chaddr", VM),
            client_id: value("id").map(|id| id.as_bytes().to_vec()).or_else(|| {
                // The IAID is that of the card.
                let card = &mac("chaddr", VM).octets()[2..];
                value("duid").map(|duid| [&[0xff], card, duid.as_bytes()].concat())
            }),
            ciaddr: value("has").map(|address| address.parse().unwrap()),
            yiaddr: value("to").map(|address| address.parse().unwrap()),
            requested: value("for").map(|address| address.parse().unwrap()),
            server: value("by").map(|address| address.parse().unwrap()),
            lease_s: value("for-s").map(|seconds| seconds.parse().unwrap()),
            prefix: value("mask").map_or(Some(24), |length| length.parse().ok()),
            mtu: value("mtu").map(|octets| octets.parse().unwrap()),
            routers: value("router").map(|address| address.parse().unwrap()).into_iter().collect(),
            domain: None,
            portal: value("portal").map(str::to_owned),
            says: None,
        };
        *traffic.frames_by_source.entry(message.source_mac).or_default() += 1;
        let (xid, chaddr) = (message.xid, message.chaddr);
        let found = traffic.exchanges.iter_mut().find(|e| (e.xid, e.chaddr) == (xid, chaddr));
        match found {
            Some(exchange) => exchange.messages.push(message),
            None => traffic.exchanges.push(Exchange { xid, chaddr, messages: vec![message] }),
        }
    }
    traffic
}
