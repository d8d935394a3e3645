//! Conversions between the data of the interface and plain types, as a host makes them.

use std::time::Duration;

use vmkit_abi::{
    self as abi,
    stable::{ROption, RString},
};
use vmkit_plugin::{Kind, KnownKey, ListedMachine, Observation, Subject};

/// # Panics
/// If the plugin reports an invalid address or MAC.
pub(crate) fn observation_in(seen: &abi::Observation) -> Observation {
    let mut observation =
        Observation::new(seen.vm as usize, Kind::from_code(&seen.kind), seen.says.to_string());
    if let ROption::RSome(address) = &seen.address {
        observation.address =
            Some(address.parse().unwrap_or_else(|_| panic!("{address:?} is not an address")));
    }
    if let ROption::RSome(mac) = &seen.mac {
        observation.mac = Some(mac.parse().unwrap_or_else(|_| panic!("{mac:?} is not a MAC")));
    }
    observation.age = seen.age_ms.map(Duration::from_millis).into_option();
    observation.attributes = seen
        .ext
        .iter()
        .map(|attribute| (attribute.key.to_string(), attribute.value.to_string()))
        .collect();
    observation
}

/// A machine of an inventory, as the interface carries it.
pub(crate) fn machine_in(machine: abi::Machine) -> ListedMachine {
    let attributes = machine.ext.into_iter();
    let attributes: Vec<_> =
        attributes.map(|pair| (pair.key.into_string(), pair.value.into_string())).collect();
    ListedMachine::from_attributes(machine.id, machine.name, &attributes)
}

pub(crate) fn subject_out(subject: &Subject) -> abi::VirtualMachine {
    let guest_agent =
        abi::Attribute { key: abi::extension::GUEST_AGENT.into(), value: RString::new() };
    let cards = subject.cards.iter().map(|card| attribute(abi::extension::CARD, card));
    let known_host_key = |known: &KnownKey| attribute(abi::extension::KNOWN_HOST_KEY, known);
    let known_host_keys = subject.known_host_keys.iter().map(known_host_key);
    let guest_agent = subject.has_guest_agent.then_some(guest_agent);
    abi::VirtualMachine {
        name: subject.name.as_str().into(),
        macs: subject.macs.iter().map(|mac| mac.to_string().into()).collect(),
        hostname: subject.hostname.as_deref().map(Into::into).into(),
        has_console: subject.has_console,
        candidates: subject.candidates.iter().map(|at| at.to_string().into()).collect(),
        ext: guest_agent.into_iter().chain(cards).chain(known_host_keys).collect(),
    }
}

pub(crate) fn attribute(key: &str, value: &impl ToString) -> abi::Attribute {
    abi::Attribute { key: key.into(), value: value.to_string().into() }
}
