//! Network cards and what they are connected to.

use vmkit_types::{Forward, Mac, Net, NetworkMode, Reading, SubjectCard, Unread, bounded};

use crate::{forwards::forward, options::Options};

/// Longest interface name that is kept, in bytes. The kernels' limit is 15, but a helper may be
/// given anything.
const INTERFACE_LIMIT: usize = 64;

/// Most cards of one machine that are read. A QEMU machine has 32 PCI slots, and other devices take
/// some of them.
const MOST_CARDS: usize = 32;

/// Most backends that are read: QEMU gives a card one, and hubs join a few.
const MOST_BACKENDS: usize = 256;

/// Most forwarded ports of one machine that are read.
const MOST_FORWARDS: usize = 64;

/// A network card of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineCard {
    /// Absent: QEMU chooses it.
    pub mac: Reading<Mac>,
    /// Absent: the card is not connected.
    pub net: Reading<Net>,
    /// The descriptor of the port, where another program has opened it for QEMU.
    pub descriptor: Option<u32>,
}

impl From<LineCard> for SubjectCard {
    fn from(card: LineCard) -> Self {
        let net = card.net.known();
        Self {
            mac: card.mac.known(),
            mode: net.as_ref().map(|net| net.mode),
            interface: net.as_ref().and_then(|net| net.interface.clone()),
            port: net.and_then(|net| net.port),
        }
    }
}

impl LineCard {
    /// The card as plugins list it. A port without a name, which another program has opened, may lead
    /// anywhere.
    pub fn to_subject(&self) -> SubjectCard {
        let net = self.net.as_ref().known();
        let leads_anywhere = |net: &&Net| {
            net.mode == NetworkMode::Bridged && net.interface.is_none() && net.port.is_none()
        };
        let net = net.filter(|net| !leads_anywhere(net));
        SubjectCard {
            mac: self.mac.as_ref().known().copied(),
            mode: net.map(|net| net.mode),
            interface: net.and_then(|net| net.interface.clone()),
            port: net.and_then(|net| net.port.clone()),
        }
    }
}

/// The cards and backends that are read so far.
pub(crate) struct Cables {
    /// The network that a program in front of QEMU has opened.
    opened: Option<Net>,
    cards: Vec<Frontend>,
    backends: Vec<Backend>,
    forwards: Vec<Forward>,
}

impl Cables {
    /// `wrapper`: the arguments before QEMU.
    pub(crate) fn new(wrapper: &[String]) -> Self {
        let opened = socket_vmnet(wrapper.iter().map(String::as_str));
        Self { opened, cards: Vec::new(), backends: Vec::new(), forwards: Vec::new() }
    }

    /// A card of `-device`.
    pub(crate) fn add_card(&mut self, mac: Option<&str>, netdev: Option<&str>) {
        self.push_card(Frontend::new(mac, netdev));
    }

    /// The value of `-netdev`, `-nic` or `-net`.
    pub(crate) fn add(&mut self, option: &str, options: &Options) {
        match option {
            "net" if options.kind == "nic" => {
                self.add_card(options.get("macaddr"), options.get("netdev"));
            }
            "nic" | "net" if options.kind == "none" => {}
            "nic" => {
                let own = Some(self.backends.len());
                self.push_card(Frontend { own, ..Frontend::new(options.get("mac"), None) });
                self.add_backend(options);
            }
            _ => self.add_backend(options),
        }
    }

    fn push_card(&mut self, card: Frontend) {
        if self.cards.len() < MOST_CARDS {
            self.cards.push(card);
        }
    }

    fn add_backend(&mut self, options: &Options) {
        if self.backends.len() >= MOST_BACKENDS {
            return;
        }
        self.backends.push(Backend::new(options, self.opened.as_ref()));
        if options.kind == "user" {
            // JSON has a list of objects with a text each.
            let rules = options.all("hostfwd").chain(options.all("hostfwd.str"));
            let room = MOST_FORWARDS - self.forwards.len();
            self.forwards.extend(rules.filter_map(forward).take(room));
        }
    }

