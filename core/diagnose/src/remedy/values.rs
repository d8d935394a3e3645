//! The names of this machine and computer that fill placeholders.

use std::collections::BTreeMap;

use vmkit_types::{HostNetwork, Interface, InterfaceKind, bounded, escaped};

use crate::{
    Attachment, Facts,
    catalogue::{PLACEHOLDERS, fill},
};

/// Bytes of one value; names of interfaces have 15 at most, those of machines 64.
const LONGEST_VALUE: usize = 80;

/// Values of the placeholders. A text whose placeholder has no value is unusable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<&'static str, String>);

impl Values {
    /// The names of this machine and computer.
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let attachment = Attachment::of(facts);
        let network = facts.network.as_ref().known().copied();
        let adapters = network.map(|network| adapters(network, &attachment)).unwrap_or_default();
        let known_router = facts.router.as_ref().known().and_then(|router| router.address);
        let router = known_router.or_else(|| network.and_then(|network| network.gateways().next()));
        let mac = facts.machine.macs.first();
        let default = network.and_then(bridge_of_default_route);
        let values = [
            ("name", Some(facts.machine.name.clone())),
            ("port", facts.machine.port.clone()),
            ("bridge", attachment.bridge.or(default).map(|bridge| bridge.name.clone())),
            ("uplink", attachment.uplink.map(|uplink| uplink.name.clone())),
            ("adapter", adapters.first().map(|name| (*name).to_owned())),
            ("adapters", Some(adapters.join(", "))),
            ("mac", mac.map(ToString::to_string)),
            ("router", router.map(|address| address.to_string())),
            ("address", facts.pick.address.map(|address| address.to_string())),
        ];
        let values = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self(values.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Words in capitals, for a page that is not about one machine.
    pub(crate) fn generic() -> Self {
        Self(PLACEHOLDERS.iter().map(|(name, shown)| (*name, (*shown).to_owned())).collect())
    }

    /// The text with its placeholders filled, fit for a terminal; `None`: one has no value.
    pub(crate) fn text(&self, template: &str) -> Option<String> {
        fill(template, |name| Some(escaped(bounded(self.0.get(name)?, LONGEST_VALUE))))
    }

    /// The machine's name where it is safe to pass to a command.
    pub(crate) fn machine_name(&self) -> Option<String> {
        self.0.get("name").filter(|name| is_safe(name)).cloned()
    }

    /// The arguments with their placeholders filled; `None`: one has no value that is safe to pass.
    pub(crate) fn argv(&self, template: &[String]) -> Option<Vec<String>> {
        let safe = |name: &str| self.0.get(name).filter(|value| is_safe(value)).cloned();
        template.iter().map(|word| fill(word, safe)).collect()
    }
}

/// Whether a value can neither be mistaken for an option nor display as something else.
fn is_safe(value: &str) -> bool {
    !value.starts_with('-') && value.len() <= LONGEST_VALUE && escaped(value) == value
}

/// The bridge of the default route, where a port without a bridge belongs.
fn bridge_of_default_route(network: &HostNetwork) -> Option<&Interface> {
    let defaults = network.routes.iter().filter(|route| route.destination.length == 0);
    let mut interfaces = defaults.filter_map(|route| {
        network.interfaces.iter().find(|interface| interface.name == route.interface)
    });
    interfaces.find(|interface| interface.kind == InterfaceKind::Bridge)
}

/// Wired adapters that the machine could be bridged to instead.
fn adapters<'a>(network: &'a HostNetwork, attachment: &Attachment<'_>) -> Vec<&'a str> {
    let in_use = |name: &str| {
        [attachment.uplink, attachment.port]
            .into_iter()
            .flatten()
            .any(|interface| interface.name == name)
    };
    let own_bridge = attachment.bridge.map(|bridge| bridge.name.as_str());
    let wired = network.interfaces.iter().filter(|each| {
        let elsewhere = each.bridge.is_none() || each.bridge.as_deref() != own_bridge;
        each.kind == InterfaceKind::Ethernet && each.up && !in_use(&each.name) && elsewhere
    });
    wired.map(|interface| interface.name.as_str()).collect()
}
