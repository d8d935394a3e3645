//! Asking the person at the terminal.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _},
};

use vmkit_types::escaped;

use crate::{arguments, output};

/// What may be done. Each question is asked once.
pub(crate) struct Consent {
    yes: bool,
    asks: bool,
    tests: BTreeMap<String, bool>,
    provocations: BTreeMap<String, bool>,
}

impl Consent {
    pub(crate) fn new(wanted: &arguments::Doctor) -> Self {
        Self { yes: wanted.yes, asks: true, tests: BTreeMap::new(), provocations: BTreeMap::new() }
    }

    /// Whether DISCOVERs may be sent on this interface.
    pub(crate) fn allows_test(&mut self, interface: &str) -> bool {
        let shown = escaped(interface);
        let question = format!(
            "Ask the DHCP servers on {shown} for offers? This sends up to 13 DISCOVERs and takes no \
             lease; a server may hold an address for a moment."
        );
        let (yes, asks) = (self.yes, self.asks);
        let answer = || yes || asks && ask(&question);
        *self.tests.entry(interface.to_owned()).or_insert_with(answer)
    }

    /// Whether the virtual link of this machine may be unplugged for a moment.
    pub(crate) fn allows_provoking(&mut self, machine: &str) -> bool {
        let question = format!(
            "Unplug the virtual link of {} for 7 s? Its connections are interrupted; its guest then \
             asks for an address at once.",
            escaped(machine)
        );
        let (yes, asks) = (self.yes, self.asks);
        let answer = || yes || asks && ask(&question);
        *self.provocations.entry(machine.to_owned()).or_insert_with(answer)
    }

    /// From now on what was not allowed is not.
    pub(crate) fn ask_no_more(&mut self) {
        self.asks = false;
    }
}

/// Whether there is somebody to be asked.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that is answered by yes or no. Nobody there, or any other answer, is a no.
pub(crate) fn ask(question: &str) -> bool {
    if !somebody_is_there() {
        return false;
    }
    output::note(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
