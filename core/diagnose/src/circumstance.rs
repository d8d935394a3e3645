//! Circumstances: they make causes more or less likely and are not faults themselves.

use vmkit_attach::{SHARED_BRIDGE, is_adapter};
use vmkit_model::Platform;
use vmkit_types::{Interface, InterfaceKind, NetworkMode, Reading};

use crate::{
    Attachment, Facts,
    packets::{Family, dropping_family, server_drop},
    way::Way,
};

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
    /// The uplink is a Wi-Fi interface with a private address, which the system changes.
    WifiPrivateAddress,
    /// The uplink is a Wi-Fi interface with the address of its card.
    WifiOwnAddress,
    /// This computer runs Linux.
    PlatformLinux,
    /// This computer runs macOS.
    PlatformMacos,
    /// The machine is in the bridge of the network that `vm start` makes for shared mode.
    NetworkOfVmkit,
    /// The machine is in another bridge.
    NetworkOfOthers,
    /// A container engine has set up networks here, and a firewall with them.
    ContainersPresent,
    /// A VPN is connected.
    VpnPresent,
    /// The main routing table has the route to the machine.
    RouteOfMainTable,
    /// The machine's port is a macvtap on the uplink.
    PortMacvtap,
    /// A rule has led to another routing table, which has the route to the machine.
    RouteOfOtherTable,
    /// Rules for frames drop the machine's DISCOVER.
    FilterOfFrames,
    /// Rules for IP drop the machine's DISCOVER.
    FilterOfIp,
    /// A rule of the table that iptables writes drops the DISCOVER on its way to this computer's server.
    ServerDropOfIptables,
    /// A rule of another table does, which no rule of iptables overrides.
    ServerDropOfOthers,
}

/// Their names in the data.
const NAMES: &[(Circumstance, &str)] = &[
    (Circumstance::ModeBridged, "mode:bridged"),
    (Circumstance::ModeShared, "mode:shared"),
    (Circumstance::ModeUser, "mode:user"),
    (Circumstance::UplinkWifi, "uplink:wifi"),
    (Circumstance::UplinkEthernet, "uplink:ethernet"),
    (Circumstance::WifiPrivateAddress, "wifi:private-address"),
    (Circumstance::WifiOwnAddress, "wifi:own-address"),
    (Circumstance::PlatformLinux, "platform:linux"),
    (Circumstance::PlatformMacos, "platform:macos"),
    (Circumstance::NetworkOfVmkit, "network:vmkit"),
    (Circumstance::NetworkOfOthers, "network:others"),
    (Circumstance::ContainersPresent, "containers:present"),
    (Circumstance::VpnPresent, "vpn:present"),
    (Circumstance::PortMacvtap, "port:macvtap"),
    (Circumstance::RouteOfMainTable, "route:main-table"),
    (Circumstance::RouteOfOtherTable, "route:other-table"),
    (Circumstance::FilterOfFrames, "filter:frames"),
    (Circumstance::FilterOfIp, "filter:ip"),
    (Circumstance::ServerDropOfIptables, "server-drop:iptables"),
    (Circumstance::ServerDropOfOthers, "server-drop:others"),
];

impl Circumstance {
    /// The one with this name in the data.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(circumstance, _)| *circumstance)
    }

    /// Its name in the data and in reports.
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }

    /// The question that it answers, such as `mode`. Only one answer to a question can hold; without
    /// one the question is open.
    fn question(self) -> &'static str {
        self.name().split(':').next().unwrap_or_default()
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
    // A bridged machine without an uplink should be bridged to the default interface, or to the only
    // adapter of this computer.
    let wanted = || default_interface(facts).or_else(|| only_adapter(facts));
    let uplink = attachment.uplink.or_else(|| attachment.bridged.then(wanted)?);
    let wifi = uplink.filter(|uplink| uplink.kind == InterfaceKind::Wifi);
    let wifi = wifi.and_then(|uplink| uplink.mac).map(|mac| {
        let private = mac.is_locally_administered();
        if private { Circumstance::WifiPrivateAddress } else { Circumstance::WifiOwnAddress }
    });
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
    let has = |kind: InterfaceKind| {
        let network = facts.network.as_ref().known();
        network.is_some_and(|it| it.interfaces.iter().any(|each| each.kind == kind && each.up))
    };
    let containers = has(InterfaceKind::Container).then_some(Circumstance::ContainersPresent);
    let vpn = has(InterfaceKind::Vpn).then_some(Circumstance::VpnPresent);
    let port = attachment.macvtap_on(facts.machine).map(|_| Circumstance::PortMacvtap);
    let route = Way::of(facts, &attachment).and_then(|way| {
        let known = matches!(way.route, Reading::Known(_));
        known.then(|| {
            way.table().map_or(Circumstance::RouteOfMainTable, |_| Circumstance::RouteOfOtherTable)
        })
    });
    let bridge = attachment.bridge.map(|bridge| {
        let of_vmkit = bridge.name == SHARED_BRIDGE;
        if of_vmkit { Circumstance::NetworkOfVmkit } else { Circumstance::NetworkOfOthers }
    });
    let filter = dropping_family(facts, &attachment).map(|family| match family {
        Family::Frames => Circumstance::FilterOfFrames,
        Family::Ip => Circumstance::FilterOfIp,
    });
    let server = server_drop(facts, &attachment).map(|of_iptables| {
        if of_iptables {
            Circumstance::ServerDropOfIptables
        } else {
            Circumstance::ServerDropOfOthers
        }
    });
    let of_host = [platform, containers, vpn, filter, server];
    [mode, uplink, wifi, bridge, port, route].into_iter().chain(of_host).flatten().collect()
}

/// The interface of the default route.
fn default_interface<'a>(facts: &Facts<'a>) -> Option<&'a Interface> {
    let network = facts.network.as_ref().known()?;
    let route = network.routes.iter().find(|route| route.destination.length == 0)?;
    let interface = network.interfaces.iter().find(|each| each.name == route.interface);
    // A bridge that has lost its adapter leads nowhere.
    interface.filter(|interface| is_adapter(interface))
}

/// The adapter that is up, if it is the only one.
fn only_adapter<'a>(facts: &Facts<'a>) -> Option<&'a Interface> {
    let network = facts.network.as_ref().known()?;
    let mut adapters = network.interfaces.iter().filter(|each| each.up && is_adapter(each));
    adapters.next().filter(|_| adapters.next().is_none())
}
