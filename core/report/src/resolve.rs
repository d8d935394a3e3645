//! The view model of `vm resolve`: one machine's address, or why there is none.

use std::{
    io::{self, Write},
    time::{Duration, SystemTime},
};

use vmkit_model::{Machine, PluginOutcome};
use vmkit_scoring::Pick;

use crate::{Vm, json, text};

/// The answer of `vm resolve`.
#[derive(Clone, Debug)]
pub struct Resolution<'a> {
    /// The machine.
    pub vm: Vm<'a>,
    /// The plugins, in the order they were given.
    pub plugins: &'a [PluginOutcome],
    /// When the answer was ready.
    pub generated_at: SystemTime,
    /// How long it took.
    pub elapsed: Duration,
}

impl<'a> Resolution<'a> {
    /// The answer for this machine with its pick.
    pub fn new(
        machine: &'a Machine,
        pick: &'a Pick,
        plugins: &'a [PluginOutcome],
        generated_at: SystemTime,
        elapsed: Duration,
    ) -> Self {
        Self { vm: Vm::new(machine, pick, generated_at), plugins, generated_at, elapsed }
    }

    /// Writes the address and a line break, or nothing, so that a script may use it unquoted.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_address(&self, out: &mut impl Write) -> io::Result<()> {
        match self.vm.pick.address {
            Some(address) => writeln!(out, "{address}"),
            None => Ok(()),
        }
    }

    /// Writes the document `vmkit.resolve/1`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        json::write(out, &json::ResolveDocument::new(self))
    }

    /// One line on why there is no address, or how sure it is, with the next command; `None`: the
    /// address is resolved. `snapshot` is the directory of the snapshot, if it is about one.
    pub fn remark(&self, snapshot: Option<&str>) -> Option<String> {
        text::remark(self, snapshot)
    }
}
