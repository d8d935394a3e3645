//! The names of this machine and computer that fill placeholders.

use std::collections::BTreeMap;

use vmkit_attach::SHARED_BRIDGE;
use vmkit_model::Platform;
use vmkit_types::{
    HostNetwork, Interface, InterfaceKind, NetworkMode, Reading, Remark, bounded, escaped,
};

use crate::{
    Attachment, Facts,
    catalogue::{PLACEHOLDERS, fill},
    way::{Way, subnet},
};

/// Bytes of one value; names of interfaces have 15 at most, those of machines 64.
const LONGEST_VALUE: usize = 80;

/// Commands of `vm` that know its own machines alone, by their own names.
const FOR_OWN_MACHINES: [&str; 4] = ["start", "restart", "resume", "console"];
/// Those that attach a machine, which needs root on Linux.
const ATTACHING: [&str; 2] = ["start", "restart"];

/// Values of the placeholders. A text whose placeholder has no value is unusable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    names: BTreeMap<&'static str, String>,
    /// By which name vmkit's own commands know the machine; `None`: another manager runs it.
    own_name: Option<String>,
    /// Attaching a machine needs root here.
    attaches_as_root: bool,
}

impl Values {
    /// The names of this machine and computer.
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let attachment = Attachment::of(facts);
        let network = facts.network.as_ref().known().copied();
        let adapters = network
            .map(|network| adapters(network, facts.platform, &attachment))
            .unwrap_or_default();
        let known_router = facts.router.as_ref().known().and_then(|router| router.address);
        let router = known_router.or_else(|| network.and_then(|network| network.gateways().next()));
        let mac = facts.machine.macs.first();
        let bridge = attachment.bridge.or_else(|| network.and_then(|it| wanted_bridge(it, facts)));
        let way = Way::of(facts, &attachment);
        let values = [
            ("name", Some(facts.machine.name.clone())),
            ("port", facts.machine.port.clone()),
            ("bridge", bridge.map(|bridge| bridge.name.clone())),
            ("uplink", attachment.uplink.map(|uplink| uplink.name.clone())),
            ("adapter", adapters.first().map(|name| (*name).to_owned())),
            (
                "adapters",
                Some(adapters.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
            ),
            ("mac", mac.map(ToString::to_string)),
            ("router", router.map(|address| address.to_string())),
            ("address", facts.pick.address.map(|address| address.to_string())),
            ("network", inactive_network(facts)),
            ("subnet", way.as_ref().map(|way| subnet(way.link.1).to_string())),
            ("card", network.and_then(free_card).map(|card| card.name.clone())),
            ("uplink_bridge", uplink_bridge(network, &attachment).map(|it| it.name.clone())),
            ("link", way.as_ref().map(|way| way.link.0.name.clone())),
        ];
        let values = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self {
            names: values.filter(|(_, value)| !value.is_empty()).collect(),
            own_name: facts.machine.own_name.clone(),
            attaches_as_root: facts.platform == Platform::Linux,
        }
    }

    /// Words in capitals, for a page that is not about one machine.
    pub(crate) fn generic() -> Self {
        let names: BTreeMap<_, _> =
            PLACEHOLDERS.iter().map(|(name, shown)| (*name, (*shown).to_owned())).collect();
        Self { own_name: names.get("name").cloned(), names, attaches_as_root: false }
    }

