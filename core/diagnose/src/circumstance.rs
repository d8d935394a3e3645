//! Circumstances: they make causes more or less likely and are not faults themselves.

use vmkit_types::{Interface, InterfaceKind, NetworkMode};

use crate::{Attachment, Facts, Platform};

/// One circumstance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Circumstance {
    /// The machine is on the network of an uplink.
    ModeBridged,
    /// The machine is on a network that this computer serves.
    ModeShared,
    /// The machine is on QEMU's user network, which this computer cannot reach into.
    ModeUser,
    /// The uplink is a Wi-Fi interface.
    UplinkWifi,
    /// The uplink is a wired interface.
    UplinkEthernet,
    /// This computer runs Linux.
    PlatformLinux,
    /// This computer runs macOS.
    PlatformMacos,
    /// A container engine has set up networks here, and a firewall with them.
    ContainersPresent,
}

/// Their names in the data.
const NAMES: &[(Circumstance, &str)] = &[
    (Circumstance::ModeBridged, "mode:bridged"),
    (Circumstance::ModeShared, "mode:shared"),
    (Circumstance::ModeUser, "mode:user"),
    (Circumstance::UplinkWifi, "uplink:wifi"),
    (Circumstance::UplinkEthernet, "uplink:ethernet"),
    (Circumstance::PlatformLinux, "platform:linux"),
    (Circumstance::PlatformMacos, "platform:macos"),
    (Circumstance::ContainersPresent, "containers:present"),
];

impl Circumstance {
    /// The one with this name in the data.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(circumstance, _)| *circumstance)
    }

    /// The question that it answers, such as `mode`. Only one answer to a question can hold; without
    /// one the question is open.
    fn question(self) -> &'static str {
        let name = NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name);
        name.split(':').next().unwrap_or(name)
    }

    /// Whether it may hold, given the ones that are known to hold.
    pub(crate) fn is_possible(self, holding: &[Self]) -> bool {
        holding.contains(&self) || holding.iter().all(|other| other.question() != self.question())
    }
}

/// The circumstances that are known to hold. Unknown ones change no prior.
pub(crate) fn circumstances(facts: &Facts<'_>) -> Vec<Circumstance> {
    let attachment = Attachment::of(facts);
    let mode = facts.machine.mode.map(|mode| match mode {
        NetworkMode::Bridged => Circumstance::ModeBridged,
        NetworkMode::Shared => Circumstance::ModeShared,
        NetworkMode::User => Circumstance::ModeUser,
    });
    // A bridged machine without an uplink should be bridged to the default interface.
    let uplink =
        attachment.uplink.or_else(|| attachment.bridged.then(|| default_interface(facts))?);
    let uplink = uplink.and_then(|uplink| match uplink.kind {
        InterfaceKind::Wifi => Some(Circumstance::UplinkWifi),
        InterfaceKind::Ethernet => Some(Circumstance::UplinkEthernet),
        _ => None,
    });
    let platform = match facts.platform {
        Platform::Linux => Some(Circumstance::PlatformLinux),
        Platform::MacOs => Some(Circumstance::PlatformMacos),
        Platform::Unknown => None,
    };
    let containers = facts.network.as_ref().known().is_some_and(|network| {
        network.interfaces.iter().any(|each| each.kind == InterfaceKind::Container)
    });
    let containers = containers.then_some(Circumstance::ContainersPresent);
    [mode, uplink, platform, containers].into_iter().flatten().collect()
}

/// The interface of the default route.
fn default_interface<'a>(facts: &Facts<'a>) -> Option<&'a Interface> {
    let network = facts.network.as_ref().known()?;
    let route = network.routes.iter().find(|route| route.destination.length == 0)?;
    network.interfaces.iter().find(|interface| interface.name == route.interface)
}
