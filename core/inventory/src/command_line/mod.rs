//! Network cards, monitor and guest agent in the command line of a QEMU process.

use std::path::PathBuf;

use serde_json::{Map, Value};
use vmkit_model::Net;
use vmkit_types::{Mac, NetworkMode, Reading, Unread, bounded};

use crate::names::machine_mac;

/// Longest interface name that is kept, in bytes. The kernels' limit is 15, but a helper may be
/// given anything.
const INTERFACE_LIMIT: usize = 64;

/// The name of the channel of QEMU's guest agent.
const GUEST_AGENT: &str = "org.qemu.guest_agent.0";

/// Most cards of one machine that are read. A QEMU machine has 32 PCI slots, and other devices take
/// some of them.
const MOST_CARDS: usize = 32;

/// The parts of a command line that this crate uses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    /// The network cards, in their order.
    pub(crate) cards: Vec<LineCard>,
    /// The socket of the QMP monitor.
    pub(crate) qmp: Option<PathBuf>,
    /// The socket of the channel that QEMU's guest agent listens to.
    pub(crate) guest_agent: Option<PathBuf>,
}

/// A network card of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineCard {
    /// Absent: QEMU chooses it.
    pub(crate) mac: Reading<Mac>,
    /// Absent: the card is not connected.
    pub(crate) net: Reading<Net>,
}

/// Reads the arguments from the QEMU program on. The arguments before it belong to a wrapper, which
/// may have opened the network.
pub(crate) fn parse(arguments: &[String], program: usize) -> CommandLine {
    let (wrapper, arguments) = arguments.split_at(program.min(arguments.len()));
    let mut cards = Vec::new();
    let mut backends = Vec::new();
    let mut monitors = Vec::new();
    let mut sockets = Vec::new();
    let mut guest_agent = None;
    for pair in arguments.windows(2) {
        let [option, value] = pair else { continue };
        let Some(option) = option.strip_prefix('-') else { continue };
        let option = option.strip_prefix('-').unwrap_or(option);
        if !matches!(option, "device" | "netdev" | "nic" | "net" | "qmp" | "chardev" | "mon") {
            continue;
        }
        let options = Options::parse(value);
        match option {
            "device" if options.get("mac").or(options.get("netdev")).is_some() => {
                cards.push(Frontend::new(options.get("mac"), options.get("netdev")));
            }
            "device" if options.get("name").is_some_and(|name| name == GUEST_AGENT) => {
                guest_agent = options.get("chardev").map(str::to_owned);
            }
            "net" if options.kind == "nic" => {
                cards.push(Frontend::new(options.get("macaddr"), options.get("netdev")));
            }
            "nic" | "net" if options.kind == "none" => {}
            "nic" => {
                let own = Some(backends.len());
                cards.push(Frontend { own, ..Frontend::new(options.get("mac"), None) });
                backends.push(Backend::new(&options, wrapper));
            }
            "net" | "netdev" => backends.push(Backend::new(&options, wrapper)),
            "qmp" => monitors.extend(options.kind.strip_prefix("unix:").map(PathBuf::from)),
            "chardev" if options.kind == "socket" => {
                sockets.extend(options.get("id").zip(options.get("path")).map(owned));
            }
            "mon" if options.get("mode").is_some_and(|mode| mode == "control") => {
                let chardev = options.get("chardev").unwrap_or(&options.kind);
                let socket = sockets.iter().find(|(id, _)| id == chardev);
                monitors.extend(socket.map(|(_, path)| PathBuf::from(path)));
            }
            _ => {}
        }
    }
    CommandLine {
        cards: connected(cards, backends),
        qmp: monitors.into_iter().next(),
        guest_agent: guest_agent.and_then(|chardev| {
            let socket = sockets.into_iter().find(|(id, _)| *id == chardev);
            socket.map(|(_, path)| PathBuf::from(path))
        }),
    }
}