    /// These names alone.
    #[cfg(test)]
    pub(super) fn named(names: &[(&'static str, &str)]) -> Self {
        let names = names.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { names, ..Self::default() }
    }

    /// The text with its placeholders filled, fit for a terminal; `None`: one has no value. Texts hold
    /// commands, so that each value is one word of a shell.
    pub(crate) fn text(&self, template: &str) -> Option<String> {
        fill(template, |name| {
            let value = self.names.get(name)?;
            // A list has its names quoted one by one.
            if name == "adapters" { Some(value.clone()) } else { Some(quoted(value)) }
        })
    }

    /// The same, with a word in capitals in place of a missing value of these names.
    pub(crate) fn text_with_words(
        &self,
        template: &str,
        replaced: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let word = |name: &str| PLACEHOLDERS.iter().find(|(known, _)| *known == name);
        fill(template, |name| match self.names.get(name) {
            Some(_) => self.text(&format!("{{{name}}}")),
            None => word(name).filter(|_| replaced(name)).map(|(_, word)| (*word).to_owned()),
        })
    }

    /// The machine's name where it is safe to pass to a command.
    pub(crate) fn machine_name(&self) -> Option<String> {
        self.names.get("name").filter(|name| is_safe(name)).cloned()
    }

    /// The arguments with their placeholders filled; `None`: one has no value that is safe to pass.
    pub(crate) fn argv(&self, template: &[String]) -> Option<Vec<String>> {
        let verb = match template {
            [vm, verb, ..] if vm == "vm" => verb.as_str(),
            _ => "",
        };
        let own = FOR_OWN_MACHINES.contains(&verb);
        let value = |name: &str| {
            if own && name == "name" { self.own_name.as_ref() } else { self.names.get(name) }
        };
        let safe = |name: &str| value(name).filter(|value| is_safe(value)).cloned();
        let sudo = self.attaches_as_root && ATTACHING.contains(&verb);
        let sudo = sudo.then(|| "sudo".to_owned()).map(Some);
        sudo.into_iter().chain(template.iter().map(|word| fill(word, safe))).collect()
    }
}

/// The value as one word of a shell, bounded and fit for a terminal.
fn quoted(value: &str) -> String {
    let shown = escaped(bounded(value, LONGEST_VALUE));
    super::command::line(std::slice::from_ref(&shown)).unwrap_or_default()
}

/// The virtual network that is not started.
fn inactive_network(facts: &Facts<'_>) -> Option<String> {
    let Reading::Known(remarks) = &facts.machine.remarks else { return None };
    remarks.iter().find(|remark| remark.code == Remark::NETWORK_INACTIVE)?.about.clone()
}

/// Whether a value can neither be mistaken for an option nor display as something else.
fn is_safe(value: &str) -> bool {
    !value.starts_with('-') && value.len() <= LONGEST_VALUE && escaped(value) == value
}

/// The bridge where a port without one belongs: that of its manager's files, that of shared mode, or
/// the one of the default route.
fn wanted_bridge<'a>(network: &'a HostNetwork, facts: &Facts<'_>) -> Option<&'a Interface> {
    let named = |name: &str| {
        let mut bridges = network.interfaces.iter().filter(|it| it.kind == InterfaceKind::Bridge);
        bridges.find(|bridge| bridge.name == name)
    };
    let of_files = facts.machine.interface.as_deref().and_then(named);
    of_files.or_else(|| match facts.machine.mode {
        Some(NetworkMode::Shared) => named(SHARED_BRIDGE),
        Some(NetworkMode::User) => None,
        Some(NetworkMode::Bridged) | None => bridge_of_default_route(network),
    })
}

/// The bridge of the default route.
fn bridge_of_default_route(network: &HostNetwork) -> Option<&Interface> {
    let defaults = network.routes.iter().filter(|route| route.destination.length == 0);
    let mut interfaces = defaults.filter_map(|route| {
        network.interfaces.iter().find(|interface| interface.name == route.interface)
    });
    interfaces.find(|interface| interface.kind == InterfaceKind::Bridge)
}

/// The wired adapter that is up and in no bridge, first one without an address: the card that a bridge has
/// lost.
fn free_card(network: &HostNetwork) -> Option<&Interface> {
    let wired = network
        .interfaces
        .iter()
        .filter(|each| each.kind == InterfaceKind::Ethernet && each.up && each.bridge.is_none());
    wired.min_by_key(|each| each.addresses.iter().any(|own| own.address.is_ipv4()))
}

/// Another bridge than the machine's, which leads out.
fn uplink_bridge<'a>(
    network: Option<&'a HostNetwork>,
    attachment: &Attachment<'_>,
) -> Option<&'a Interface> {
    let network = network?;
    network.interfaces.iter().find(|each| {
        each.kind == InterfaceKind::Bridge
            && attachment.bridge.is_none_or(|own| own.name != each.name)
            && vmkit_attach::uplink_in(network, &each.name).is_some()
    })
}

