//! One loaded plugin.

use std::path::Path;

use vmkit_abi::{
    Advice, AdviceBox, AdviceKind, Attribute, Error, ErrorCode, Fact, HostApi_TO, LoadError,
    SignalBox, VirtualMachine, extension, load_file,
    stable::{RRef, RSlice, RStr, RString, RVec, TD_Opaque},
};
use vmkit_wire::{FailureCode, WireAdvice, WireFact, WireSubject};

use crate::call::{Call, bounded};

/// Most items of one call's advice that are passed on.
const MOST_ADVICE: usize = 256;
/// Most reasons or steps of one advice that are passed on.
const MOST_LINES: usize = 64;

/// A plugin, made from its configuration, with each kind that it offers.
pub(crate) struct Plugin {
    signal: Option<SignalBox>,
    advice: Option<AdviceBox>,
    /// Whether it was built against an older version of the interface.
    pub(crate) older_than_host: bool,
}

impl Plugin {
    /// Loads the library and makes its signal.
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
        let (signal, advice) = (signal.map_err(failure)?, advice.map_err(failure)?);
        Ok(Self { signal, advice, older_than_host: loaded.older_than_host })
    }

    /// Asks the signal about these machines.
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

    /// Asks the advice source what follows from these facts.
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
        Ok(advice.map_err(failure)?.into_iter().take(MOST_ADVICE).map(advice_out).collect())
    }
}

fn lacks(what: &str) -> (FailureCode, String) {
    (FailureCode::Other, format!("its manifest names {what}, the library has none"))
}

fn advice_out(advice: Advice) -> WireAdvice {
    let kind = match advice.kind {
        AdviceKind::ROUTER => "router",
        AdviceKind::REMEDY => "remedy",
        AdviceKind::WITNESS => "witness",
        _ => "unknown",
    };
    let lines = |lines: RVec<RString>| {
        lines.iter().take(MOST_LINES).map(|line| bounded(line.as_str())).collect()
    };
    WireAdvice {
        kind: kind.to_owned(),
        id: bounded(advice.id.as_str()),
        title: bounded(advice.title.as_str()),
        confidence_permille: advice.confidence_permille,
        because: lines(advice.because),
        steps: lines(advice.steps),
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
    let link = |link: &String| attribute(extension::LINK, link);
    let known_host_key = |key: &String| attribute(extension::KNOWN_HOST_KEY, key);
    let links = subject.links.iter().map(link);
    let known_host_keys = subject.known_host_keys.iter().map(known_host_key);
    VirtualMachine {
        name: subject.name.as_str().into(),
        macs: subject.macs.iter().map(|mac| mac.as_str().into()).collect(),
        hostname: subject.hostname.as_deref().map(Into::into).into(),
        has_console: subject.has_console,
        candidates: subject.candidates.iter().map(|address| address.as_str().into()).collect(),
        ext: guest_agent.into_iter().chain(links).chain(known_host_keys).collect(),
    }
}

fn attribute(key: &str, value: &str) -> Attribute {
    Attribute { key: key.into(), value: value.into() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn manifest_and_interface_count_the_same_epochs() {
        assert_eq!(vmkit_abi::EPOCH, vmkit_wire::EPOCH);
    }
}
