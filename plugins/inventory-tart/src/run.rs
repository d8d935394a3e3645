//! `tart run` on the command line of a process.

use vmkit_plugin::{NetworkMode, ProcessAnswer};

/// Options of `tart run` that take the next argument (Tart's `Run.swift`). What follows one of them is
/// not the name of a machine.
const WITH_VALUE: [&str; 10] = [
    "--serial-path",
    "--disk",
    "--rosetta",
    "--dir",
    BRIDGED,
    "--net-softnet-allow",
    "--net-softnet-block",
    "--net-softnet-expose",
    "--root-disk-opts",
    "--capture-system-keys-mode",
];
/// Bridges a card to an interface.
const BRIDGED: &str = "--net-bridged";

/// A machine that is run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) mode: NetworkMode,
    /// The interfaces that its cards are bridged to.
    pub(crate) interfaces: Vec<String>,
}

impl Run {
    /// The run of this machine by a process, if it is one.
    pub(crate) fn of(process: &ProcessAnswer, name: &str) -> Option<Self> {
        let mut arguments = process.arguments.iter().skip(1).map(String::as_str);
        if arguments.next() != Some("run") {
            return None;
        }
        let mut is_named = false;
        let mut interfaces = Vec::new();
        while let Some(argument) = arguments.next() {
            let (option, value) = match argument.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ if WITH_VALUE.contains(&argument) => (argument, arguments.next()),
                _ => (argument, None),
            };
            is_named |= argument == name;
            interfaces.extend(value.filter(|_| option == BRIDGED).map(str::to_owned));
        }
        // Softnet and host-only networks are of this computer, as the default one is.
        let is_shared = interfaces.is_empty();
        let mode = if is_shared { NetworkMode::Shared } else { NetworkMode::Bridged };
        is_named.then_some(Self { mode, interfaces })
    }
}
