//! What only a Mac has: its release, its language, and what macOS lets a program see.

use std::net::Ipv4Addr;

use vmkit_mac_texts::{Guest, Language, Mac as Texts};
use vmkit_types::Mac;

use super::fault::Fault;
use crate::random::Random;

/// The MAC of a Mac's uplink, as in the texts.
pub(super) const OWN: Mac = Mac::new([0xa4, 0x83, 0xe7, 0x11, 0x22, 0x33]);
/// A private address that the Wi-Fi of a Mac has in place of its own one.
const PRIVATE: Mac = Mac::new([0x3e, 0x83, 0xe7, 0x44, 0x55, 0x66]);
/// The MAC of its router, as in the texts.
pub(super) const ROUTER: Mac = Mac::new([0x34, 0xe5, 0xec, 0x1a, 0, 0x0b]);

/// From this release on, macOS hides neighbours from some programs.
const HIDES: u32 = 26;

/// What only a Mac has.
pub(super) struct Side {
    release: u32,
    language: Language,
    wifi: bool,
    /// How much of the neighbour table this program may see.
    pub(super) sight: Sight,
    /// Whether clients that identify themselves by a DUID tell their names.
    pub(super) names_clients: bool,
    /// Whether an application firewall that allows `bootpd` has an entry for it.
    pub(super) lists_bootpd: bool,
}

/// How much of the neighbour table a program sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Whole,
    Masked,
    Nothing,
}

/// The MAC of a Mac's uplink with these faults.
pub(super) fn own_mac(faults: &[&Fault]) -> Mac {
    let private = faults.iter().any(|fault| fault.code == "wifi-private-address-changed");
    if private { PRIVATE } else { OWN }
}

impl Side {
    /// Has draws of its own, so that computers with Linux stay as they are.
    pub(super) fn draw(family: &str, number: u64, wifi: bool) -> Self {
        let mut random = Random::of(&format!("the Mac of {family}"), number);
        let release = random.one_of(&[13, 14, 15, 26]);
        let sight = random.one_of(&[Sight::Whole, Sight::Whole, Sight::Masked, Sight::Nothing]);
        Self {
            release,
            language: random.one_of(&[Language::English, Language::German]),
            wifi,
            sight: if release < HIDES { Sight::Whole } else { sight },
            names_clients: random.chance(0.75),
            lists_bootpd: random.chance(0.5),
        }
    }

    /// Its texts, with these VMs.
    pub(super) fn texts(&self, guests: Vec<Guest>) -> Texts {
        let Self { release, language, wifi, .. } = *self;
        Texts { release, language, wifi, connected: true, guests }
    }

    pub(super) fn subnet(&self) -> [u8; 3] {
        let [a, b, c, _] = self.address().octets();
        [a, b, c]
    }

    pub(super) fn address(&self) -> Ipv4Addr {
        self.texts(Vec::new()).address()
    }

    pub(super) fn router(&self) -> Ipv4Addr {
        self.texts(Vec::new()).router()
    }

    /// Whether this program sees who has which address.
    pub(super) fn sees_neighbours(&self) -> bool {
        self.sight == Sight::Whole
    }
}
