//! Conversions between the plain types of authors and the data that crosses the boundary.

use std::{str::FromStr, time::Duration};

use vmkit_abi as abi;
use vmkit_types::{
    Advice, AdviceKind, Fact, ListedMachine, MachineState, Observation, Reading, Step, Subject,
    Witness, Word,
};

pub(crate) fn attributes_out(attributes: Vec<(String, String)>) -> Vec<abi::Attribute> {
    attributes
        .into_iter()
        .map(|(key, value)| abi::Attribute { key: key.into(), value: value.into() })
        .collect()
}

/// An observation on its way to the host.
pub(crate) fn observation_out(observation: Observation) -> abi::Observation {
    let Observation { vm, kind, address, mac, age, says, attributes } = observation;
    abi::Observation {
        // The host refuses an index out of range, and one that does not fit is out of range.
        vm: u32::try_from(vm).unwrap_or(u32::MAX),
        kind: kind.code().into(),
        address: address.map(|address| address.to_string().into()).into(),
        mac: mac.map(|mac| mac.to_string().into()).into(),
        age_ms: age.map(milliseconds).into(),
        says: says.into(),
        ext: attributes_out(attributes).into(),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A machine of the batch on its way to the plugin. Values that cannot be parsed are skipped: the host
/// has validated them, so they can only come from a newer host.
pub(crate) fn subject_in(vm: &abi::VirtualMachine) -> Subject {
    Subject {
        name: vm.name.to_string(),
        macs: vm.macs.iter().filter_map(|mac| mac.parse().ok()).collect(),
        hostname: vm.hostname.as_ref().map(ToString::to_string).into_option(),
        has_console: vm.has_console,
        has_guest_agent: vm
            .ext
            .iter()
            .any(|attribute| attribute.key == abi::extension::GUEST_AGENT),
        candidates: vm.candidates.iter().filter_map(|address| address.parse().ok()).collect(),
        cards: parsed(vm, abi::extension::CARD),
        known_host_keys: parsed(vm, abi::extension::KNOWN_HOST_KEY),
    }
}

/// All attributes of this name that can be parsed.
fn parsed<T: FromStr>(vm: &abi::VirtualMachine, key: &str) -> Vec<T> {
    let values = vm.ext.iter().filter(|attribute| attribute.key == key);
    values.filter_map(|attribute| attribute.value.parse().ok()).collect()
}

pub(crate) fn fact_in(fact: &abi::Fact) -> Fact {
    Fact { key: fact.key.to_string(), value: fact.value.to_string() }
}

/// A machine on its way to the host: in `ext`, and in the fields that the frozen struct has.
pub(crate) fn machine_out(machine: ListedMachine) -> abi::Machine {
    let attributes = machine.attributes();
    let cards = machine.cards.known().unwrap_or_default();
    abi::Machine {
        id: machine.id.into(),
        name: machine.name.into(),
        state: match machine.state {
            Reading::Known(MachineState::Stopped) => abi::MachineState::STOPPED,
            Reading::Known(MachineState::Running) => abi::MachineState::RUNNING,
            Reading::Known(MachineState::Paused) => abi::MachineState::PAUSED,
            Reading::Known(MachineState::Missing) => abi::MachineState::MISSING,
            Reading::Absent | Reading::Unknown(_) => abi::MachineState::UNKNOWN,
        },
        pid: machine.pid.known().into(),
        macs: cards.iter().filter_map(|card| Some(card.mac?.to_string().into())).collect(),
        hostname: machine.hostname.known().map(Into::into).into(),
        console_log: machine.console.known().map(Into::into).into(),
        ext: attributes_out(attributes).into(),
    }
}

/// An advice on its way to the host. What the frozen struct has no field for is in `ext`.
pub(crate) fn advice_out(advice: Advice) -> abi::Advice {
    let commands = advice.steps.iter().enumerate().flat_map(|(step, Step { command, .. })| {
        command.iter().map(move |word| match word {
            Word::Literal(word) => attribute(abi::extension::STEP_WORD, format!("{step} {word}")),
            Word::MachineName => attribute(abi::extension::STEP_MACHINE_NAME, step.to_string()),
        })
    });
    let witness = match advice.kind {
        AdviceKind::Router | AdviceKind::Remedy => None,
        AdviceKind::Witness(Witness { mac, seen }) => Some([
            attribute(abi::extension::WITNESS_MAC, mac.to_string()),
            attribute(abi::extension::WITNESS_SEEN, seen.code().to_owned()),
        ]),
    };
    abi::Advice {
        kind: match advice.kind {
            AdviceKind::Router => abi::AdviceKind::ROUTER,
            AdviceKind::Remedy => abi::AdviceKind::REMEDY,
            AdviceKind::Witness(_) => abi::AdviceKind::WITNESS,
        },
        ext: commands.chain(witness.into_iter().flatten()).collect(),
        id: advice.id.into(),
        title: advice.title.into(),
        confidence_permille: permille(advice.confidence),
        because: advice.because.into_iter().map(Into::into).collect(),
        steps: advice.steps.into_iter().map(|step| step.text.into()).collect(),
    }
}

fn attribute(key: &str, value: String) -> abi::Attribute {
    abi::Attribute { key: key.into(), value: value.into() }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1000 before the cast"
)]
fn permille(confidence: f64) -> u16 {
    (confidence * 1000.0).clamp(0.0, 1000.0) as u16
}
