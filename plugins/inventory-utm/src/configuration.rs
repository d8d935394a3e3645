//! What `config.plist` says of a machine. The names of keys are those of UTM's `CodingKeys`, in
//! `Configuration/UTM*Configuration*.swift`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;
use vmkit_plugin::{Forward, Mac, NetworkMode, Protocol, SubjectCard};

/// The first version with these keys (UTM 4). UTM converts older files when it starts their machine.
const OLDEST: u64 = 4;

/// UTM's names of modes. A machine on a host-only network has an address of this computer's as well.
const MODES: [(&str, NetworkMode); 4] = [
    ("Emulated", NetworkMode::User),
    ("Shared", NetworkMode::Shared),
    ("Host", NetworkMode::Shared),
    ("Bridged", NetworkMode::Bridged),
];

/// What runs a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// QEMU, a process for each machine.
    Qemu,
    /// Apple's Virtualization.framework, in UTM itself.
    Apple,
}

/// A machine's configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Configuration {
    pub(crate) backend: Backend,
    pub(crate) name: String,
    pub(crate) uuid: String,
    pub(crate) cards: Vec<SubjectCard>,
    pub(crate) forwards: Vec<Forward>,
    pub(crate) disks: Vec<String>,
}

impl Configuration {
    /// The configuration in a property list of this bundle; else why it is none.
    pub(crate) fn new(list: &Value, bundle: &str) -> Result<Self, String> {
        match list.get("ConfigurationVersion").and_then(Value::as_u64) {
            Some(version) if version >= OLDEST => {}
            Some(version) => return Err(format!("is of an older UTM, version {version}")),
            None => return Err("has no ConfigurationVersion".to_owned()),
        }
        let backend = match list.get("Backend").and_then(Value::as_str) {
            Some("QEMU") => Backend::Qemu,
            Some("Apple") => Backend::Apple,
            _ => return Err("has a Backend that is not known here".to_owned()),
        };
        let information = |key: &str| list.get("Information")?.get(key)?.as_str();
        let networks = entries(list, "Network");
        let forwards = networks.iter().flat_map(|network| entries(network, "PortForward"));
        let images = entries(list, "Drive").into_iter();
        let images = images.filter_map(|drive| text(drive, "ImageName"));
        Ok(Self {
            backend,
            name: information("Name").ok_or("has no name")?.to_owned(),
            uuid: information("UUID").ok_or("has no UUID")?.to_owned(),
            cards: networks.iter().map(|network| card(network)).collect(),
            forwards: forwards.filter_map(forward).collect(),
            disks: images.map(|image| format!("{bundle}/Data/{image}")).collect(),
        })
    }
}

fn entries<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn card(network: &Value) -> SubjectCard {
    let mode = text(network, "Mode");
    let mode = MODES.iter().find(|(name, _)| Some(*name) == mode).map(|(_, mode)| *mode);
    SubjectCard {
        mac: text(network, "MacAddress").and_then(|mac| mac.parse::<Mac>().ok()),
        mode,
        interface: text(network, "BridgeInterface").map(str::to_owned),
        port: None,
    }
}

/// A forwarded port. Before UTM 4.4 the keys began with small letters.
fn forward(rule: &Value) -> Option<Forward> {
    let value = |key: &str| {
        let old = key[..1].to_lowercase() + &key[1..];
        rule.get(key).or_else(|| rule.get(old))
    };
    let port = |key: &str| {
        let port = value(key)?.as_u64().and_then(|port| u16::try_from(port).ok())?;
        (port != 0).then_some(port)
    };
    let address = |key: &str| value(key)?.as_str()?.parse::<IpAddr>().ok();
    let listens = match value("HostAddress").and_then(Value::as_str) {
        None | Some("") => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Some(address) => address.parse().ok()?,
    };
    Some(Forward {
        protocol: match value("Protocol")?.as_str()?.to_ascii_lowercase().as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        },
        listens: SocketAddr::new(listens, port("HostPort")?),
        guest_address: address("GuestAddress"),
        guest_port: port("GuestPort")?,
    })
}