/// Wired adapters, or their bridges, that the machine could be bridged to instead.
fn adapters<'a>(
    network: &'a HostNetwork,
    platform: Platform,
    attachment: &Attachment<'_>,
) -> Vec<&'a str> {
    let in_use = |interface: &Interface| {
        let own = [attachment.uplink, attachment.bridge, attachment.port];
        own.into_iter().flatten().any(|own| own.name == interface.name)
    };
    let wired = vmkit_attach::adapters(network, platform).into_iter().filter(|adapter| {
        // Of a computer whose system was not recorded, all adapters are named.
        let is_adapter = adapter.interface.kind == InterfaceKind::Ethernet;
        let usable = adapter.is_bridgeable() || platform == Platform::Unknown && is_adapter;
        let interfaces = [Some(adapter.interface), adapter.uplink];
        usable
            && !adapter.is_wifi()
            && adapter.has_carrier()
            && adapter.leads_out()
            && !interfaces.into_iter().flatten().any(in_use)
    });
    wired.map(|adapter| adapter.interface.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wired_adapters_by_what_a_machine_can_be_bridged_to() {
        let interface = |name: &str, kind, bridge: Option<&str>| Interface {
            name: name.to_owned(),
            mac: None,
            addresses: Vec::new(),
            kind,
            up: name != "idle0",
            bridge: bridge.map(str::to_owned),
        };
        let network = HostNetwork {
            interfaces: vec![
                interface("air0", InterfaceKind::Wifi, Some("br0")),
                interface("br0", InterfaceKind::Bridge, None),
                interface("eth0", InterfaceKind::Ethernet, Some("br1")),
                interface("br1", InterfaceKind::Bridge, None),
                interface("eth1", InterfaceKind::Ethernet, None),
                interface("idle0", InterfaceKind::Ethernet, None),
                interface("virbr0", InterfaceKind::Bridge, None),
            ],
            routes: Vec::new(),
        };
        let [air, bridge] = [&network.interfaces[0], &network.interfaces[1]].map(Some);
        let attachment = Attachment { uplink: air, bridge, bridged: true, ..Attachment::default() };
        let rows = [
            (Platform::Linux, vec!["br1", "eth1"]),
            (Platform::MacOs, vec!["eth0", "eth1"]),
            (Platform::Unknown, vec!["eth0", "eth1"]),
        ];
        for (platform, expected) in rows {
            assert_eq!(adapters(&network, platform, &attachment), expected, "{platform:?}");
        }
    }

    #[test]
    fn a_value_in_a_text_is_one_word_of_a_shell() {
        for value in ["default", "a b; reboot", "$(reboot)", "`reboot`", "it's", "a\"b", "#x"] {
            let values = Values::named(&[("network", value)]);
            let text = values.text("virsh net-autostart {network}").unwrap();
            assert_eq!(shlex::split(&text).unwrap(), ["virsh", "net-autostart", value], "{text}");
        }
    }

    #[test]
    fn a_command_for_own_machines_names_no_other_and_attaches_as_root() {
        let names = || BTreeMap::from([("name", "vm-toolkit/web".to_owned())]);
        let own = |attaches_as_root| Values {
            names: names(),
            own_name: Some("web".to_owned()),
            attaches_as_root,
        };
        let other = Values { names: names(), own_name: None, attaches_as_root: true };
        let rows = [
            (own(true), "vm restart {name} --net shared", Some("sudo vm restart web --net shared")),
            (own(false), "vm start {name}", Some("vm start web")),
            (own(true), "vm resume {name}", Some("vm resume web")),
            (own(true), "vm doctor {name}", Some("vm doctor vm-toolkit/web")),
            (other.clone(), "vm restart {name}", None),
            (other.clone(), "vm console {name}", None),
            (
                other,
                "sudo vm hosts-sync --apply {name}",
                Some("sudo vm hosts-sync --apply vm-toolkit/web"),
            ),
        ];
        for (values, template, expected) in rows {
            let template: Vec<String> = template.split(' ').map(str::to_owned).collect();
            let words = values.argv(&template).map(|words| words.join(" "));
            assert_eq!(words.as_deref(), expected, "{template:?}");
        }
    }
}
