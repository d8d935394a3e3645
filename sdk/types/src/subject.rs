//! The machines that signals are asked about.

use std::{fmt, net::IpAddr};

use crate::{KnownKey, Link, Mac};

/// One virtual machine, as a signal plugin sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The machine's name in its manager.
    pub name: String,
    /// Its MACs: what its process was started with, or else what its manager recorded.
    pub macs: Vec<Mac>,
    /// The host name that its guest is meant to have.
    pub hostname: Option<String>,
    /// Whether it has a console log that can be opened with `Cx::open_console`.
    pub has_console: bool,
    /// Whether it has a channel to a guest agent that can be opened with `Cx::open_guest_agent`.
    pub has_guest_agent: bool,
    /// Addresses found so far. Empty in [`Stage::Discover`].
    pub candidates: Vec<IpAddr>,
    /// The host's links that hold candidates. Told only to plugins that declare `raw_socket`.
    pub links: Vec<Link>,
    /// SSH host keys that are held to be the machine's. Told only to plugins that declare
    /// `host_keys`.
    pub known_host_keys: Vec<KnownKey>,
}

/// What a signal is asked for in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Find addresses of the machines.
    Discover,
    /// Report what is known of the candidate addresses: who answers there, and how.
    Confirm,
}

impl Stage {
    /// The word for it in manifests, JSON and text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Discover => "discover",
            Self::Confirm => "confirm",
        }
    }
}

/// Where a signal is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// At the computer itself.
    Live,
    /// At the computer itself, and every raw artefact goes to the snapshot as well.
    Recording,
    /// At the artefacts of a snapshot, and nowhere else.
    Snapshot,
}

/// How a machine's network card reaches the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkMode {
    /// On the LAN of an interface of the host; the router gives the address.
    Bridged,
    /// On a subnet of the host's own; the host gives the address and translates.
    Shared,
    /// QEMU's built-in user network: no address that the host can reach.
    User,
}

impl fmt::Display for NetworkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bridged => "bridged",
            Self::Shared => "shared",
            Self::User => "user",
        })
    }
}
