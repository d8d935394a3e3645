//! One machine, as scoring sees it.

use std::time::SystemTime;

use vmkit_model::{Cards, Machine, Power};
use vmkit_types::{Mac, NetworkMode};

/// What is known of a machine before any signal was asked. Its index in the list is the `vm` of
/// the observations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Its name in its manager, for notes.
    pub name: String,
    /// The host name of its guest in lower case, where its files give one.
    pub host_name: Option<String>,
    /// Its network cards. A MAC is not held against an address while a card's MAC is unknown.
    pub cards: Cards,
    /// Whether its process is alive, paused or not.
    pub running: bool,
    /// The start of its present boot, the latest that is known: older evidence does not count.
    pub started_at: Option<SystemTime>,
}

impl Case {
    /// The case of a machine.
    pub fn of(machine: &Machine) -> Self {
        Self {
            name: machine.name.clone(),
            host_name: machine.hostname.as_ref().known().map(|name| name.to_lowercase()),
            cards: machine.cards.clone(),
            running: matches!(machine.power, Power::Running | Power::Paused),
            started_at: machine.started_at,
        }
    }

    /// Whether this MAC is known to be another one's: the machine's are all known, and it is none
    /// of them.
    pub(crate) fn is_foreign(&self, mac: Mac) -> bool {
        self.cards.all().all(|card| card.known_mac().is_some_and(|own| own != mac))
    }

    /// Whether one of its cards has this MAC.
    pub(crate) fn has(&self, mac: Mac) -> bool {
        self.cards.with_mac(mac).is_some()
    }

    /// Whether one of its cards is in this mode.
    pub(crate) fn has_mode(&self, mode: NetworkMode) -> bool {
        self.cards.all().any(|card| card.mode() == Some(mode))
    }

    /// Whether the host reaches none of its cards: all are on QEMU's user network.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.cards.all().all(|card| card.mode() == Some(NetworkMode::User))
    }
}
