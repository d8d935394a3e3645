//! One loaded plugin.

use std::path::Path;

use vmkit_abi::{
    Advice, AdviceBox, AdviceKind, Attribute, Error, ErrorCode, Fact, HostApi_TO, InventoryBox,
    LoadError, SignalBox, VirtualMachine, extension, load_file,
    stable::{RRef, RSlice, RStr, RString, RVec, TD_Opaque},
};
use vmkit_wire::{
    FailureCode, PluginKind, WireAdvice, WireAdviceKind, WireFact, WireMachine, WireStep,
    WireSubject, WireWord,
};

use crate::{
    call::{Call, bounded},
    machine::machines_out,
};

/// Most items of one call's advice that are passed on.
const MOST_ADVICE: usize = 256;
/// Most reasons or steps of one advice that are passed on.
const MOST_LINES: usize = 64;
/// Most words of one command that are passed on.
const MOST_WORDS: usize = 32;

/// A plugin, made from its configuration, with the kinds that it offers.
pub(crate) struct Plugin {
    signal: Option<SignalBox>,
    advice: Option<AdviceBox>,
    inventory: Option<InventoryBox>,
    /// Whether it was built against an older version of the interface.
    pub(crate) older_than_host: bool,
}

impl Plugin {
    /// Loads the library and makes the kinds that it offers.
    pub(crate) fn load(path: &Path, configuration: &str) -> Result<Self, (FailureCode, String)> {
        let loaded = load_file(path).map_err(|error| match error {
            LoadError::Layout(_) => (FailureCode::Incompatible, error.to_string()),
            LoadError::Open(_) => (FailureCode::Other, error.to_string()),
        })?;
        let configuration = RStr::from_str(configuration);
        let signal = loaded.module.signal().into_option();
        let signal = signal.map(|make| (make.0)(configuration).into_result()).transpose();
        let advice = loaded.module.advice().into_option();
        let advice = advice.map(|make| (make.0)(configuration).into_result()).transpose();
        let inventory = loaded.module.inventory().into_option();
        let inventory = inventory.map(|make| (make.0)(configuration).into_result()).transpose();
        Ok(Self {
            signal: signal.map_err(failure)?,
            advice: advice.map_err(failure)?,
            inventory: inventory.map_err(failure)?,
            older_than_host: loaded.older_than_host,
        })
    }

    /// The kinds that it offers.
    pub(crate) fn offers(&self) -> Vec<String> {
        let kinds = [
            (self.signal.is_some(), PluginKind::Signal),
            (self.advice.is_some(), PluginKind::Advice),
            (self.inventory.is_some(), PluginKind::Inventory),
        ];
        let offered = kinds.into_iter().filter(|(is_offered, _)| *is_offered);
        offered.map(|(_, kind)| kind.code().to_owned()).collect()
    }

    /// Calls the signal for these machines.
    pub(crate) fn observe(
        &self,
        vms: &[WireSubject],
        call: &Call,
    ) -> Result<(), (FailureCode, String)> {
        let signal = self.signal.as_ref().ok_or_else(|| lacks("a signal"))?;
        let vms: Vec<VirtualMachine> = vms.iter().map(machine).collect();
        let host = HostApi_TO::from_ptr(RRef::new(call), TD_Opaque);
        signal.observe(RSlice::from_slice(&vms), host).into_result().map_err(failure)
    }

    /// Calls the advice plugin with these facts.
    pub(crate) fn advise(
        &self,
        facts: &[WireFact],
        call: &Call,
    ) -> Result<Vec<WireAdvice>, (FailureCode, String)> {
        let source = self.advice.as_ref().ok_or_else(|| lacks("an advice source"))?;
        let fact = |fact: &WireFact| Fact {
            key: fact.key.as_str().into(),
            value: fact.value.as_str().into(),
            ext: RVec::new(),
        };
        let facts: Vec<Fact> = facts.iter().map(fact).collect();
        let host = HostApi_TO::from_ptr(RRef::new(call), TD_Opaque);
        let advice = source.advise(RSlice::from_slice(&facts), host).into_result();
        Ok(advice.map_err(failure)?.iter().take(MOST_ADVICE).map(advice_out).collect())
    }

    /// Calls the inventory.
    pub(crate) fn list(&self, call: &Call) -> Result<Vec<WireMachine>, (FailureCode, String)> {
        let inventory = self.inventory.as_ref().ok_or_else(|| lacks("an inventory"))?;
        let host = HostApi_TO::from_ptr(RRef::new(call), TD_Opaque);
        let machines = inventory.list(host).into_result();
        Ok(machines_out(&machines.map_err(failure)?))
    }
}

fn lacks(what: &str) -> (FailureCode, String) {
    (FailureCode::Other, format!("the manifest declares {what}, but the library has none"))
}