fn owned((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

/// A card as the guest sees it, not yet connected.
struct Frontend {
    mac: Reading<Mac>,
    /// The id of the backend that it names.
    netdev: Option<String>,
    /// The index of the backend that the same option defines.
    own: Option<usize>,
}

impl Frontend {
    fn new(mac: Option<&str>, netdev: Option<&str>) -> Self {
        let mac = mac.map_or(Reading::Absent, |text| {
            let malformed = || Unread::Malformed("the MAC on the command line".to_owned());
            machine_mac(text).map_or_else(|| Reading::Unknown(malformed()), Reading::Known)
        });
        Self { mac, netdev: netdev.map(str::to_owned), own: None }
    }
}

/// The cards with their backends: the one that the card names, or else the next one that no other
/// card has taken. A backend without any card is the connection of a card that was not recognised.
fn connected(cards: Vec<Frontend>, backends: Vec<Backend>) -> Vec<LineCard> {
    if cards.is_empty() {
        let first = backends.into_iter().take(1);
        return first.map(|backend| LineCard { mac: Reading::Absent, net: backend.net }).collect();
    }
    let named: Vec<Option<usize>> = cards
        .iter()
        .take(MOST_CARDS)
        .map(|card| {
            let by_id = |id| backends.iter().position(|backend| backend.id.as_ref() == Some(id));
            card.own.or_else(|| card.netdev.as_ref().and_then(by_id))
        })
        .collect();
    let mut free = (0..backends.len()).filter(|index| !named.contains(&Some(*index)));
    let with_backend = cards.into_iter().zip(&named).map(|(card, index)| {
        let net = index.or_else(|| free.next()).map(|index| backends[index].net.clone());
        LineCard { mac: card.mac, net: net.unwrap_or(Reading::Absent) }
    });
    with_backend.collect()
}

/// The host's end of a card's cable.
struct Backend {
    id: Option<String>,
    net: Reading<Net>,
}

impl Backend {
    fn new(options: &Options, wrapper: &[String]) -> Self {
        let name = |key| options.get(key).map(|name| bounded(name, INTERFACE_LIMIT).to_owned());
        let id = || options.get("id").map(str::to_owned);
        let net =
            |mode, interface| Reading::Known(Net { mode, interface, port: None, netdev: id() });
        let net = match options.kind.as_str() {
            "vmnet-bridged" => net(NetworkMode::Bridged, name("ifname")),
            // On a host-only network the host assigns the addresses, as on a shared one.
            "vmnet-shared" | "vmnet-host" => net(NetworkMode::Shared, None),
            "user" | "passt" => net(NetworkMode::User, None),
            "tap" => Reading::Known(Net {
                mode: NetworkMode::Bridged,
                interface: name("br"),
                port: name("ifname"),
                netdev: id(),
            }),
            // QEMU's helper creates the port, whose name is not known. Its default bridge is `br0`.
            "bridge" => net(NetworkMode::Bridged, name("br").or_else(|| Some("br0".to_owned()))),
            kind => {
                let paths = options.pairs.iter().map(|(_, value)| value.as_str());
                let net = socket_vmnet(paths.chain(wrapper.iter().map(String::as_str)));
                let kind = bounded(kind, INTERFACE_LIMIT);
                let why = format!("where a network of type `{kind}` leads is unknown");
                let net = net.map(|net| Net { netdev: id(), ..net });
                net.map_or(Reading::Unknown(Unread::Failed(why)), Reading::Known)
            }
        };
        Self { id: id(), net }
    }
}

/// The network of `socket_vmnet`, a daemon that opens vmnet for QEMU: its bridged instances have
/// sockets called `socket_vmnet.bridged.INTERFACE`, the shared one is plain `socket_vmnet`.
fn socket_vmnet<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Net> {
    let mut found = None;
    for text in texts.filter(|text| text.contains("socket_vmnet")) {
        if let Some((_, interface)) = text.split_once("socket_vmnet.bridged.") {
            let end = interface.find(|c: char| !c.is_ascii_alphanumeric());
            let interface = &interface[..end.unwrap_or(interface.len()).min(INTERFACE_LIMIT)];
            let interface = Some(interface.to_owned()).filter(|name| !name.is_empty());
            return Some(Net { mode: NetworkMode::Bridged, interface, port: None, netdev: None });
        }
        found = Some(Net { mode: NetworkMode::Shared, interface: None, port: None, netdev: None });
    }
    found
}

/// The value of a QEMU option: a JSON object, or `kind,key=value,…`, where a doubled comma is a
/// comma of a value.
struct Options {
    kind: String,
    pairs: Vec<(String, String)>,
}

impl Options {
    fn parse(value: &str) -> Self {
        if value.starts_with('{') {
            let object = serde_json::from_str::<Map<String, Value>>(value).unwrap_or_default();
            return Self::from_json(&object);
        }
        let mut parts = vec![String::new()];
        let mut characters = value.chars().peekable();
        while let Some(character) = characters.next() {
            let separates = character == ',' && characters.next_if_eq(&',').is_none();
            match parts.last_mut() {
                Some(part) if !separates => part.push(character),
                _ => parts.push(String::new()),
            }
        }
        let mut options = Self { kind: String::new(), pairs: Vec::new() };
        for (index, part) in parts.into_iter().enumerate() {
            match part.split_once('=') {
                // `unix:/a=b` is a path, not a pair.
                Some((key, value)) if !key.contains([':', '/']) => {
                    if matches!(key, "type" | "driver") {
                        value.clone_into(&mut options.kind);
                    }
                    options.pairs.push((key.to_owned(), value.to_owned()));
                }
                _ if index == 0 => options.kind = part,
                _ => {}
            }
        }
        options
    }

    fn from_json(object: &Map<String, Value>) -> Self {
        let mut pairs = Vec::new();
        for (key, value) in object {
            match value {
                Value::String(text) => pairs.push((key.clone(), text.clone())),
                Value::Object(inner) => pairs.extend(inner.iter().filter_map(|(below, value)| {
                    Some((format!("{key}.{below}"), value.as_str()?.to_owned()))
                })),
                _ => {}
            }
        }
        let kind = ["type", "driver"].iter().find_map(|key| object.get(*key)?.as_str());
        Self { kind: kind.unwrap_or_default().to_owned(), pairs }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests;
