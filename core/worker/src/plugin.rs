//! One loaded plugin.

use std::path::Path;

use vmkit_abi::{
    Attribute, Error, ErrorCode, HostApi_TO, LoadError, SignalBox, VirtualMachine, extension,
    load_file,
    stable::{RRef, RSlice, RStr, RString, TD_Opaque},
};
use vmkit_wire::{FailureCode, WireSubject};

use crate::call::Call;

/// A signal, made from its configuration.
pub(crate) struct Plugin {
    signal: SignalBox,
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
        let make = loaded.module.signal().into_option().ok_or_else(|| {
            (FailureCode::Other, "its manifest names a signal, the library has none".to_owned())
        })?;
        let signal = (make.0)(RStr::from_str(configuration)).into_result().map_err(failure)?;
        Ok(Self { signal, older_than_host: loaded.older_than_host })
    }

    /// Asks the signal about these machines.
    pub(crate) fn observe(
        &self,
        vms: &[WireSubject],
        call: &Call,
    ) -> Result<(), (FailureCode, String)> {
        let vms: Vec<VirtualMachine> = vms.iter().map(machine).collect();
        let host = HostApi_TO::from_ptr(RRef::new(call), TD_Opaque);
        self.signal.observe(RSlice::from_slice(&vms), host).into_result().map_err(failure)
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
    let link =
        |link: &String| Attribute { key: extension::LINK.into(), value: link.as_str().into() };
    VirtualMachine {
        name: subject.name.as_str().into(),
        macs: subject.macs.iter().map(|mac| mac.as_str().into()).collect(),
        hostname: subject.hostname.as_deref().map(Into::into).into(),
        has_console: subject.has_console,
        candidates: subject.candidates.iter().map(|address| address.as_str().into()).collect(),
        ext: guest_agent.into_iter().chain(subject.links.iter().map(link)).collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn manifest_and_interface_count_the_same_epochs() {
        assert_eq!(vmkit_abi::EPOCH, vmkit_wire::EPOCH);
    }
}