fn advice_out(advice: &Advice) -> WireAdvice {
    let value = |key: &str| {
        let mut found = advice.ext.iter().filter(|attribute| attribute.key == key);
        found.next().map(|attribute| bounded(attribute.value.as_str()))
    };
    let witness = || {
        let (mac, seen) = (value(extension::WITNESS_MAC)?, value(extension::WITNESS_SEEN)?);
        Some(WireAdviceKind::Witness { mac, seen })
    };
    let kind = match advice.kind {
        AdviceKind::ROUTER => WireAdviceKind::Router,
        AdviceKind::REMEDY => WireAdviceKind::Remedy,
        AdviceKind::WITNESS => witness().unwrap_or(WireAdviceKind::Unknown),
        _ => WireAdviceKind::Unknown,
    };
    let texts = advice.steps.iter().take(MOST_LINES).map(|text| bounded(text.as_str()));
    let mut steps: Vec<_> = texts.map(|text| WireStep { text, command: Vec::new() }).collect();
    for (index, word) in advice.ext.iter().filter_map(command_word) {
        if let Some(step) = steps.get_mut(index)
            && step.command.len() < MOST_WORDS
        {
            step.command.push(word);
        }
    }
    WireAdvice {
        kind,
        id: bounded(advice.id.as_str()),
        title: bounded(advice.title.as_str()),
        confidence_permille: advice.confidence_permille,
        because: advice.because.iter().take(MOST_LINES).map(|line| bounded(line)).collect(),
        steps,
    }
}

/// The index of a step and one word of its command; `None`: the attribute is something else.
fn command_word(attribute: &Attribute) -> Option<(usize, WireWord)> {
    let value = attribute.value.as_str();
    match attribute.key.as_str() {
        extension::STEP_WORD => {
            let (index, word) = value.split_once(' ')?;
            Some((index.parse().ok()?, WireWord::Literal(bounded(word))))
        }
        extension::STEP_MACHINE_NAME => Some((value.parse().ok()?, WireWord::MachineName)),
        _ => None,
    }
}

fn failure(error: Error) -> (FailureCode, String) {
    let code = match error.code {
        ErrorCode::CONFIGURATION => FailureCode::Configuration,
        ErrorCode::DENIED => FailureCode::Denied,
        ErrorCode::TIMED_OUT | ErrorCode::CANCELLED => FailureCode::TimedOut,
        ErrorCode::PANIC => FailureCode::Panic,
        _ => FailureCode::Other,
    };
    (code, error.message.into_string())
}

fn machine(subject: &WireSubject) -> VirtualMachine {
    let guest_agent = Attribute { key: extension::GUEST_AGENT.into(), value: RString::new() };
    let guest_agent = subject.has_guest_agent.then_some(guest_agent);
    let cards = subject.cards.iter().map(|card| attribute(extension::CARD, card));
    let known_host_key = |key: &String| attribute(extension::KNOWN_HOST_KEY, key);
    let known_host_keys = subject.known_host_keys.iter().map(known_host_key);
    VirtualMachine {
        name: subject.name.as_str().into(),
        macs: subject.macs.iter().map(|mac| mac.as_str().into()).collect(),
        hostname: subject.hostname.as_deref().map(Into::into).into(),
        has_console: subject.has_console,
        candidates: subject.candidates.iter().map(|address| address.as_str().into()).collect(),
        ext: guest_agent.into_iter().chain(cards).chain(known_host_keys).collect(),
    }
}

fn attribute(key: &str, value: &str) -> Attribute {
    Attribute { key: key.into(), value: value.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Attributes<'a> = [(&'a str, &'a str)];

    fn advice(kind: AdviceKind, ext: &Attributes<'_>) -> WireAdvice {
        advice_out(&Advice {
            kind,
            id: "hub".into(),
            title: "Hub".into(),
            confidence_permille: 900,
            because: RVec::new(),
            steps: vec![RString::from("Test it."), "Restart it.".into()].into(),
            ext: ext.iter().map(|(key, value)| attribute(key, value)).collect(),
        })
    }

    #[test]
    fn manifest_and_interface_count_the_same_epochs() {
        assert_eq!(vmkit_abi::EPOCH, vmkit_wire::EPOCH);
    }

    #[test]
    fn a_witness_needs_its_mac_and_what_was_seen() {
        let (mac, seen) = (extension::WITNESS_MAC, extension::WITNESS_SEEN);
        let whole = advice(AdviceKind::WITNESS, &[(mac, "52:54:00:00:00:01"), (seen, "listed")]);
        assert!(matches!(whole.kind, WireAdviceKind::Witness { seen, .. } if seen == "listed"));
        for ext in [&[][..], &[(mac, "52:54:00:00:00:01")], &[(seen, "listed")]] {
            let part = advice(AdviceKind::WITNESS, ext);
            assert!(matches!(part.kind, WireAdviceKind::Unknown), "{ext:?}");
        }
    }

    #[test]
    fn words_go_to_the_command_of_their_step() {
        let (word, name) = (extension::STEP_WORD, extension::STEP_MACHINE_NAME);
        let long = vec![(word, "1 x"); 2 * MOST_WORDS];
        let rows: [(&Attributes<'_>, [usize; 2]); 5] = [
            (&[], [0, 0]),
            (&[(word, "0 vm"), (word, "0 doctor"), (name, "0")], [3, 0]),
            (&[(word, "1 vm"), (word, "0 a b")], [1, 1]),
            (&[(word, "2 vm"), (word, "vm"), (word, "-1 vm"), (name, ""), (name, "9")], [0, 0]),
            (&long, [0, MOST_WORDS]),
        ];
        for (ext, expected) in &rows {
            let steps = advice(AdviceKind::REMEDY, ext).steps;
            let counts: Vec<usize> = steps.iter().map(|step| step.command.len()).collect();
            assert_eq!(counts, *expected, "{ext:?}");
        }
    }
}