    /// The cards with their backends: the one that the card names, or else the next one that no other
    /// card has taken. A backend without any card is the connection of a card that was not recognised.
    pub(crate) fn connected(self) -> (Vec<LineCard>, Vec<Forward>) {
        let Self { cards, backends, forwards, .. } = self;
        if cards.is_empty() {
            let first = backends.into_iter().take(1);
            let card = |backend: Backend| {
                let Backend { net, descriptor, .. } = backend;
                LineCard { mac: Reading::Absent, net, descriptor }
            };
            return (first.map(card).collect(), forwards);
        }
        let named: Vec<Option<usize>> = cards
            .iter()
            .map(|card| {
                let by_id =
                    |id| backends.iter().position(|backend| backend.id.as_ref() == Some(id));
                card.own.or_else(|| card.netdev.as_ref().and_then(by_id))
            })
            .collect();
        let mut free = (0..backends.len()).filter(|index| !named.contains(&Some(*index)));
        let with_backend = cards.into_iter().zip(&named).map(|(card, index)| {
            let backend = index.or_else(|| free.next()).and_then(|index| backends.get(index));
            let net = backend.map_or(Reading::Absent, |backend| backend.net.clone());
            let descriptor = backend.and_then(|backend| backend.descriptor);
            LineCard { mac: card.mac, net, descriptor }
        });
        (with_backend.collect(), forwards)
    }
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
            let mac = text.parse().ok().filter(|mac: &Mac| mac.is_of_one_card());
            let malformed = || Unread::Malformed("the MAC on the command line".to_owned());
            mac.map_or_else(|| Reading::Unknown(malformed()), Reading::Known)
        });
        Self { mac, netdev: netdev.map(str::to_owned), own: None }
    }
}

/// The host's end of a card's cable.
struct Backend {
    id: Option<String>,
    net: Reading<Net>,
    descriptor: Option<u32>,
}

impl Backend {
    fn new(options: &Options, opened: Option<&Net>) -> Self {
        let name = |key| options.get(key).map(|name| bounded(name, INTERFACE_LIMIT).to_owned());
        let id = || options.get("id").map(str::to_owned);
        let net =
            |mode, interface, port| Reading::Known(Net { mode, interface, port, netdev: id() });
        let net = match options.kind.as_str() {
            // The last two take frames from an interface of the host.
            "vmnet-bridged" | "af-xdp" | "netmap" => {
                net(NetworkMode::Bridged, name("ifname"), None)
            }
            // On a host-only network the host assigns the addresses, as on a shared one.
            "vmnet-shared" | "vmnet-host" => net(NetworkMode::Shared, None, None),
            "user" | "passt" => net(NetworkMode::User, None, None),
            "tap" => net(NetworkMode::Bridged, name("br"), name("ifname")),
            // QEMU's helper creates the port, whose name is not known. Its default bridge is `br0`.
            "bridge" => {
                let bridge = name("br").or_else(|| Some("br0".to_owned()));
                net(NetworkMode::Bridged, bridge, None)
            }
            kind => {
                let kind = bounded(kind, INTERFACE_LIMIT);
                let why = format!("where a network of type `{kind}` leads is unknown");
                let net = socket_vmnet(options.values()).or_else(|| opened.cloned());
                let net = net.map(|net| Net { netdev: id(), ..net });
                net.map_or(Reading::Unknown(Unread::Failed(why)), Reading::Known)
            }
        };
        Self { id: id(), net, descriptor: descriptor(options) }
    }
}

/// The descriptor of a tap that another program has opened. One with several queues has a list, and
/// all of them are of one port.
fn descriptor(options: &Options) -> Option<u32> {
    let list = || options.get("fds")?.split(':').next();
    let number = options.get("fd").or_else(list).filter(|_| options.kind == "tap");
    number.and_then(|number| number.parse().ok())
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
