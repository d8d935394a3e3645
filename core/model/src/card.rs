//! The network cards of a machine.

use vmkit_types::{Mac, Net, NetworkMode, Reading, SubjectCard, Unread};

/// A network card of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its MAC, from the best source.
    pub mac: Reading<Mac>,
    /// The source of [`mac`](Self::mac).
    pub mac_source: Option<MacSource>,
    /// The MAC that the machine's files record for it, which may differ from the one that its
    /// process runs with.
    pub recorded_mac: Reading<Mac>,
    /// How it is connected. Known for running machines only.
    pub net: Reading<Net>,
    /// Whether QEMU holds its link up. QEMU's monitor does not report it; a snapshot may.
    pub link_up: Reading<bool>,
}

/// Where a MAC comes from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacSource {
    /// The command line of the running process.
    CommandLine,
    /// The machine's manager.
    Manager,
    /// NAME.mac in the machine's directory.
    MacFile,
    /// The registry.
    Registry,
    /// Derived from the machine's name, as the toolkit does for a new machine.
    DerivedFromName,
}

impl Card {
    /// A card with nothing known.
    pub const fn unknown() -> Self {
        Self {
            mac: Reading::Unknown(Unread::NotTried),
            mac_source: None,
            recorded_mac: Reading::Unknown(Unread::NotTried),
            net: Reading::Unknown(Unread::NotTried),
            link_up: Reading::Unknown(Unread::NotTried),
        }
    }

    /// A card with only this known.
    pub fn new(mac: Option<Mac>, mode: Option<NetworkMode>, interface: Option<String>) -> Self {
        let unknown = Self::unknown();
        let net = mode.map(|mode| Net { mode, interface, port: None, netdev: None });
        Self {
            mac: mac.map_or(unknown.mac, Reading::Known),
            net: net.map_or(unknown.net, Reading::Known),
            ..Self::unknown()
        }
    }

    /// The network mode, if known.
    pub fn mode(&self) -> Option<NetworkMode> {
        match &self.net {
            Reading::Known(net) => Some(net.mode),
            Reading::Absent | Reading::Unknown(_) => None,
        }
    }

    /// The host's interface or bridge that the card is on, if known.
    pub fn interface(&self) -> Option<&str> {
        match &self.net {
            Reading::Known(net) => net.interface.as_deref(),
            Reading::Absent | Reading::Unknown(_) => None,
        }
    }

    /// The card as plugins see it.
    pub fn to_subject(&self) -> SubjectCard {
        let net = self.net.as_ref().known();
        SubjectCard {
            mac: self.known_mac(),
            mode: self.mode(),
            interface: self.interface().map(str::to_owned),
            port: net.and_then(|net| net.port.clone()),
        }
    }

    /// The MAC, if known.
    pub fn known_mac(&self) -> Option<Mac> {
        match self.mac {
            Reading::Known(mac) => Some(mac),
            Reading::Absent | Reading::Unknown(_) => None,
        }
    }
}

/// The network cards of a machine in the order of its manager. A machine without a known card has
/// one with nothing known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cards {
    /// The first card.
    pub first: Card,
    /// The other cards.
    pub others: Vec<Card>,
}

impl Cards {
    /// All cards, the first one first.
    pub fn all(&self) -> impl Iterator<Item = &Card> + Clone {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The card of this index.
    pub fn get(&self, index: usize) -> Option<&Card> {
        self.all().nth(index)
    }

    /// The first card that the host can reach: one that is not on QEMU's user network. If there is
    /// none, the first card.
    pub fn reachable(&self) -> &Card {
        let reachable = |card: &&Card| card.mode() != Some(NetworkMode::User);
        self.all().find(reachable).unwrap_or(&self.first)
    }

    /// The MACs that are known.
    pub fn macs(&self) -> impl Iterator<Item = Mac> + '_ {
        self.all().filter_map(Card::known_mac)
    }

    /// The index of the card that has this MAC.
    pub fn with_mac(&self, mac: Mac) -> Option<usize> {
        self.all().position(|card| card.known_mac() == Some(mac))
    }
}

impl Default for Cards {
    fn default() -> Self {
        Self::from(Card::unknown())
    }
}

impl From<Card> for Cards {
    fn from(first: Card) -> Self {
        Self { first, others: Vec::new() }
    }
}

impl FromIterator<Card> for Cards {
    fn from_iter<I: IntoIterator<Item = Card>>(cards: I) -> Self {
        let mut cards = cards.into_iter();
        let first = cards.next().unwrap_or_else(Card::unknown);
        Self { first, others: cards.collect() }
    }
}
